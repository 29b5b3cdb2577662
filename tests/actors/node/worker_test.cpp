#include "tests/support/worker_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(worker_suite, test::worker_fixture)

BOOST_AUTO_TEST_CASE(a_good_answer_ends_in_a_completed_outcome_and_a_settled_permit) {
  start();
  BOOST_TEST(log->reports.empty());
  advance(10ms);
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::finished));
  BOOST_TEST((report.outcome->state == core::outcome_state::completed));
  BOOST_TEST(report.outcome->attempts == 1u);
  BOOST_TEST(report.outcome->custom_id == "id-3");
  BOOST_TEST(report.outcome->used.output_tokens == 5u);
  BOOST_TEST((report.outcome->upstream == 10ms));
  BOOST_REQUIRE(lane->settled.size() == 1u);
  BOOST_TEST(lane->settled[0].used.input_tokens == 10u);
  BOOST_TEST(lane->settled[0].sent);
  BOOST_TEST(upstream->calls[0].client_id == "run-3");
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_without_a_permit) {
  lane->grants = false;
  start();
  advance(1h);
  BOOST_TEST(upstream->calls.empty());
  BOOST_TEST(log->reports.empty());
}

BOOST_AUTO_TEST_CASE(a_server_error_is_tried_again_after_a_backoff_and_a_new_permit) {
  answer_in_turn({test::answer_with(500, "{}"), test::completion("yes")});
  start();
  advance(10ms);
  BOOST_TEST(lane->settled.size() == 1u);
  advance(600ms);
  auto& report = end();
  BOOST_TEST((report.outcome->state == core::outcome_state::completed));
  BOOST_TEST(report.outcome->attempts == 2u);
  BOOST_REQUIRE(lane->asked.size() == 2u);
  BOOST_TEST(lane->asked[0].id != lane->asked[1].id);
  BOOST_TEST(upstream->calls[0].client_id == upstream->calls[1].client_id);
}

BOOST_AUTO_TEST_CASE(used_up_attempts_degrade_the_request) {
  answer_in_turn({test::answer_with(500, "{}")});
  task.attempts_max = 3;
  start();
  advance(1min);
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::degraded));
  BOOST_TEST(report.outcome->attempts == 3u);
  BOOST_TEST((report.outcome->failure->code == errc::server_error));
}

BOOST_AUTO_TEST_CASE(in_the_last_mode_used_up_attempts_fail_the_request_for_good) {
  answer_in_turn({test::broken_with(core::transport_error::reset)});
  task.attempts_max = 6;
  task.ran_as = core::mode::sequential;
  task.request.attempts_before = 4; // They count, so two attempts are left.
  start();
  advance(5min);
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::finished));
  BOOST_TEST((report.outcome->state == core::outcome_state::failed));
  BOOST_TEST(report.outcome->attempts == 6u);
}

BOOST_AUTO_TEST_CASE(a_429_asks_the_lane_again_at_once_and_burns_no_attempt) {
  std::vector<test::fake_answer> answers(
    7, test::answer_with(429, R"({"error":{"message":"slow","code":"rate_limit_exceeded"}})",
                         {{"retry-after", "2"}}));
  answers.push_back(test::answer_with(429, R"({"error":{"message":"slow"}})"));
  answers.push_back(test::completion("yes"));
  answer_in_turn(answers);
  task.attempts_max = 2;
  start();
  advance(100ms);
  auto& report = end();
  BOOST_TEST((report.outcome->state == core::outcome_state::completed));
  BOOST_TEST(report.outcome->attempts == 9u);
  BOOST_TEST(report.outcome->rate_limited == 8u);
  BOOST_REQUIRE(lane->settled.size() == 9u);
  BOOST_TEST((lane->settled[0].retry_after == caf::timespan{2s}));
  BOOST_TEST(!lane->settled[7].retry_after);
}

BOOST_AUTO_TEST_CASE(a_bad_request_fails_at_once) {
  answer_in_turn({test::answer_with(400, R"({"error":{"message":"no such field"}})")});
  start();
  advance(1s);
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::finished));
  BOOST_TEST((report.outcome->failure->code == errc::bad_request));
  BOOST_TEST(report.outcome->attempts == 1u);
}

BOOST_AUTO_TEST_CASE(keys_of_any_upstream_are_removed_from_answers) {
  setup->keys = core::key_mask{{"key-of-this-one", "key-of-another"}};
  answer_in_turn({test::answer_with(
    400, R"({"error":{"message":"no key-of-this-one, Bearer key-of-another"}})")});
  start();
  advance(1s);
  auto& report = end();
  BOOST_TEST(report.outcome->failure->context.find("key-of") == std::string::npos);
  BOOST_TEST(report.outcome->body->find("key-of") == std::string::npos);
  BOOST_TEST(lane->settled[0].reason.find("key-of") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_path_that_is_not_allowed_is_never_sent) {
  auto what = *task.request.what;
  what.url = "/v1/files";
  task.request.what = make_shared_value(std::move(what));
  start();
  advance(1s);
  BOOST_TEST((end().outcome->failure->code == errc::invalid_input));
  BOOST_TEST(upstream->calls.empty());
}

BOOST_AUTO_TEST_CASE(a_refused_key_aborts_the_job) {
  answer_in_turn({test::answer_with(401, R"({"error":{"message":"bad key"}})")});
  start();
  advance(1s);
  BOOST_TEST((end().kind == report_kind::aborting));
}

BOOST_AUTO_TEST_CASE(a_closed_lane_holds_the_request) {
  lane->grants = false;
  auto aut = start();
  self->send(aut, atom::refused_v, lane->asked[0].id, error{errc::unavailable, "breaker"},
             caf::timespan{});
  run();
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::held));
  BOOST_TEST(report.outcome->attempts == 0u);
}

BOOST_AUTO_TEST_CASE(an_overflowing_lane_is_asked_again_later) {
  lane->grants = false;
  auto aut = start();
  self->send(aut, atom::refused_v, lane->asked[0].id, error{errc::overflow, "full"},
             caf::timespan{});
  run();
  lane->grants = true;
  BOOST_TEST(lane->asked.size() == 1u);
  advance(1s);
  BOOST_TEST((end().outcome->state == core::outcome_state::completed));
}

BOOST_AUTO_TEST_CASE(no_attempt_begins_that_the_deadline_forbids) {
  answer_in_turn({test::answer_with(503, "{}", {{"retry-after", "60"}})});
  task.time_left = 10s;
  start();
  advance(1s);
  auto& report = end();
  BOOST_TEST((report.outcome->state == core::outcome_state::expired));
  BOOST_TEST(upstream->calls.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_model_without_a_lane_fails_with_its_name) {
  setup->routes = core::route_table{{{"default", 0, {"other-*"}}}};
  start();
  auto& report = end();
  BOOST_TEST((report.outcome->failure->code == errc::invalid_config));
  BOOST_TEST(report.outcome->failure->context.find("\"m\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_unsendable_request_gives_its_permit_back) {
  core::request bad = *task.request.what;
  bad.method = "DELETE";
  task.request.what = make_shared_value(bad);
  start();
  BOOST_TEST((end().outcome->failure->code == errc::invalid_input));
  BOOST_REQUIRE(lane->settled.size() == 1u);
  BOOST_TEST(!lane->settled[0].sent);
}

BOOST_AUTO_TEST_SUITE_END()
