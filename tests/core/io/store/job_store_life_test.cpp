#include "tests/support/job_store_fixture.hpp"

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

BOOST_AUTO_TEST_SUITE(job_store_life)

BOOST_AUTO_TEST_CASE_TEMPLATE(each_life_is_counted_and_knows_what_was_done, T, both) {
  world<T> w;
  const auto job = w.submit(4).job;
  BOOST_TEST(w.safe(w.store->take_up(job)).lives == 1u);
  w.write(job, {result_at(0), result_at(2, state::failed)});
  const auto row = w.safe(w.store->take_up(job));
  BOOST_TEST(row.lives == 2u);
  BOOST_TEST(row.ordered == 1u);
  BOOST_TEST(row.totals.completed == 1u);
  BOOST_TEST(row.totals.failed == 1u);
  BOOST_TEST(row.totals.attempts == 1 + 3u);
  BOOST_TEST(row.totals.cost_nanodollars == 2'000'000u);
  BOOST_TEST((must(w.store->recorded(job)) == std::vector<uint64_t>{2}));
  BOOST_TEST((refused(w.store->take_up(99)) == errc::not_found));
  w.end(job);
  BOOST_TEST((refused(w.store->take_up(job)) == errc::invalid_input));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_job_that_only_stopped_goes_on, T, both) {
  world<T> w;
  const auto job = w.submit(2).job;
  must(w.store->finish(job, false, 5, "how far", now));
  must(w.store->commit());
  const auto marks = must(w.reader->marks(job));
  BOOST_TEST((marks.phase == job_phase::open));
  BOOST_TEST(marks.state == 5u);
  BOOST_TEST((must(w.store->unfinished()) == std::vector<uint64_t>{job}));
  BOOST_TEST(w.counts().jobs == 1u);
  BOOST_TEST(w.safe(w.store->take_up(job)).state == 0u);
  BOOST_TEST(must(w.reader->row(job)).progress == "how far");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(retrying_forgets_what_did_not_complete, T, both) {
  world<T> w;
  const auto job = w.submit(5).job;
  w.write(
    job, {result_at(0), result_at(1, state::failed), result_at(2), result_at(3, state::cancelled)});
  BOOST_TEST((refused(w.store->retry(job, now)) == errc::invalid_input)); // It runs.
  w.end(job); // Aborted: 4 has no outcome.
  BOOST_TEST((w.counts() == tenant_row{"t", core::priority::normal, 0, 0, 2, 1, 1, 0}));
  BOOST_TEST(w.safe(w.store->retry(job, now)) == 3u);
  BOOST_TEST((w.counts() == tenant_row{"t", core::priority::normal, 1, 3, 2, 0, 0, 0}));
  const auto row = w.safe(w.store->take_up(job));
  BOOST_TEST(row.ordered == 1u);
  BOOST_TEST(row.ended == 0);
  BOOST_TEST(row.totals.attempts == 1 + 2 + 3 + 1u); // The cost is not forgotten.
  BOOST_TEST((must(w.store->recorded(job)) == std::vector<uint64_t>{2}));
  const auto read = must(w.reader->requests(job, 1, 10, 1 << 20));
  BOOST_TEST((read[0] && !read[1] && read[2] && read[3]));
  BOOST_TEST(w.write(job, {result_at(4), result_at(1, state::completed, "now"), result_at(3)}) ==
             5u);
  BOOST_TEST(w.lines(job) == lines_of({result_at(0), result_at(1, state::completed, "now"),
                                       result_at(2), result_at(3), result_at(4)}));
  w.end(job);
  BOOST_TEST(w.safe(w.store->retry(job, now)) == 0u);
  BOOST_TEST(must(w.store->unfinished()).empty());
  BOOST_TEST((refused(w.store->retry(99, now)) == errc::not_found));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_job_that_ended_unfinished_never_runs, T, both) {
  world<T> w;
  const auto job = w.submit(2, false).job;
  BOOST_TEST((refused(w.store->retry(job, now)) == errc::invalid_input));
  w.end(job, 7);
  BOOST_TEST((refused(w.store->retry(job, now)) == errc::invalid_input));
  BOOST_TEST((refused(w.store->take_up(job)) == errc::invalid_input));
  BOOST_TEST((refused(w.store->add(job, 2, requests_in(2, 3), true, now)) == errc::invalid_input));
  BOOST_TEST(!w.safe(w.store->add(job, 0, requests_in(0, 2), true, now)).complete);
  BOOST_TEST(w.counts().jobs == 0u);
  BOOST_TEST(w.counts().pending == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(old_jobs_go_a_little_at_a_time, T, both) {
  world<T> w;
  const auto old = w.submit(30, true, "k").job, kept = w.submit(3).job, running = w.submit(3).job,
             started = w.submit(2, false).job;
  std::vector<job_outcome> all;
  for (uint64_t i = 0; i < 30; ++i)
    all.push_back(result_at(i));
  w.write(old, all);
  must(w.store->finish(old, true, 3, "", now + 5));
  must(w.store->finish(kept, true, 3, "", now + 1000));
  must(w.store->commit());
  BOOST_TEST(w.safe(w.store->sweep(now + 500, 0, 10)));         // There is more to remove,
  BOOST_TEST((refused(w.reader->row(old)) == errc::not_found)); // but the job is hidden.
  BOOST_TEST((refused(w.reader->outcomes(old, 0, 1, 1)) == errc::not_found));
  BOOST_TEST((refused(w.store->write(old, all)) == errc::not_found));
  BOOST_TEST(w.counts().completed == 0u);
  const auto anew = w.submit(2, true, "k");
  BOOST_TEST(anew.job > started); // Its number is not used again.
  BOOST_TEST(!anew.existed);
  int rounds = 1;
  while (w.safe(w.store->sweep(now + 500, 0, 10)))
    ++rounds;
  BOOST_TEST(rounds > 2);
  BOOST_TEST(must(w.reader->rows({})).size() == 4u);
  BOOST_TEST(!w.safe(w.store->sweep(0, now + 1, 10)));
  BOOST_TEST((refused(w.reader->row(started)) == errc::not_found));
  BOOST_TEST(w.counts().jobs == 2u);
  BOOST_TEST(w.counts().pending == 3 + 2u);
  BOOST_TEST(must(w.reader->row(kept)).id == kept);
  BOOST_TEST(must(w.reader->row(running)).id == running);
  BOOST_TEST(must(w.reader->requests(anew.job, 0, 10, 1 << 20)).size() == 2u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(jobs_are_listed_newest_first, T, both) {
  world<T> w;
  std::vector<uint64_t> ids;
  for (int i = 0; i < 6; ++i)
    ids.push_back(w.submit(1, true, "", i % 2 ? "odd" : "even").job);
  w.end(ids[0]);
  w.end(ids[5]);
  const auto list = [&](job_selection which) {
    std::vector<uint64_t> found;
    for (auto& row : must(w.reader->rows(which)))
      found.push_back(row.id);
    return found;
  };
  using v = std::vector<uint64_t>;
  BOOST_TEST((list({}) == v{ids[5], ids[4], ids[3], ids[2], ids[1], ids[0]}));
  BOOST_TEST((list({"odd"}) == v{ids[5], ids[3], ids[1]}));
  BOOST_TEST((list({"odd", true}) == v{ids[3], ids[1]}));
  BOOST_TEST((list({"", true, ids[3], 100}) == v{ids[2], ids[1]}));
  BOOST_TEST((list({"", false, ids[4], 2}) == v{ids[3], ids[2]}));
  BOOST_TEST((list({"nobody"}) == v{}));
}

BOOST_AUTO_TEST_CASE(memory_drops_what_is_forgotten) {
  world<in_memory> w;
  const auto job = w.submit(4).job;
  w.write(job,
          {result_at(0), result_at(1, state::failed), result_at(2), result_at(3, state::failed)});
  auto held = must(w.reader->outcomes(job, 0, 1, 1))[0].outcome;
  BOOST_TEST(!must(w.reader->outcomes(job, 0, 1, 1))[0].line); // There is no line.
  w.store->forget(job, 2);
  BOOST_TEST(held.use_count() == 1);
  BOOST_TEST((refused(w.reader->outcomes(job, 1, 10, 1 << 20)) == errc::invalid_input));
  BOOST_TEST(w.lines(job, 2) == lines_of({result_at(2), result_at(3, state::failed)}));
  w.end(job);
  BOOST_TEST(w.safe(w.store->retry(job, now)) == 1u); // Request 1 keeps its outcome.
  const auto read = must(w.reader->requests(job, 2, 10, 1 << 20));
  BOOST_TEST((!read[0] && read[1]));
  w.store->forget(99, 5);
  w.store->forget(job, 1'000'000);
}

BOOST_AUTO_TEST_CASE(memory_drops_a_request_with_its_outcome) {
  world<in_memory> w;
  std::vector<request_ptr> one = requests_in(0, 2);
  const auto job = w.safe(w.store->submit({"t", {}, "", "", ""}, one, true, now)).job;
  BOOST_TEST(one[0].use_count() == 2);
  w.write(job, {result_at(1), result_at(0)});
  BOOST_TEST(one[0].use_count() == 1);
  BOOST_TEST(one[1].use_count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
