#include "tests/support/fake_job.hpp"
#include "tests/support/head_fixture.hpp"

#include <boost/test/data/test_case.hpp>

using namespace penstock;
using namespace std::chrono_literals;
using test::durable_or_not;
using test::ended;
using test::head_fixture;
using test::kept_store;

BOOST_AUTO_TEST_SUITE(engine_job_lives)

BOOST_AUTO_TEST_CASE(a_deadline_counts_the_time_that_the_head_was_down) {
  kept_store store{false};
  io::unix_ms wall = 1'000'000;
  const auto clock = [&] { return wall; };
  uint64_t job = 0;
  {
    head_fixture head{store.open(), {}, clock};
    auto wanted = head_fixture::make_job(3);
    wanted.options.deadline = 60s;
    job = head.ask<job_ticket>(head.aut, atom::submit_v, wanted).job;
    head.join(1);
    head.complete(0, 1);
  }
  wall += 50'000;
  {
    head_fixture head{store.open(), {}, clock};
    head.advance(9s);
    BOOST_TEST((head.status(job).state == job_state::running));
    head.advance(2s);
    BOOST_TEST((head.status(job).state == job_state::completed));
    BOOST_TEST(head.outcomes(job) == "cee");
    BOOST_TEST(head.ask<uint64_t>(head.aut, atom::retry_v, job) == 2u); // With its full time again.
    head.advance(30s);
    BOOST_TEST((head.status(job).state == job_state::running));
  }
  wall += 3'600'000;
  head_fixture head{store.open(), {}, clock};
  head.advance(1ms);
  BOOST_TEST(head.outcomes(job) == "cee");
}

BOOST_DATA_TEST_CASE(a_job_whose_actors_die_is_taken_up_again, durable_or_not) {
  kept_store store{sample};
  head_fixture head{store.open()};
  head.join(4);
  const auto job = head.submit(4);
  head.run();
  head.complete(1, 1);
  caf::anon_send_exit(head.work->from, caf::exit_reason::kill);
  head.run();
  BOOST_TEST((head.work->aborted == std::vector{job}));
  BOOST_REQUIRE(head.handed_out(job) == 7u);
  head.complete(4, 3);
  BOOST_TEST(head.outcomes(job) == "cccc");
  BOOST_TEST(head.status(job).restarts == 1u);
}

BOOST_AUTO_TEST_CASE(a_job_that_keeps_dying_ends_in_the_store) {
  kept_store store{false};
  uint64_t job = 0;
  {
    head_fixture head{store.open()};
    head.join(1);
    job = head.submit(2);
    head.run();
    for (int i = 0; i < 6; ++i) {
      caf::anon_send_exit(head.work->from, caf::exit_reason::kill);
      head.run();
    }
    BOOST_TEST((head.status(job).state == job_state::aborted));
  }
  head_fixture head{store.open()};
  head.join(1);
  BOOST_TEST(head.work->requests().empty());
  BOOST_TEST((head.status(job).cause.code == errc::internal));
}

BOOST_DATA_TEST_CASE(a_head_that_stops_leaves_its_jobs_to_the_next, durable_or_not) {
  kept_store store{sample};
  uint64_t job = 0;
  {
    head_fixture head{store.open()};
    job = head.submit(4);
    head.join(2);
    auto idle = head.self->request(head.aut, caf::infinite, atom::wait_v, uint64_t{0});
    head.self->send(head.aut, atom::drain_v, uint64_t{0});
    head.run();
    BOOST_TEST((head.info(job).progress.state == job_state::draining));
    BOOST_TEST((head.refusal<job_ticket>(atom::submit_v, head_fixture::make_job(1)).code ==
                errc::unavailable));
    head.complete(0, 2);
    BOOST_TEST((ended(idle) == job_state::interrupted));
    BOOST_TEST(head.handed_out(job) == 2u);
  }
  head_fixture head{store.open()};
  head.join(2);
  head.complete(0, 2);
  BOOST_TEST(head.outcomes(job) == "cccc");
  BOOST_TEST((head.status(job).state == job_state::completed));
}

BOOST_AUTO_TEST_CASE(a_head_without_jobs_has_stopped_at_once) {
  kept_store store{false};
  head_fixture head{store.open()};
  auto idle = head.self->request(head.aut, caf::infinite, atom::wait_v, uint64_t{0});
  head.run();
  BOOST_TEST((ended(idle) == job_state::interrupted));
}

BOOST_DATA_TEST_CASE(a_job_that_somebody_stopped_can_be_cancelled_or_retried, durable_or_not) {
  kept_store store{sample};
  head_fixture head{store.open()};
  head.join(1);
  const auto first = head.submit(2), second = head.submit(2);
  head.run();
  for (auto job : {first, second})
    head.self->send(head.aut, atom::abort_v, job);
  head.run();
  head.give_back(first);
  BOOST_TEST((head.status(first).state == job_state::interrupted));
  BOOST_TEST((head.status(second).state == job_state::interrupted));
  BOOST_TEST(head.ask<bool>(head.aut, atom::cancel_v, first));
  head.run();
  BOOST_TEST(head.outcomes(first) == "xx");
  BOOST_TEST((head.status(first).state == job_state::cancelled));
  BOOST_TEST(head.ask<uint64_t>(head.aut, atom::retry_v, second) == 2u);
  head.run();
  BOOST_TEST(head.handed_out(second) == 1u);
}

