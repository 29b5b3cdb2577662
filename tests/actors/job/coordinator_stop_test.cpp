#include "tests/support/coordinator_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(coordinator_stop_suite, test::coordinator_fixture)

BOOST_AUTO_TEST_CASE(a_drain_hands_out_nothing_and_waits_for_what_is_in_flight) {
  input(6);
  options.in_flight_max = 3;
  start();
  give(3);
  self->send(aut, atom::drain_v);
  run();
  BOOST_TEST(demand() == 0u);
  give(2);
  BOOST_TEST(work->requests().size() == 3u);
  BOOST_TEST(work->aborted.empty());
  for (uint64_t i = 0; i < 3; ++i) {
    BOOST_TEST(!head->finished);
    complete(i);
  }
  BOOST_TEST((ended().state == job_state::interrupted));
  BOOST_TEST(files->lines.size() == 3u);
  BOOST_TEST((files->closed == std::vector{false}));
}

BOOST_AUTO_TEST_CASE(after_the_grace_period_a_drain_aborts) {
  input(3);
  options.grace_period = 30s;
  start();
  give(3);
  self->send(aut, atom::drain_v);
  run();
  advance(29s);
  BOOST_TEST(work->aborted.empty());
  advance(2s);
  BOOST_TEST((work->aborted == std::vector<uint64_t>{job}));
  for (uint64_t i = 0; i < 3; ++i)
    report(i, report_kind::given_back, errc::cancelled);
  BOOST_TEST((ended().state == job_state::interrupted));
  BOOST_TEST(files->lines.empty());
}

BOOST_AUTO_TEST_CASE(an_abort_stops_at_once_and_fails_nothing) {
  input(5);
  options.in_flight_max = 2;
  start();
  give(2);
  self->send(aut, atom::abort_v);
  run();
  BOOST_TEST(work->aborted.size() == 1u);
  report(0, report_kind::given_back, errc::cancelled);
  BOOST_TEST(!head->finished);
  complete(1); // Its answer was on the way.
  BOOST_TEST((ended().state == job_state::interrupted));
  BOOST_TEST(ended().failed + ended().cancelled == 0u);
  BOOST_TEST(files->kept.count(1) == 1u);
}

BOOST_AUTO_TEST_CASE(an_abort_cuts_a_drain_short) {
  input(2);
  start();
  give(2);
  self->send(aut, atom::drain_v);
  self->send(aut, atom::abort_v);
  run();
  BOOST_TEST(work->aborted.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_idle_job_drains_at_once) {
  input(5);
  start();
  self->send(aut, atom::drain_v);
  run();
  BOOST_TEST((ended().state == job_state::interrupted));
}

BOOST_AUTO_TEST_CASE(a_cancel_ends_every_request_read_or_not) {
  input(30);
  options.window_requests = 8;
  options.in_flight_max = 3;
  start();
  give(3);
  complete(0);
  self->send(aut, atom::cancel_v);
  run();
  BOOST_TEST(work->aborted.size() == 1u);
  report(1, report_kind::given_back, errc::cancelled);
  report(2, report_kind::held, errc::unavailable);
  auto& p = ended();
  BOOST_TEST((p.state == job_state::cancelled));
  BOOST_TEST(p.completed == 1u);
  BOOST_TEST(p.cancelled == 29u);
  BOOST_TEST(files->lines.size() == 30u);
  BOOST_TEST((files->closed == std::vector{true}));
  BOOST_TEST((line(1).state == core::outcome_state::cancelled));
  BOOST_TEST(line(1).attempts == 1u);
}

BOOST_AUTO_TEST_CASE(a_refused_key_during_a_cancel_leaves_nothing_open) {
  input(2);
  start();
  give(2);
  self->send(aut, atom::cancel_v);
  run();
  report(0, report_kind::aborting, errc::unauthorized);
  report(1, report_kind::given_back, errc::cancelled);
  BOOST_TEST(ended().cancelled == 2u);
  BOOST_TEST(files->lines.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_deadline_expires_what_is_open_and_keeps_what_is_done) {
  input(6);
  options.deadline = 60s;
  options.in_flight_max = 3;
  start();
  give(3);
  complete(0);
  advance(59s);
  BOOST_TEST(!head->finished);
  advance(2s);
  BOOST_TEST(work->aborted.size() == 1u);
  complete(1);
  report(2, report_kind::given_back, errc::cancelled);
  auto& p = ended();
  BOOST_TEST((p.state == job_state::completed));
  BOOST_TEST(p.completed == 2u);
  BOOST_TEST(p.expired == 4u);
  BOOST_TEST(line(5).error_code == "expired");
}

BOOST_AUTO_TEST_CASE(a_lost_request_of_a_cancelled_job_is_not_handed_out_again) {
  input(1);
  start();
  give(1);
  self->send(aut, atom::cancel_v);
  run();
  self->send(aut, atom::lost_v, uint64_t{1});
  run();
  BOOST_TEST(ended().cancelled == 1u);
}

BOOST_AUTO_TEST_CASE(a_line_that_comes_after_the_end_began_changes_nothing) {
  input(3);
  auto bad = *files->input[0];
  bad.rejection = error{errc::invalid_input, "no JSON"};
  files->source_answers = false;
  start();
  self->send(aut, atom::drain_v);
  self->send(aut, atom::chunk_v, request_chunk{{make_shared_value(bad)}, false});
  run();
  auto& p = ended();
  BOOST_TEST(p.failed == files->lines.size());
  BOOST_TEST(files->closed.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
