#include "tests/support/coordinator_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(coordinator_reports_suite, test::coordinator_fixture)

BOOST_AUTO_TEST_CASE(a_result_of_an_older_epoch_is_refused_and_counted) {
  input(2);
  start();
  give(2);
  const auto first = handed_out(0).key;
  lose(0);
  give(1);
  BOOST_TEST(handed_out(0).key.epoch > first.epoch);
  auto late = outcome(0, core::outcome_state::failed, errc::bad_request);
  report(work_report{first, report_kind::finished, make_shared_value(late), {}, {}});
  BOOST_TEST(status().refused_late == 1u);
  BOOST_TEST(status().failed == 0u);
  complete(0);
  complete(0); // Sent again: its epoch is old, too.
  complete(1);
  BOOST_TEST(ended().completed == 2u);
  BOOST_TEST(ended().refused_late == 2u);
  BOOST_TEST((line(0).state == core::outcome_state::completed));
}

BOOST_AUTO_TEST_CASE(epochs_of_two_lives_of_a_job_do_not_meet) {
  input(1);
  start();
  give(1);
  const auto first = handed_out(0).key.epoch;
  auto parts = std::make_shared<actors::job_parts>(make_parts(sys, files));
  aut = spawn(actors::coordinator, job, spawn(test::fake_engine, head), options, parts, 2u);
  run();
  give(1);
  BOOST_TEST(handed_out(0).key.epoch > first + 1000);
}

BOOST_AUTO_TEST_CASE(a_lost_request_is_handed_out_again_and_the_third_loss_is_poison) {
  input(2);
  start();
  give(2);
  complete(1);
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(!head->finished);
    lose(0);
    give(1);
  }
  BOOST_TEST(times_handed_out(0) == 3u);
  BOOST_TEST(line(0).error_code == "poison");
  BOOST_TEST(ended().lost == 3u);
  BOOST_TEST((ended().state == job_state::completed));
}

BOOST_AUTO_TEST_CASE(what_a_lost_worker_spent_is_not_forgotten) {
  input(1);
  start();
  give(1);
  auto spent = outcome(0, core::outcome_state::failed, errc::internal);
  spent.attempts = 3;
  report(work_report{handed_out(0).key, report_kind::lost, make_shared_value(spent), {}, {}});
  give(1);
  BOOST_TEST(handed_out(0).attempts_before == 3u);
  complete(0);
  BOOST_TEST(line(0).attempts == 4u);
}

BOOST_AUTO_TEST_CASE(what_a_lost_node_had_is_handed_out_elsewhere) {
  input(6);
  start();
  give(3, 1);
  give(3, 2);
  self->send(aut, atom::lost_v, uint64_t{1});
  run();
  BOOST_TEST(demand() == 3u);
  BOOST_TEST(status().lost == 3u);
  give(3, 2);
  for (uint64_t i = 0; i < 6; ++i) {
    BOOST_TEST(times_handed_out(i) == (i < 3 ? 2u : 1u));
    complete(i);
  }
  BOOST_TEST(ended().completed == 6u);
}

BOOST_AUTO_TEST_CASE(a_degraded_request_takes_a_sequential_detour_and_the_job_goes_back) {
  input(4);
  start();
  give(4);
  report(0, report_kind::degraded);
  for (uint64_t i = 1; i < 4; ++i)
    complete(i);
  BOOST_TEST(demand() == 1u);
  give(1);
  BOOST_TEST((work->assigned.back().ran_as == core::mode::sequential));
  BOOST_TEST(handed_out(0).attempts_before == 1u);
  complete(0);
  auto& p = ended();
  BOOST_TEST(p.completed == 4u);
  BOOST_TEST(p.mode_used == "sequential_fallback");
  BOOST_TEST(line(0).attempts == 2u);
  BOOST_REQUIRE(p.changes.size() == 2u);
  BOOST_TEST((p.changes[0].code == errc::server_error));
}

BOOST_AUTO_TEST_CASE(after_a_detour_the_rest_runs_in_parallel_again) {
  input(12);
  options.window_requests = 4;
  start();
  give(4);
  report(0, report_kind::degraded);
  for (uint64_t i = 1; i < 4; ++i)
    complete(i);
  give(1); // The detour; the rest of the window is full.
  complete(0);
  BOOST_TEST(demand() == 4u);
  give(4);
  BOOST_TEST((work->assigned.back().ran_as == core::mode::parallel));
  for (uint64_t i = 4; i < 8; ++i)
    complete(i);
  give(4);
  for (uint64_t i = 8; i < 12; ++i)
    complete(i);
  BOOST_TEST(ended().completed == 12u);
}