BOOST_AUTO_TEST_CASE(a_bad_request_fails_in_its_place) {
  kept_store store{true};
  head_fixture head{store.open()};
  auto wanted = head_fixture::make_job(3);
  auto bad = *wanted.requests[1];
  bad.body = nullptr;
  wanted.requests[1] = make_shared_value(bad);
  const auto job = head.ask<job_ticket>(head.aut, atom::submit_v, wanted).job;
  head.join(3);
  head.complete(0, 2);
  BOOST_TEST(head.outcomes(job) == "cfc");
  wanted.options.attempts_max = 0;
  const auto why = head.refusal<job_ticket>(atom::submit_v, wanted);
  BOOST_TEST((why.code == errc::invalid_input));
  BOOST_TEST(why.context == "attempts_max must be from 1 to 100, is 0");
}

BOOST_AUTO_TEST_CASE(whoever_waits_for_a_job_that_is_still_received_hears_of_its_end) {
  kept_store store{false};
  head_fixture head{store.open()};
  auto part = head_fixture::make_job(1);
  part.complete = false;
  const auto job = head.ask<job_ticket>(head.aut, atom::submit_v, part).job;
  auto waiter = head.self->request(head.aut, caf::infinite, atom::wait_v, job);
  head.run();
  head.add(job, 1, 1, true);
  head.join(2);
  head.complete(0, 2);
  BOOST_TEST((ended(waiter) == job_state::completed));
  auto late = head.self->request(head.aut, caf::infinite, atom::wait_v, job);
  head.run();
  BOOST_TEST((ended(late) == job_state::completed));
  BOOST_TEST((head.refusal<job_progress>(atom::wait_v, uint64_t{99}).code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_subscriber_gets_outcomes_as_it_gives_credit) {
  kept_store store{false};
  head_fixture head{store.open()};
  head.join(4);
  const auto job = head.submit(4);
  auto pages = std::make_shared<std::vector<results_page>>();
  head.spawn(
    [=, aut = head.aut](outcome_taker_actor::pointer me) -> outcome_taker_actor::behavior_type {
      me->send(aut, atom::subscribe_v, subscription{job, 0, 3});
      return {[=](atom::outcomes, const results_page& page) {
        pages->push_back(page);
        me->send(aut, atom::credit_v, job, uint32_t{1});
      }};
    });
  head.run();
  BOOST_TEST(pages->empty());
  head.complete(0, 4);
  uint64_t next = 0;
  for (auto& page : *pages) {
    BOOST_TEST(page.from == next);
    next += page.items.size();
  }
  BOOST_TEST(next == 4u);
  BOOST_REQUIRE(pages->size() >= 2u); // Its credit was three.
  BOOST_TEST(pages->front().items.size() <= 3u);
  BOOST_TEST(pages->back().end);
}

BOOST_AUTO_TEST_CASE(jobs_over_files_have_numbers_of_their_own_beside_a_store) {
  kept_store store{false};
  head_fixture head{store.open()};
  auto files = std::make_shared<test::memory_files>();
  files->input = head_fixture::make_requests(0, 1);
  local_submission local;
  local.launcher = std::make_shared<test::memory_launcher>(files);
  const auto first = head.ask<uint64_t>(head.aut, atom::submit_v, local);
  BOOST_TEST(first >= actors::engine_state::local_jobs_begin);
  BOOST_TEST(head.submit(1) < first);
  head.run();
  const auto all = head.ask<std::vector<job_info>>(head.aut, atom::jobs_v, job_filter{});
  BOOST_REQUIRE(all.size() == 2u);
  BOOST_TEST(all[0].id == first);
  job_filter rest;
  rest.before = first;
  BOOST_TEST(head.ask<std::vector<job_info>>(head.aut, atom::jobs_v, rest).size() == 1u);
  BOOST_TEST((head.refusal<uint64_t>(atom::retry_v, first).code == errc::invalid_input));
  *files = {}; // Its handles would keep the actors alive.
}

BOOST_AUTO_TEST_CASE(a_small_job_does_not_wait_for_a_large_one_of_another_tenant) {
  kept_store store{false};
  head_fixture head{store.open()};
  head.join(100);
  auto part = head_fixture::make_job(0, "big");
  part.complete = false;
  const auto big = head.ask<job_ticket>(head.aut, atom::submit_v, part).job;
  for (uint64_t first = 0; first < 100'000; first += 10'000)
    head.add(big, first, 10'000, first == 90'000);
  head.run();
  BOOST_TEST(head.handed_out(big) == 100u);
  const auto small = head.submit(10, "small");
  head.run();
  head.complete(0, 20); // The slots of one turn each.
  BOOST_TEST(head.handed_out(small) == 10u);
  BOOST_TEST(head.handed_out(big) == 110u);
}

BOOST_AUTO_TEST_SUITE_END()
