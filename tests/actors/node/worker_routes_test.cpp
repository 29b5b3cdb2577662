#include "tests/support/routes_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(worker_routes_suite, test::routes_fixture)

BOOST_AUTO_TEST_CASE(the_preferred_lane_answers_and_needs_no_reason) {
  start();
  advance(10ms);
  auto& report = only_report();
  BOOST_TEST(order() == "a");
  BOOST_TEST(report.outcome->lane == "a");
  BOOST_TEST(report.outcome->lane_reason == "");
  BOOST_TEST(other->asked.empty());
}

BOOST_AUTO_TEST_CASE(a_refused_key_moves_the_request_to_the_next_lane) {
  answer(refused_key(), test::completion("yes"));
  start();
  advance(20ms);
  auto& report = only_report();
  BOOST_TEST((report.outcome->state == core::outcome_state::completed));
  BOOST_TEST(order() == "ab");
  BOOST_TEST(report.outcome->lane == "b");
  BOOST_TEST(report.outcome->lane_reason.starts_with("lane a: "));
  BOOST_TEST(report.outcome->lane_reason.find("bad key") != std::string::npos);
  BOOST_TEST(report.outcome->attempts == 2u);
  BOOST_REQUIRE(log->dead.size() == 1u);
  BOOST_TEST(log->dead[0].first == 0u);
  BOOST_TEST((log->dead[0].second.code == errc::unauthorized));
}

BOOST_AUTO_TEST_CASE(a_refused_key_costs_no_attempt_of_the_request) {
  answer(refused_key(), test::completion("yes"));
  task.attempts_max = 1;
  start();
  advance(20ms);
  BOOST_TEST((only_report().outcome->state == core::outcome_state::completed));
}

