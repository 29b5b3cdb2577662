#include "tests/support/coordinator_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;

namespace {

struct fixture : test::coordinator_fixture {
  /// A lane with an open breaker refuses the first `n` requests.
  void hold_all(uint64_t n, errc why = errc::unavailable, caf::timespan resume_in = {}) {
    for (uint64_t i = 0; i < n; ++i)
      report(i, report_kind::held, why, resume_in);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(coordinator_held_suite, fixture)

BOOST_AUTO_TEST_CASE(one_held_request_at_a_time_asks_again_and_success_frees_the_rest) {
  input(5);
  start();
  give(5);
  hold_all(5);
  BOOST_TEST(demand() == 0u);
  advance(250ms);
  BOOST_TEST(demand() == 1u);
  give(1);
  const auto scout = work->requests().back().key.index;
  report(scout, report_kind::held, errc::unavailable);
  BOOST_TEST(demand() == 0u);
  advance(250ms);
  give(1);
  complete(work->requests().back().key.index);
  BOOST_TEST(demand() == 4u);
  give(4);
  for (uint64_t i = 0; i < 5; ++i)
    complete(i);
  BOOST_TEST(ended().completed == 5u);
}

BOOST_AUTO_TEST_CASE(requests_held_one_after_the_other_are_not_forgotten) {
  input(2);
  start();
  give(2);
  report(0, report_kind::held, errc::unavailable);
  advance(200ms);
  report(1, report_kind::held, errc::unavailable);
  advance(100ms);
  BOOST_TEST(demand() == 1u);
}

BOOST_AUTO_TEST_CASE(the_wake_of_one_lane_does_not_swallow_that_of_another) {
  input(2);
  start();
  give(2);
  report(0, report_kind::held, errc::unavailable, {}, 0);
  report(1, report_kind::held, errc::quota_exhausted, 1h, 1);
  advance(1s);
  give(1);
  complete(0, 0);
  advance(1h);
  BOOST_TEST(demand() == 1u);
}

BOOST_AUTO_TEST_CASE(probes_of_a_long_outage_use_up_no_attempts) {
  input(1);
  options.attempts_max = 2;
  start();
  for (int i = 0; i < 50; ++i) {
    give(1);
    auto o = outcome(0, core::outcome_state::failed, errc::unavailable);
    o.attempts = handed_out(0).attempts_before + 1;
    work_report r{handed_out(0).key, report_kind::held, make_shared_value(std::move(o)), {}, 1ms};
    r.excused = 1;
    report(std::move(r));
    advance(1s);
  }
  give(1);
  BOOST_TEST(handed_out(0).attempts_before == 0u);
  complete(0);
  BOOST_TEST(ended().completed == 1u);
  BOOST_TEST(ended().attempts == 51u);
}

BOOST_AUTO_TEST_CASE(on_a_detour_its_own_request_asks_again) {
  input(30);
  start();
  give(30);
  report(0, report_kind::degraded);
  for (uint64_t i = 1; i < 30; ++i)
    report(i, report_kind::held, errc::unavailable);
  give(1);
  BOOST_TEST((work->requests().back().key.index == 0u));
  report(0, report_kind::held, errc::unavailable);
  advance(250ms); // Not one after another of the 29 others, which cannot run now.
  BOOST_REQUIRE(demand() == 1u);
  give(1);
  BOOST_TEST(work->requests().back().key.index == 0u);
  complete(0);
  BOOST_TEST(demand() == 29u);
  give(29);
  for (uint64_t i = 1; i < 30; ++i)
    complete(i);
  BOOST_TEST(ended().completed == 30u);
}

BOOST_AUTO_TEST_CASE(another_lane_runs_on) {
  input(4);
  start();
  give(4);
  report(0, report_kind::held, errc::unavailable, {}, 0);
  complete(1, 1); // A success on another lane frees no request of this lane.
  BOOST_TEST(demand() == 0u);
  complete(2, 1);
  complete(3, 1);
  advance(1s);
  give(1);
  complete(0, 0);
  BOOST_TEST(ended().completed == 4u);
}

BOOST_AUTO_TEST_CASE(an_answer_that_refuses_the_request_proves_the_lane_open) {
  input(3);
  start();
  give(3);
  hold_all(3);
  advance(1s);
  give(1);
  report(work->requests().back().key.index, report_kind::finished, errc::bad_request);
  BOOST_TEST(demand() == 2u);
}

BOOST_AUTO_TEST_CASE(an_upstream_that_never_answered_is_given_up_after_the_first_patience) {
  input(5);
  options.first_patience = 90s;
  start();
  give(5);
  hold_all(5);
  advance(89s);
  BOOST_TEST(!head->finished);
  advance(5s);
  BOOST_TEST((ended().state == job_state::aborted));
  BOOST_TEST((ended().cause.code == errc::unavailable));
  BOOST_TEST(files->lines.empty());
}

BOOST_AUTO_TEST_CASE(an_upstream_that_answered_before_gets_the_longer_patience) {
  input(5);
  options.first_patience = 90s;
  options.outage_patience = 5min;
  start();
  give(5);
  complete(0);
  for (uint64_t i = 1; i < 5; ++i)
    report(i, report_kind::held, errc::unavailable);
  advance(4min);
  BOOST_TEST(!head->finished);
  advance(70s);
  BOOST_TEST((ended().state == job_state::aborted));
  BOOST_TEST(files->lines.size() == 1u);
}

// I10: after an outage that is longer than the patience, no request is final, even if it was tried.
BOOST_AUTO_TEST_CASE(what_was_tried_and_has_attempts_left_stays_open) {
  input(3);
  start();
  give(3);
  for (uint64_t i = 0; i < 3; ++i) {
    auto o = outcome(i, core::outcome_state::failed, errc::unavailable);
    o.attempts = 4;
    o.status_code = 503;
    report(work_report{handed_out(i).key, report_kind::held, make_shared_value(o), {}, {}});
  }
  advance(3min);
  BOOST_TEST((ended().state == job_state::aborted));
  BOOST_TEST(ended().failed == 0u);
  BOOST_TEST(files->lines.empty());
}

BOOST_AUTO_TEST_CASE(a_used_up_quota_parks_the_job_until_it_resets) {
  input(4);
  start();
  give(4);
  report(0, report_kind::held, errc::quota_exhausted, 2h);
  // The lane only refuses the other requests.
  for (uint64_t i = 1; i < 4; ++i)
    report(i, report_kind::held, errc::quota_exhausted);
  auto p = status();
  BOOST_TEST((p.state == job_state::parked));
  BOOST_TEST((p.resume_in > 119min && p.resume_in <= 2h));
  advance(119min);
  BOOST_TEST(demand() == 0u);
  advance(2min);
  BOOST_TEST(demand() == 4u);
  BOOST_TEST((status().state == job_state::running));
  give(4);
  for (uint64_t i = 0; i < 4; ++i)
    complete(i);
  BOOST_TEST((ended().state == job_state::completed));
}

BOOST_AUTO_TEST_CASE(a_quota_needs_no_patience) {
  input(2);
  options.first_patience = 90s;
  start();
  give(2);
  hold_all(2, errc::quota_exhausted, 30h);
  advance(29h);
  BOOST_TEST(!head->finished);
  BOOST_TEST((status().state == job_state::parked));
}

BOOST_AUTO_TEST_CASE(held_requests_keep_few_timers_alive) {
  input(1);
  options.deadline = 10h;
  options.outage_patience = 9h;
  options.first_patience = 9h;
  start();
  give(1);
  report(0, report_kind::held, errc::unavailable);
  for (int i = 0; i < 200; ++i) {
    advance(1s);
    give(1);
    report(0, report_kind::held, errc::unavailable);
  }
  BOOST_TEST(sched.clock().schedule().size() <= 3u);
}

BOOST_AUTO_TEST_CASE(a_request_told_to_wait_for_a_day_holds_nobody_else_and_ends_the_job_open) {
  input(4);
  start();
  give(4);
  report(1, report_kind::held, errc::rate_limited, 24h);
  BOOST_TEST(demand() == 0u);
  complete(0);
  complete(2);
  BOOST_TEST(!head->finished.has_value());
  complete(3);
  BOOST_TEST((ended().state == job_state::aborted));
  BOOST_TEST((ended().cause.code == errc::quota_exhausted));
  BOOST_TEST(ended().cause.context.find("come back at") != std::string::npos);
  BOOST_TEST(ended().cause.context.find("said the test") != std::string::npos);
  BOOST_TEST(ended().completed == 3u);
  BOOST_TEST(ended().failed == 0u);
  BOOST_TEST(times_handed_out(1) == 1u);
}

BOOST_AUTO_TEST_CASE(a_request_told_to_wait_goes_again_when_its_time_has_come) {
  input(3);
  start();
  give(3);
  report(0, report_kind::held, errc::rate_limited, 2h);
  report(1, report_kind::held, errc::unavailable, {}, 1); // Keeps the job.
  complete(2);
  for (int i = 0; i < 4; ++i)
    advance(1s);
  give(1);
  complete(1, 1);
  BOOST_TEST(
    (ended().state == job_state::aborted)); // No other request is left, and the wait is two hours.
  BOOST_TEST(ended().completed == 2u);
}

BOOST_AUTO_TEST_CASE(a_full_window_behind_a_request_told_to_wait_ends_the_job_open) {
  options.window_requests = 4;
  input(20);
  start();
  give(4);
  complete(0);
  report(1, report_kind::held, errc::rate_limited, 24h);
  complete(2);
  complete(3);
  for (int i = 0; i < 8 && !head->finished; ++i) {
    give(demand());
    for (uint64_t index = 4; index < 20; ++index)
      if (times_handed_out(index) == 1)
        complete(index);
  }
  BOOST_TEST((ended().state == job_state::aborted));
  BOOST_TEST(ended().cause.context.find("come back at") != std::string::npos);
  BOOST_TEST(ended().failed == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