BOOST_AUTO_TEST_CASE(what_fails_on_the_detour_fails_for_good) {
  input(3);
  start();
  give(3);
  report(1, report_kind::degraded);
  complete(0);
  complete(2);
  give(1);
  report(1, report_kind::finished, errc::timeout);
  BOOST_TEST(line(1).error_code == "timeout");
  BOOST_TEST(line(1).attempts == 2u);
  BOOST_TEST((ended().state == job_state::completed));
}

BOOST_AUTO_TEST_CASE(a_hopeless_mode_is_left_early_for_good) {
  input(40);
  options.in_flight_max = 12;
  start();
  give(12);
  for (uint64_t i = 0; i < 4; ++i)
    complete(i);
  for (uint64_t i = 4; i < 8; ++i)
    report(i, report_kind::degraded);
  BOOST_TEST(demand() == 0u); // Requests in flight finish first.
  for (uint64_t i = 8; i < 12; ++i)
    complete(i);
  // 4 of 12 is below half, but the decision stands.
  BOOST_TEST(demand() == 1u);
  std::vector<uint64_t> order;
  for (int i = 0; i < 32; ++i) {
    give(1);
    BOOST_REQUIRE(work->assigned.back().requests.size() == 1u);
    BOOST_TEST((work->assigned.back().ran_as == core::mode::sequential));
    order.push_back(work->assigned.back().requests[0].key.index);
    complete(order.back());
  }
  BOOST_TEST(std::is_sorted(order.begin(), order.end()));
  BOOST_TEST(ended().completed == 40u);
  BOOST_TEST(ended().mode_used == "sequential_fallback");
}

BOOST_AUTO_TEST_CASE(an_upstream_that_fails_most_requests_in_the_last_mode_too_stops_the_job) {
  input(40);
  options.mode = core::mode::sequential;
  start();
  for (uint64_t i = 0; i < 8; ++i) {
    BOOST_REQUIRE(!head->finished);
    give(1);
    report(i, report_kind::finished, errc::server_error);
  }
  BOOST_TEST((ended().state == job_state::aborted));
  BOOST_TEST((ended().cause.code == errc::server_error));
  BOOST_TEST(files->lines.size() == 8u);
  BOOST_TEST((files->closed == std::vector{false}));
}

BOOST_AUTO_TEST_CASE(bad_requests_do_not_count_against_the_last_mode) {
  input(20);
  options.mode = core::mode::sequential;
  start();
  for (uint64_t i = 0; i < 20; ++i) {
    give(1);
    report(i, report_kind::finished, errc::bad_request);
  }
  BOOST_TEST((ended().state == job_state::completed));
}

BOOST_AUTO_TEST_CASE(an_unusable_key_stops_the_job_and_leaves_the_request_open) {
  input(5);
  options.in_flight_max = 3;
  start();
  give(3);
  report(1, report_kind::aborting, errc::unauthorized);
  BOOST_TEST(demand() == 0u);
  BOOST_TEST(work->aborted.empty()); // Requests in flight may finish.
  complete(0);
  complete(2);
  BOOST_TEST((ended().state == job_state::aborted));
  BOOST_TEST((ended().cause.code == errc::unauthorized));
  BOOST_TEST(files->lines.size() == 1u);
  BOOST_TEST(files->kept.count(2) == 1u);
  BOOST_TEST(files->kept.count(1) == 0u);
}

BOOST_AUTO_TEST_CASE(refusals_in_flight_when_the_job_stops_over_them_stay_open) {
  input(40);
  start();
  give(40);
  for (uint64_t index = 0; index < 35; ++index) {
    auto o = outcome(index, core::outcome_state::failed, errc::bad_request);
    o.status_code = 404;
    report(work_report{
      handed_out(index).key, report_kind::finished, make_shared_value(std::move(o)), {}, {}});
  }
  for (uint64_t index = 35; index < 40; ++index)
    report(index, report_kind::given_back, errc::cancelled);
  BOOST_TEST((ended().state == job_state::aborted));
  BOOST_TEST(ended().failed == 0u);
  BOOST_TEST(files->lines.empty());
}

BOOST_AUTO_TEST_SUITE_END()
