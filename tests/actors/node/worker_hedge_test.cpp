#include "tests/support/routes_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;

namespace {

/// A slow answer at a, a fast one at b, and permission for a second attempt after 1 s.
struct fixture : test::routes_fixture {
  fixture() {
    task.hedge_after = 1s;
    log->gives_leave = true;
    answer(test::completion("slow", 10s), test::completion("fast", 1s));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(worker_hedge_suite, fixture)

BOOST_AUTO_TEST_CASE(a_second_attempt_that_answers_first_wins) {
  start();
  advance(999ms);
  BOOST_TEST(order() == "a");
  BOOST_TEST(log->hedges_asked == 0u);
  advance(5s);
  auto& report = only_report();
  BOOST_TEST(order() == "ab");
  BOOST_TEST((report.outcome->state == core::outcome_state::completed));
  BOOST_TEST(report.outcome->body->find("fast") != std::string::npos);
  BOOST_TEST(report.outcome->lane == "b");
  BOOST_TEST(report.outcome->lane_reason == "lane a: takes longer");
  BOOST_TEST(report.outcome->attempts == 2u);
  BOOST_TEST(report.hedged == 1u);
  BOOST_TEST(report.hedge_won);
  BOOST_TEST((report.last_attempt == 2s)); // The time that the request waited.
  BOOST_TEST(upstream->calls[0].aborted);
  BOOST_TEST(lane->settled.at(0).abandoned);
  BOOST_TEST(lane->settled.at(0).sent);
  advance(1h);
  BOOST_TEST(log->reports.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_first_attempt_that_still_answers_first_wins) {
  answer(test::completion("slow", 1500ms), test::completion("fast", 1s));
  start();
  advance(5s);
  auto& report = only_report();
  BOOST_TEST(report.outcome->body->find("slow") != std::string::npos);
  BOOST_TEST(report.outcome->lane == "a");
  BOOST_TEST(report.outcome->lane_reason == "");
  BOOST_TEST(report.hedged == 1u);
  BOOST_TEST(!report.hedge_won);
  BOOST_TEST(report.outcome->attempts == 2u);
  BOOST_TEST(upstream->calls[1].aborted);
  BOOST_TEST(other->settled.at(0).abandoned);
}

BOOST_AUTO_TEST_CASE(the_cost_of_the_loser_counts) {
  // The fake lanes expect one input and one output token.
  for (auto& u : setup->upstreams)
    u.prices = core::price_table{{{{"*"}, 1e6, 1e6, 1e6, 1e6}}};
  start();
  advance(5s);
  BOOST_TEST(only_report().outcome->cost.value_or(0) == 15.0 + 2.0);
}

BOOST_AUTO_TEST_CASE(without_leave_there_is_no_second_attempt) {
  log->gives_leave = false;
  start();
  advance(20s);
  BOOST_TEST(order() == "a");
  BOOST_TEST(log->hedges_asked == 1u);
  BOOST_TEST(only_report().hedged == 0u);
}

BOOST_AUTO_TEST_CASE(nobody_is_asked_where_nothing_could_come_of_it) {
  const auto silent = [&] {
    start();
    advance(20s);
    BOOST_TEST(log->hedges_asked == 0u);
    BOOST_TEST(order() == "a");
    *log = {};
    upstream->calls.clear();
  };
  BOOST_TEST_CONTEXT("the p95 is not known") {
    task.hedge_after.reset();
    silent();
  }
  task.hedge_after = 1s;
  BOOST_TEST_CONTEXT("one attempt is left") {
    task.attempts_max = 1;
    silent();
  }
  task.attempts_max = 5;
  BOOST_TEST_CONTEXT("one request at a time is wanted") {
    task.ran_as = core::mode::sequential;
    silent();
  }
  task.ran_as = core::mode::parallel;
  BOOST_TEST_CONTEXT("the route has one lane") {
    route_over({{0, ""}});
    silent();
  }
}

BOOST_AUTO_TEST_CASE(a_first_attempt_that_fails_leaves_the_request_to_the_second) {
  answer(test::answer_with(500, "{}", {}, 1500ms), test::completion("fast", 1s));
  start();
  advance(5s);
  auto& report = only_report();
  BOOST_TEST(order() == "ab"); // No retry in between.
  BOOST_TEST((report.outcome->state == core::outcome_state::completed));
  BOOST_TEST(report.outcome->lane_reason == "lane a: failed first");
}

BOOST_AUTO_TEST_CASE(a_second_attempt_that_fails_leaves_the_request_to_the_first) {
  answer(test::completion("slow", 3s), test::answer_with(500, "{}"));
  start();
  advance(20s);
  auto& report = only_report();
  BOOST_TEST(order() == "ab");
  BOOST_TEST(report.outcome->body->find("slow") != std::string::npos);
  BOOST_TEST(!report.hedge_won);
}

BOOST_AUTO_TEST_CASE(both_attempts_count_against_the_maximum) {
  answer(test::answer_with(500, "{}", {}, 3s), test::answer_with(500, "{}"));
  task.attempts_max = 2;
  start();
  advance(1min);
  auto& report = only_report();
  BOOST_TEST(order() == "ab");
  BOOST_TEST((report.kind == report_kind::degraded));
}

BOOST_AUTO_TEST_CASE(a_final_refusal_of_one_ends_both) {
  answer(test::completion("slow", 10s),
         test::answer_with(400, R"({"error":{"message":"no such field"}})"));
  start();
  advance(20s);
  auto& report = only_report();
  BOOST_TEST((report.outcome->failure->code == errc::bad_request));
  BOOST_TEST(upstream->calls[0].aborted);
}

BOOST_AUTO_TEST_CASE(a_second_attempt_that_gets_no_permit_is_withdrawn) {
  other->grants = false;
  start();
  advance(20s);
  auto& report = only_report();
  BOOST_TEST(order() == "a");
  BOOST_TEST(report.hedged == 0u);
  BOOST_REQUIRE(other->asked.size() == 1u);
  BOOST_TEST((other->asked[0].patience == std::optional<duration>{0s}));
  BOOST_TEST((other->withdrawn == std::vector{other->asked[0].id}));
}

BOOST_AUTO_TEST_CASE(a_refused_second_attempt_is_forgotten) {
  other->grants = false;
  auto aut = start();
  advance(1s);
  refuse(aut, *other, errc::unavailable);
  advance(20s);
  BOOST_TEST(order() == "a");
  BOOST_TEST((only_report().outcome->state == core::outcome_state::completed));
}

BOOST_AUTO_TEST_CASE(leave_that_comes_late_is_not_used) {
  log->gives_leave = false;
  auto aut = start();
  advance(10s);
  self->send(aut, atom::hedge_v);
  run();
  BOOST_TEST(order() == "a");
}

BOOST_AUTO_TEST_CASE(an_abort_stops_both_and_settles_both) {
  answer(test::completion("slow", 1h), test::completion("slow", 1h));
  auto aut = start();
  advance(2s);
  BOOST_TEST(order() == "ab");
  self->send(aut, atom::abort_v);
  run();
  auto& report = only_report();
  BOOST_TEST((report.kind == report_kind::given_back));
  BOOST_TEST(report.outcome->attempts == 2u);
  BOOST_TEST((upstream->calls[0].aborted && upstream->calls[1].aborted));
}

BOOST_AUTO_TEST_CASE(a_killed_worker_gives_both_permits_back) {
  answer(test::completion("slow", 1h), test::completion("slow", 1h));
  auto aut = start();
  advance(2s);
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  run();
  auto& report = only_report();
  BOOST_TEST((report.kind == report_kind::lost));
  BOOST_TEST(report.outcome->attempts == 2u);
  BOOST_TEST((upstream->calls[0].aborted && upstream->calls[1].aborted));
}

BOOST_AUTO_TEST_CASE(a_new_http_client_ends_both_and_the_request_goes_on) {
  answer(test::completion("slow", 1h), test::completion("slow", 1h));
  auto aut = start();
  advance(2s);
  answer(test::completion("yes"), test::completion("yes"));
  self->send(aut, atom::rewire_v, wiring{spawn(test::fake_http, upstream), wires.limiters});
  run();
  advance(10s);
  auto& report = only_report();
  BOOST_TEST((report.outcome->state == core::outcome_state::completed));
  BOOST_TEST(report.outcome->attempts == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