BOOST_AUTO_TEST_CASE(without_money_anywhere_the_job_ends_with_one_error_that_names_all) {
  answer(no_money(), no_money());
  start();
  advance(1s);
  auto& report = only_report();
  BOOST_TEST((report.kind == report_kind::aborting));
  BOOST_TEST(order() == "ab");
  BOOST_TEST((report.outcome->failure->code == errc::billing));
  for (auto part : {"lane a: ", "lane b: "})
    BOOST_TEST(report.outcome->failure->context.find(part) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_lane_known_as_lost_is_not_asked) {
  task.lost = {{0, {errc::unauthorized, "bad key"}}};
  start();
  advance(10ms);
  auto& report = only_report();
  BOOST_TEST(lane->asked.empty());
  BOOST_TEST(report.outcome->lane == "b");
  BOOST_TEST(report.outcome->lane_reason == "lane a: bad key");
  BOOST_TEST(!other->asked[0].patience.has_value()); // No other lane is left.
}

BOOST_AUTO_TEST_CASE(with_every_lane_lost_nothing_is_asked) {
  task.lost = {{0, {errc::unauthorized, "x"}}, {1, {errc::unauthorized, "y"}}};
  start();
  BOOST_TEST((only_report().kind == report_kind::aborting));
  BOOST_TEST((lane->asked.empty() && other->asked.empty()));
}

BOOST_AUTO_TEST_CASE(news_of_a_lost_lane_move_who_waits_there) {
  lane->grants = false;
  auto aut = start();
  BOOST_TEST(lane->asked.size() == 1u);
  self->send(aut, atom::dead_v, uint32_t{0}, error{errc::billing, "no money"});
  run();
  advance(10ms);
  BOOST_TEST((lane->withdrawn == std::vector{lane->asked[0].id}));
  BOOST_TEST(lane->settlements(lane->asked[0].id) == 1u);
  BOOST_TEST(only_report().outcome->lane == "b");
  BOOST_TEST(log->dead.empty()); // The node knew it already.
}

BOOST_AUTO_TEST_CASE(news_of_a_lost_lane_leave_what_is_being_sent) {
  answer(test::completion("yes", 1s), test::completion("no"));
  auto aut = start();
  self->send(aut, atom::dead_v, uint32_t{0}, error{errc::billing, "no money"});
  advance(2s);
  BOOST_TEST(order() == "a");
  BOOST_TEST((only_report().outcome->state == core::outcome_state::completed));
}

BOOST_AUTO_TEST_CASE(an_open_breaker_moves_the_request_to_the_next_lane) {
  lane->grants = false;
  auto aut = start();
  refuse(aut, *lane, errc::unavailable, 60s);
  advance(10ms);
  auto& report = only_report();
  BOOST_TEST(report.outcome->lane == "b");
  BOOST_TEST(report.outcome->lane_reason == "lane a: unavailable");
  BOOST_TEST(report.outcome->attempts == 1u);
}

BOOST_AUTO_TEST_CASE(if_all_pause_the_shortest_pause_is_waited_for) {
  lane->grants = other->grants = false;
  setup->route_patience = 7s;
  auto aut = start();
  BOOST_TEST((lane->asked[0].patience == std::optional<duration>{7s}));
  refuse(aut, *lane, errc::rate_limited, 30s);
  BOOST_REQUIRE(other->asked.size() == 1u);
  BOOST_TEST((other->asked[0].patience == std::optional<duration>{7s}));
  refuse(aut, *other, errc::rate_limited, 60s);
  BOOST_REQUIRE(lane->asked.size() == 2u);
  BOOST_TEST(!lane->asked[1].patience.has_value());
  BOOST_TEST(other->asked.size() == 1u);
}

BOOST_AUTO_TEST_CASE(with_every_lane_closed_the_job_waits_for_any_of_them) {
  lane->grants = other->grants = false;
  auto aut = start();
  refuse(aut, *lane, errc::quota_exhausted, 1h);
  refuse(aut, *other, errc::unavailable, 60s);
  auto& report = only_report();
  BOOST_TEST((report.kind == report_kind::held));
  BOOST_TEST(report.outcome->lane == "a, b");
  BOOST_TEST((report.outcome->failure->code == errc::unavailable));
}

BOOST_AUTO_TEST_CASE(a_probe_that_fails_keeps_its_attempts_and_asks_the_next_lane) {
  lane->probes = other->probes = true;
  answer(test::answer_with(503, "{}"), test::answer_with(500, "{}"));
  start();
  advance(10ms);
  advance(1s);
  auto& report = only_report();
  BOOST_TEST(order() == "ab");
  BOOST_TEST((report.kind == report_kind::held));
  BOOST_TEST((report.outcome->failure->code == errc::unavailable));
  BOOST_TEST(report.outcome->attempts == 2u);
  BOOST_TEST(report.excused == 2u);
}

BOOST_AUTO_TEST_CASE(a_probe_that_is_refused_for_its_content_is_final) {
  lane->probes = true;
  answer(test::answer_with(400, "{}"), test::completion("no"));
  start();
  advance(10ms);
  BOOST_TEST((only_report().kind == report_kind::finished));
  BOOST_TEST(only_report().excused == 0u);
}

BOOST_AUTO_TEST_CASE(with_every_quota_spent_the_job_learns_when_the_first_returns) {
  lane->grants = other->grants = false;
  auto aut = start();
  refuse(aut, *lane, errc::quota_exhausted, 2h);
  refuse(aut, *other, errc::quota_exhausted, 1h);
  auto& report = only_report();
  BOOST_TEST((report.kind == report_kind::held));
  BOOST_TEST((report.outcome->failure->code == errc::quota_exhausted));
  BOOST_TEST((report.resume_in == 1h));
}

BOOST_AUTO_TEST_CASE(a_retry_begins_with_the_preferred_lane_again) {
  lane->grants = false;
  answer(test::completion("yes"), test::answer_with(500, "{}"));
  auto aut = start();
  refuse(aut, *lane, errc::unavailable, 1s);
  lane->grants = true;
  advance(5s);
  auto& report = only_report();
  BOOST_TEST(order() == "ba");
  BOOST_TEST(report.outcome->lane == "a");
  BOOST_TEST(report.outcome->lane_reason == "");
}

BOOST_AUTO_TEST_CASE(another_model_stands_in_the_body_and_only_there) {
  core::request r = *task.request.what;
  r.body = core::make_payload(R"({"model":"m","x": 1})");
  task.request.what = make_shared_value(r);
  route_over({{0, ""}, {1, "cheap"}});
  answer(refused_key(), test::completion("yes"));
  start();
  advance(20ms);
  BOOST_TEST((only_report().outcome->state == core::outcome_state::completed));
  BOOST_TEST(upstream->calls[0].body == R"({"model":"m","x": 1})");
  BOOST_TEST(upstream->calls[1].body == R"({"model":"cheap","x": 1})");
  BOOST_TEST(other->asked[0].input_bytes == upstream->calls[1].body.size());
}

BOOST_AUTO_TEST_CASE(each_upstream_has_its_own_prices) {
  setup->upstreams[0].prices = core::price_table{{{{"*"}, 1, 1, 1, 1}}};
  setup->upstreams[1].prices = core::price_table{{{{"*"}, 1e6, 1e6, 0, 0}}};
  lane->grants = false;
  auto aut = start();
  refuse(aut, *lane, errc::unavailable);
  advance(10ms);
  BOOST_TEST(only_report().outcome->cost.value_or(0) == 10.0); // 10 input tokens.
}

BOOST_AUTO_TEST_CASE(a_request_that_is_handed_out_again_begins_at_the_same_lane) {
  route_over({{0, ""}, {1, ""}}, true);
  for (uint64_t index = 0; index < 20; ++index) {
    std::string orders;
    for (uint32_t epoch : {1u, 2u, 9u}) {
      upstream->calls.clear();
      task.seed = 7;
      task.request.key = {7, index, epoch};
      start();
      advance(10ms);
      orders += order();
    }
    BOOST_TEST((orders == "aaa" || orders == "bbb"), orders);
  }
}

BOOST_AUTO_TEST_CASE(a_request_told_to_wait_for_hours_goes_to_the_next_lane) {
  answer(told_to_wait("86400"), test::completion("yes"));
  start();
  advance(20ms);
  auto& report = only_report();
  BOOST_TEST((report.outcome->state == core::outcome_state::completed));
  BOOST_TEST(order() == "ab");
}

BOOST_AUTO_TEST_CASE(a_request_that_every_lane_told_to_wait_is_held_until_the_first_takes_it) {
  answer(told_to_wait("86400"), told_to_wait("7200"));
  start();
  advance(20ms);
  auto& report = only_report();
  BOOST_TEST((report.kind == report_kind::held));
  BOOST_TEST((report.outcome->failure->code == errc::rate_limited));
  BOOST_TEST(report.outcome->failure->context.find("come back later") != std::string::npos);
  BOOST_TEST((report.resume_in == caf::timespan{2h}));
  BOOST_TEST(order() == "ab");
}

BOOST_AUTO_TEST_SUITE_END()
