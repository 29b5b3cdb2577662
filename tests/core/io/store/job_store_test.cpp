#include "tests/support/job_store_fixture.hpp"

#include <thread>

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

BOOST_AUTO_TEST_SUITE(job_store_suite)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_job_comes_back_as_it_was_submitted, T, both) {
  world<T> w;
  core::request odd;
  odd.index = 77; // The store ignores it.
  odd.custom_id = "odd";
  odd.rejection = error{errc::invalid_input, "no good"};
  std::vector<request_ptr> all = requests_in(0, 2);
  all.push_back(std::make_shared<const core::request>(odd));
  const auto receipt = w.safe(w.store->submit(
    {"t", core::priority::bulk, "in.jsonl", "k", std::string("\0opt", 4)}, all, true, now));
  BOOST_TEST(receipt.accepted == 3u);
  BOOST_TEST(receipt.complete);
  BOOST_TEST(!receipt.existed);
  const auto row = must(w.reader->row(receipt.job));
  BOOST_TEST(row.head.tenant == "t");
  BOOST_TEST((row.head.priority == core::priority::bulk));
  BOOST_TEST(row.head.name == "in.jsonl");
  BOOST_TEST(row.head.idempotency_key == "k");
  BOOST_TEST((row.head.options == std::string("\0opt", 4)));
  BOOST_TEST((row.phase == job_phase::open));
  BOOST_TEST(row.requests == 3u);
  BOOST_TEST(row.created == now);
  const auto back = must(w.reader->requests(receipt.job, 0, 10, 1 << 20));
  BOOST_REQUIRE(back.size() == 3u);
  BOOST_TEST(*back[1]->body == *all[1]->body);
  BOOST_TEST(back[1]->custom_id == "id-1");
  BOOST_TEST(back[1]->line == 2u);
  BOOST_TEST(back[1]->url == "/v1/chat/completions");
  BOOST_TEST(back[1]->model == "m");
  BOOST_TEST(back[1]->method == "POST");
  BOOST_TEST(back[1]->output_tokens_max == 1u);
  BOOST_TEST(back[2]->index == 2u);
  BOOST_TEST(!back[2]->body);
  BOOST_TEST((back[2]->rejection->code == errc::invalid_input));
  BOOST_TEST(back[2]->rejection->context == "no good");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(parts_follow_each_other_without_a_gap, T, both) {
  world<T> w;
  const auto job = w.submit(3, false).job;
  BOOST_TEST((must(w.reader->marks(job)).phase == job_phase::receiving));
  BOOST_TEST((refused(w.store->take_up(job)) == errc::invalid_input));
  BOOST_TEST((refused(w.store->add(job, 4, requests_in(4, 5), false, now)) == errc::invalid_input));
  // The first two are stored already.
  BOOST_TEST(w.safe(w.store->add(job, 1, requests_in(1, 5), false, now)).accepted == 5u);
  // All of it is stored already. An old part that says it is the last one does not complete the
  // job.
  const auto stale = w.safe(w.store->add(job, 0, requests_in(0, 2), true, now));
  BOOST_TEST(stale.accepted == 5u);
  BOOST_TEST(!stale.complete);
  BOOST_TEST(w.safe(w.store->add(job, 5, requests_in(5, 6), true, now)).complete);
  // Once more, as a client does that got no answer.
  BOOST_TEST(w.safe(w.store->add(job, 5, requests_in(5, 6), true, now)).accepted == 6u);
  BOOST_TEST((refused(w.store->add(job, 6, requests_in(6, 7), true, now)) == errc::invalid_input));
  BOOST_TEST((refused(w.store->add(999, 0, {}, true, now)) == errc::not_found));
  const auto all = must(w.reader->requests(job, 0, 100, 1 << 20));
  BOOST_REQUIRE(all.size() == 6u);
  for (uint64_t i = 0; i < 6; ++i)
    BOOST_TEST(*all[i]->body == *request_at(i)->body);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_same_key_of_a_tenant_is_the_same_job, T, both) {
  world<T> w;
  const auto first = w.submit(3, false, "k");
  const auto again = w.submit(2, false, "k");
  BOOST_TEST(again.job == first.job);
  BOOST_TEST(again.existed);
  BOOST_TEST(again.accepted == 3u);
  const auto longer = w.submit(5, true, "k");
  BOOST_TEST(longer.job == first.job);
  BOOST_TEST(longer.accepted == 5u);
  BOOST_TEST(longer.complete);
  const auto late = w.submit(9, true, "k");
  BOOST_TEST(late.accepted == 5u);
  BOOST_TEST(late.existed);
  BOOST_TEST(w.submit(3, true, "k", "other").job != first.job);
  BOOST_TEST(w.submit(3, true, "").job != w.submit(3, true, "").job);
  BOOST_TEST(w.counts().jobs == 3u);
  BOOST_TEST(w.counts("other").pending == 3u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_key_is_known_within_a_group, T, both) {
  world<T> w;
  const job_header head{"t", core::priority::normal, "", "k", ""};
  const auto first = must(w.store->submit(head, requests_in(0, 1), true, now));
  const auto second = must(w.store->submit(head, requests_in(0, 1), true, now));
  BOOST_TEST(first.job == second.job);
  BOOST_TEST(second.existed);
  must(w.store->commit());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_empty_job_is_complete_at_once, T, both) {
  world<T> w;
  const auto job = w.submit(0).job;
  BOOST_TEST((must(w.store->unfinished()) == std::vector<uint64_t>{job}));
  BOOST_TEST(must(w.reader->requests(job, 0, 10, 1 << 20)).empty());
  w.end(job);
  BOOST_TEST(must(w.store->unfinished()).empty());
  BOOST_TEST(must(w.store->retry(job, now)) == 0u);
  BOOST_TEST(must(w.store->unfinished()).empty());
  BOOST_TEST(w.counts().jobs == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(outcomes_come_in_order_and_never_change, T, both) {
  world<T> w;
  const auto job = w.submit(5).job;
  BOOST_TEST(w.write(job, {result_at(3), result_at(1)}) == 0u);
  BOOST_TEST(w.lines(job) == "");
  BOOST_TEST((must(w.store->recorded(job)) == std::vector<uint64_t>{1, 3}));
  BOOST_TEST(w.write(job, {result_at(0)}) == 2u);
  BOOST_TEST(w.lines(job) == lines_of({result_at(0), result_at(1)}));
  BOOST_TEST(w.write(job, {result_at(1, state::failed, "no"), result_at(2),
                           result_at(2, state::failed)}) == 4u);
  BOOST_TEST(w.lines(job) == lines_of({result_at(0), result_at(1), result_at(2), result_at(3)}));
  BOOST_TEST(w.lines(job, 2) == lines_of({result_at(2), result_at(3)}));
  BOOST_TEST(w.lines(job, 4) == "");
  BOOST_TEST(w.counts().completed == 4u);
  BOOST_TEST(w.counts().pending == 1u);
  BOOST_TEST((refused(w.store->write(job, std::vector{result_at(5)})) == errc::internal));
  BOOST_TEST((refused(w.store->write(99, std::vector{result_at(0)})) == errc::not_found));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_line_is_as_good_as_an_outcome, T, both) {
  world<T> w;
  const auto job = w.submit(2).job;
  auto line = core::make_payload(line_of(result_at(0, state::expired)));
  BOOST_TEST(w.write(job, {{0, nullptr, line}}) == 1u);
  BOOST_TEST(w.lines(job) == *line);
  BOOST_TEST(w.counts().expired == 1u);
  BOOST_TEST(
    (refused(w.store->write(
       job, std::vector<job_outcome>{{1, nullptr, core::make_payload("torn")}})) == errc::corrupt));
  BOOST_TEST(w.write(job, {result_at(1)}) == 2u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(pages_have_bounds_but_are_never_empty, T, both) {
  world<T> w;
  const auto job = w.submit(10).job;
  BOOST_TEST(must(w.reader->requests(job, 0, 4, 1 << 20)).size() == 4u);
  BOOST_TEST(must(w.reader->requests(job, 2, 9, 1)).size() == 1u);
  BOOST_TEST(must(w.reader->requests(job, 9, 9, 1 << 20)).size() == 1u);
  BOOST_TEST(must(w.reader->requests(job, 10, 9, 1 << 20)).empty());
  BOOST_TEST(must(w.reader->requests(job, uint64_t{1} << 60, 9, 1 << 20)).empty());
  for (uint64_t i = 0; i < 8; ++i)
    w.write(job, {result_at(i)});
  BOOST_TEST(must(w.reader->outcomes(job, 0, 3, 1 << 20)).size() == 3u);
  BOOST_TEST(must(w.reader->outcomes(job, 7, 3, 1)).size() == 1u);
  BOOST_TEST(must(w.reader->outcomes(job, 8, 3, 1 << 20)).empty());
  BOOST_TEST(must(w.reader->outcomes(job, uint64_t{1} << 60, 3, 1)).empty());
  BOOST_TEST((refused(w.reader->requests(99, 0, 1, 1)) == errc::not_found));
  BOOST_TEST((refused(w.reader->outcomes(99, 0, 1, 1)) == errc::not_found));
  BOOST_TEST((refused(w.reader->row(99)) == errc::not_found));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_request_with_an_outcome_is_not_read_again, T, both) {
  world<T> w;
  const auto job = w.submit(4).job;
  w.write(job, {result_at(0), result_at(2)});
  const auto read = must(w.reader->requests(job, 0, 10, 1 << 20));
  BOOST_REQUIRE(read.size() == 4u);
  BOOST_TEST(!read[0]);
  BOOST_TEST(!!read[1]);
  BOOST_TEST(!read[2]);
  BOOST_TEST(read[3]->index == 3u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reader_on_another_thread_sees_whole_prefixes, T, both) {
  world<T> w;
  constexpr uint64_t count = 300;
  const auto job = w.submit(count).job;
  std::string wrong;
  std::thread looking{[&, reader = must(w.store->open_reader())] {
    for (uint64_t have = 0; have < count && wrong.empty();) {
      auto page = reader->outcomes(job, have, 50, 1 << 20);
      if (!page) {
        wrong = page.error().context;
        break;
      }
      for (auto& o : *page)
        if (o.index != have++ || line_of(o) != line_of(result_at(o.index)))
          wrong = "outcome " + std::to_string(have - 1);
    }
  }};
  for (uint64_t i = 0; i < count; i += 2) {
    w.write(job, {result_at(i + 1)});
    w.write(job, {result_at(i)});
  }
  looking.join();
  BOOST_TEST(wrong == "");
}

BOOST_AUTO_TEST_SUITE_END()
