#include "tests/support/job_store_actors.hpp"

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

using log = std::shared_ptr<std::vector<results_page>>;

outcome_taker_actor::behavior_type taker(log pages) {
  return {[=](atom::outcomes, const results_page& page) { pages->push_back(page); }};
}

struct fixture : job_store_actors {
  log pages = std::make_shared<std::vector<results_page>>();
  outcome_taker_actor subscriber = spawn(taker, pages);

  using answer = decltype(self->request(reader, caf::infinite, atom::results_v, results_query{}));

  answer wait_for(uint64_t job, uint64_t from, caf::timespan wait) {
    auto pending = self->request(reader, caf::infinite, atom::results_v,
                                 results_query{job, from, 256, 1 << 20, wait});
    run();
    return pending;
  }
  results_page got(answer& from) {
    results_page page;
    from.receive([&](results_page& p) { page = std::move(p); },
                 [&](const caf::error& e) { BOOST_FAIL(caf::to_string(e)); });
    return page;
  }
  results_page results(uint64_t job, uint64_t from, uint32_t count = 256,
                       uint64_t bytes = 1 << 20) {
    return ask<results_page>(reader, atom::results_v, results_query{job, from, count, bytes});
  }
  template <class... Ts>
  void from_subscriber(Ts&&... xs) {
    caf::send_as(caf::actor_cast<caf::actor>(subscriber), reader, std::forward<Ts>(xs)...);
    run();
  }
  /// Indexes of all outcomes that the subscriber got.
  std::vector<uint64_t> got_indexes() {
    std::vector<uint64_t> all;
    for (auto& p : *pages)
      for (auto& i : p.items)
        all.push_back(i.index);
    return all;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(job_reader_suite, fixture)

BOOST_AUTO_TEST_CASE(a_pull_gives_what_has_no_outcome) {
  for (bool durable : {true, false}) {
    start(durable);
    const auto job = submit(5);
    write(job, {item(1)});
    auto chunk = ask<request_chunk>(reader, atom::pull_v, job, uint64_t{0}, 3u, uint64_t{1} << 20);
    BOOST_REQUIRE(chunk.requests.size() == 3u);
    BOOST_TEST(chunk.requests[0]->custom_id == "id-0");
    BOOST_TEST(!chunk.requests[1]);
    BOOST_TEST(!chunk.end);
    chunk = ask<request_chunk>(reader, atom::pull_v, job, uint64_t{3}, 3u, uint64_t{1} << 20);
    BOOST_TEST(chunk.requests.size() == 2u);
    BOOST_TEST(chunk.end);
    chunk = ask<request_chunk>(reader, atom::pull_v, job, uint64_t{0}, 0u, uint64_t{0});
    BOOST_TEST(chunk.requests.size() == 1u); // A full window does not pull, but the job must go on.
    const auto empty = submit(0);
    chunk = ask<request_chunk>(reader, atom::pull_v, empty, uint64_t{0}, 3u, uint64_t{1});
    BOOST_TEST((chunk.requests.empty() && chunk.end));
    BOOST_TEST(
      (failure_of<request_chunk>(reader, atom::pull_v, uint64_t{99}, uint64_t{0}, 1u, uint64_t{1})
         .code == errc::not_found));
    stop();
  }
}

BOOST_AUTO_TEST_CASE(pages_end_when_the_job_has_ended_and_all_is_given) {
  for (bool durable : {true, false}) {
    start(durable);
    const auto job = submit(4);
    write(job, {item(0), item(1), item(3)});
    auto page = results(job, 0);
    BOOST_TEST(page.items.size() == 2u);
    BOOST_TEST(line_of(page.items[1]) == line_of(item(1)));
    BOOST_TEST(!page.end);
    BOOST_TEST((page.state == job_state::running));
    write(job, {item(2)});
    end(job);
    page = results(job, 1, 2);
    BOOST_TEST(page.from == 1u);
    BOOST_TEST(page.items.size() == 2u);
    BOOST_TEST(!page.end);
    page = results(job, 3);
    BOOST_TEST(page.items.size() == 1u);
    BOOST_TEST(page.end);
    BOOST_TEST((page.state == job_state::completed));
    page = results(job, 4);
    BOOST_TEST((page.items.empty() && page.end));
    BOOST_TEST(results(job, 0, 0, 0).items.size() == 1u);
    const auto why = failure_of<results_page>(reader, atom::results_v, results_query{99});
    BOOST_TEST((why.code == errc::not_found));
    BOOST_TEST(why.context.find("no job 99") != std::string::npos);
    stop();
  }
}

BOOST_AUTO_TEST_CASE(an_aborted_job_ends_with_its_ordered_part) {
  start();
  const auto job = submit(4);
  write(job, {item(0), item(2)});
  end(job, job_state::aborted);
  const auto page = results(job, 0);
  BOOST_TEST(page.items.size() == 1u);
  BOOST_TEST(page.end);
  BOOST_TEST((page.state == job_state::aborted));
}

BOOST_AUTO_TEST_CASE(a_question_waits_for_its_answer) {
  start();
  const auto job = submit(3);
  auto pending = wait_for(job, 0, 10s), second = wait_for(job, 1, 10s);
  advance(5s);
  write(job, {item(1)}); // An earlier one is missing.
  write(job, {item(0)});
  auto page = got(pending);
  BOOST_TEST(page.items.size() == 2u);
  BOOST_TEST(got(second).items.size() == 1u);
  auto last = wait_for(job, 2, 10s);
  end(job, job_state::aborted);
  page = got(last);
  BOOST_TEST((page.items.empty() && page.end));
}

BOOST_AUTO_TEST_CASE(a_question_does_not_wait_for_ever) {
  start();
  const auto job = submit(3);
  auto late = wait_for(job, 0, 20s), soon = wait_for(job, 0, 3s), same = wait_for(job, 1, 3s);
  BOOST_TEST((*next_timer() - now() == 3s));
  advance(3s);
  auto page = got(soon);
  BOOST_TEST((page.items.empty() && !page.end));
  BOOST_TEST(page.job == job);
  got(same);
  advance(17s);
  BOOST_TEST(got(late).items.empty());
  auto gone = wait_for(job, 0, 1h); // Longer than the reader allows.
  advance(10min);
  got(gone);
}

BOOST_AUTO_TEST_CASE(a_subscriber_gets_no_more_than_it_has_credit_for) {
  for (bool durable : {true, false}) {
    start(durable);
    pages->clear();
    const auto job = submit(10);
    write(job, {item(0), item(1)});
    from_subscriber(atom::subscribe_v, subscription{job, 1, 3});
    BOOST_TEST((got_indexes() == std::vector<uint64_t>{1}));
    write(job, {item(2), item(3), item(4), item(5), item(6)});
    BOOST_TEST((got_indexes() == std::vector<uint64_t>{1, 2, 3}));
    from_subscriber(atom::credit_v, job, 2u);
    BOOST_TEST((got_indexes() == std::vector<uint64_t>{1, 2, 3, 4, 5}));
    from_subscriber(atom::credit_v, job, 100u);
    write(job, {item(7), item(8), item(9)});
    BOOST_TEST(!pages->back().end);
    end(job);
    BOOST_TEST(got_indexes().size() == 9u);
    BOOST_TEST(pages->back().end);
    BOOST_TEST((pages->back().state == job_state::completed));
    const auto count = pages->size();
    from_subscriber(atom::credit_v, job, 5u); // The subscription is over.
    BOOST_TEST(pages->size() == count);
    stop();
  }
}

BOOST_AUTO_TEST_CASE(the_end_reaches_whoever_comes_late_or_asks_for_nothing) {
  start();
  const auto job = submit(2);
  write(job, {item(0), item(1)});
  end(job);
  from_subscriber(atom::subscribe_v, subscription{job, 0, 50});
  BOOST_REQUIRE(pages->size() == 1u);
  BOOST_TEST((pages->back().items.size() == 2u && pages->back().end));
  from_subscriber(atom::subscribe_v, subscription{job, 2, 1});
  BOOST_TEST((pages->size() == 2u && pages->back().end));
  from_subscriber(atom::subscribe_v, subscription{99, 0, 1});
  BOOST_TEST((pages->size() == 3u && pages->back().end));
  BOOST_TEST((pages->back().state == job_state::aborted));
}

BOOST_AUTO_TEST_CASE(subscribing_anew_begins_anew) {
  start();
  const auto job = submit(4);
  write(job, {item(0), item(1)});
  from_subscriber(atom::subscribe_v, subscription{job, 0, 10});
  from_subscriber(atom::subscribe_v, subscription{job, 0, 10});
  write(job, {item(2)});
  BOOST_TEST((got_indexes() == std::vector<uint64_t>{0, 1, 0, 1, 2}));
}

BOOST_AUTO_TEST_CASE(who_dies_is_forgotten) {
  start();
  const auto job = submit(4);
  from_subscriber(atom::subscribe_v, subscription{job, 0, 10});
  caf::anon_send_exit(subscriber, caf::exit_reason::kill);
  run();
  write(job, {item(0)});
  BOOST_TEST(pages->empty());
  auto other = spawn(taker, pages);
  caf::send_as(caf::actor_cast<caf::actor>(other), reader, atom::subscribe_v,
               subscription{job, 0, 10});
  run();
  BOOST_TEST(pages->size() == 1u);
}

BOOST_AUTO_TEST_CASE(lists_and_counts_are_those_of_the_store) {
  start();
  const auto one = submit(3), two = submit(2);
  auto unfinished = job_of(1, "key");
  unfinished.complete = false;
  const auto three = ask<job_ticket>(writer, atom::submit_v, unfinished).job;
  write(one, {item(0), item(1, core::outcome_state::failed)});
  end(two, job_state::cancelled);
  auto all = ask<std::vector<job_info>>(reader, atom::jobs_v, job_filter{});
  BOOST_REQUIRE(all.size() == 3u);
  BOOST_TEST(all[0].id == three);
  BOOST_TEST((all[0].progress.state == job_state::receiving));
  BOOST_TEST(all[0].idempotency_key == "key");
  BOOST_TEST((all[1].progress.state == job_state::cancelled));
  BOOST_TEST(all[1].ended == wall);
  BOOST_TEST((all[2].progress.state == job_state::running));
  BOOST_TEST(all[2].progress.completed == 1u);
  BOOST_TEST(all[2].progress.failed == 1u);
  BOOST_TEST(all[2].progress.written == 2u);
  BOOST_TEST(all[2].requests == 3u);
  BOOST_TEST(all[2].created == wall);
  all = ask<std::vector<job_info>>(reader, atom::jobs_v, job_filter{"t", true, three, 10});
  BOOST_REQUIRE(all.size() == 1u);
  BOOST_TEST(all[0].id == one);
  const auto tenants = ask<std::vector<tenant_counts>>(reader, atom::tenants_v);
  BOOST_REQUIRE(tenants.size() == 1u);
  BOOST_TEST(tenants[0].tenant == "t");
  BOOST_TEST(tenants[0].jobs == 2u);
  BOOST_TEST(tenants[0].pending == 1 + 1u);
  BOOST_TEST(tenants[0].completed == 1u);
  BOOST_TEST(tenants[0].failed == 1u);
  BOOST_TEST((failure_of<job_info>(reader, atom::info_v, uint64_t{99}).code == errc::not_found));
}

BOOST_AUTO_TEST_SUITE_END()
