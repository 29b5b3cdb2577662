#include "core/load/load_verdict.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

load_result result_of(size_t tenants, duration length) {
  load_result r;
  r.record = load_record{tenants, length};
  for (size_t i = 0; i < tenants; ++i) {
    r.tenant_names.push_back("t" + std::to_string(i));
    r.priorities.push_back(priority::normal);
  }
  return r;
}

void got(load_result& r, size_t tenant, duration now,
         outcome_state state = outcome_state::completed) {
  r.record.outcome(tenant, state, 5ms, 1, 0, now);
}

bool meets(const load_result& r, std::string metric, double bound, std::string tenant = "") {
  const std::vector<load_expectation> expected{{std::move(metric), std::move(tenant), bound}};
  return judge(r, expected).front().met;
}

} // namespace

BOOST_AUTO_TEST_SUITE(load_verdict_suite)

BOOST_AUTO_TEST_CASE(times_run_from_when_a_message_was_due) {
  auto r = result_of(1, 10s);
  r.record.arrived(load_message::status);
  r.record.answered(load_message::status, 1s, 4s); // The time of sending does not matter.
  BOOST_TEST(load_value(r, "status_p50").value() == 3, boost::test_tools::tolerance(0.01));
  BOOST_TEST(meets(r, "status_p99", 3.1));
  BOOST_TEST(!meets(r, "status_p99", 2.9));
  BOOST_TEST(!meets(r, "submit_p99", 100), "what was not measured is not enough");
}

BOOST_AUTO_TEST_CASE(what_has_no_answer_counts_with_the_time_it_waited) {
  auto r = result_of(1, 10s);
  r.record.unanswered(load_message::submit, 2s, 9s);
  r.record.failed(load_message::cancel, 1s, 2s, "not_found");
  BOOST_TEST(load_value(r, "submit_max").value() == 7, boost::test_tools::tolerance(0.01));
  BOOST_TEST(load_value(r, "errors").value() == 2);
  BOOST_TEST(r.record.causes().at("cancel: not_found") == 1u);
}

BOOST_AUTO_TEST_CASE(exactness_is_expected_to_be_exact) {
  auto r = result_of(1, 10s);
  for (auto metric : {"lost", "duplicates", "order_violations", "processes_died"})
    BOOST_TEST(meets(r, metric, 0));
  r.record.exactness = {.lost = 1, .unfinished = 0, .duplicates = 1, .order_violations = 1};
  r.processes_died = 1;
  for (auto metric : {"lost", "duplicates", "order_violations", "processes_died"})
    BOOST_TEST(!meets(r, metric, 0));
}

BOOST_AUTO_TEST_CASE(throughput_counts_what_came_while_the_load_ran) {
  auto r = result_of(2, 10s);
  r.record.submitted(0, 100, 0s);
  r.record.submitted(1, 50, 0s);
  for (int i = 0; i < 100; ++i)
    got(r, 0, i < 80 ? 5s : 11s);
  BOOST_TEST(load_value(r, "throughput").value() == 8);
  BOOST_TEST(load_value(r, "throughput", "t0").value() == 8);
  BOOST_TEST(load_value(r, "throughput", "t1").value() == 0);
  BOOST_TEST(r.record.open() == 50u);
  BOOST_TEST(!load_value(r, "throughput", "nobody").has_value());
}

BOOST_AUTO_TEST_CASE(cancelled_before_its_turn_has_no_queue_wait) {
  auto r = result_of(1, 10s);
  r.record.submitted(0, 2, 0s);
  r.record.outcome(0, outcome_state::cancelled, 0s, 0, 0, 1s);
  BOOST_TEST(!load_value(r, "queue_wait_p50").has_value());
  r.record.outcome(0, outcome_state::completed, 2s, 3, 1, 1s);
  BOOST_TEST(load_value(r, "queue_wait_p50").value() == 2, boost::test_tools::tolerance(0.01));
  BOOST_TEST(load_value(r, "rate_limited_per_1000").value() == 1000.0 / 3,
             boost::test_tools::tolerance(1e-9));
  r.upstream =
    load_upstream{.requests = 1000, .rate_limited = 2, .paid_twice = 0, .share_of_limit = 0.97};
  BOOST_TEST(load_value(r, "rate_limited_per_1000").value() == 2); // The mock has the exact number.
  BOOST_TEST(meets(r, "share_of_limit", 0.95));
  BOOST_TEST(!meets(r, "share_of_limit", 0.98));
  BOOST_TEST(meets(r, "paid_twice", 0));
}

BOOST_AUTO_TEST_CASE(a_stall_is_time_without_outcomes_while_something_is_open) {
  auto r = result_of(1, 100s);
  r.record.submitted(0, 2, 10s); // No request was open before.
  got(r, 0, 12s);
  got(r, 0, 15s);
  r.record.submitted(0, 1, 50s);
  got(r, 0, 51s);
  r.record.finish(90s);
  BOOST_TEST((r.record.stall() == 3s));
}

BOOST_AUTO_TEST_CASE(an_open_end_is_a_stall) {
  auto r = result_of(1, 100s);
  r.record.submitted(0, 2, 10s);
  got(r, 0, 12s);
  r.record.finish(30s);
  BOOST_TEST((r.record.stall() == 18s));
}

BOOST_AUTO_TEST_CASE(fairness_gives_everybody_his_share_of_what_he_wanted) {
  const auto index = [](std::vector<load_share> shares) { return fairness(shares); };
  BOOST_TEST(index({}) == 1);
  BOOST_TEST(index({{100, 0}}) == 1);
  BOOST_TEST(index({{100, 50}, {100, 50}}) == 1);
  BOOST_TEST(index({{100, 100}, {100, 0}}) == 0.5);
  // Small tenants get everything, the large one gets the rest: perfectly fair.
  BOOST_TEST(index({{100'000, 980}, {10, 10}, {10, 10}}) == 1, boost::test_tools::tolerance(1e-9));
  // The large one first, the small ones nothing.
  BOOST_TEST(index({{100'000, 1000}, {10, 0}, {10, 0}}) < 0.4);
  // All want more than there is: only even shares are fair.
  BOOST_TEST(index({{1000, 100}, {2000, 100}, {4000, 100}}) == 1,
             boost::test_tools::tolerance(1e-9));
  BOOST_TEST(index({{1000, 50}, {2000, 100}, {4000, 200}}) < 0.85);
  BOOST_TEST(index({{10, 0}, {20, 0}}) == 0);
}

BOOST_AUTO_TEST_CASE(classes_are_not_meant_to_be_equal) {
  auto r = result_of(3, 10s);
  r.priorities = {priority::interactive, priority::bulk, priority::bulk};
  for (size_t i = 0; i < 3; ++i)
    r.record.submitted(i, 100, 0s);
  for (int i = 0; i < 100; ++i)
    got(r, 0, 1s);
  for (int i = 0; i < 10; ++i) {
    got(r, 1, 1s);
    got(r, 2, 1s);
  }
  BOOST_TEST(meets(r, "fairness", 0.999));
  for (int i = 0; i < 60; ++i)
    got(r, 2, 1s);
  BOOST_TEST(!meets(r, "fairness", 0.9));
}

BOOST_AUTO_TEST_CASE(every_metric_is_known_and_can_be_read) {
  auto r = result_of(1, 10s);
  r.record.submitted(0, 1, 0s);
  got(r, 0, 1s);
  r.record.job_ended(0, 0s, 1s);
  r.upstream =
    load_upstream{.requests = 1, .rate_limited = 0, .paid_twice = 0, .share_of_limit = 0.5};
  for (size_t i = 0; i < load_messages; ++i)
    r.record.answered(static_cast<load_message>(i), 0s, 1s);
  for (auto& name : load_metric_names()) {
    const auto metric = load_metric_of(name);
    BOOST_TEST(metric.has_value(), name);
    BOOST_TEST(load_value(r, name).has_value(), name);
    if (metric && metric->per_tenant)
      BOOST_TEST(load_value(r, name, "t0").has_value(), name);
  }
  for (auto name : {"", "lose", "submit", "submit_p98", "p99", "_p99", "lost_p99"})
    BOOST_TEST(!load_metric_of(name).has_value(), name);
}

BOOST_AUTO_TEST_CASE(a_verdict_says_what_was_expected_and_what_came) {
  BOOST_TEST(to_text({{"queue_wait_p99", "", 0.5}, 0.812, false}) ==
             "queue_wait_p99 <= 500 ms: 812 ms");
  BOOST_TEST(to_text({{"share_of_limit", "", 0.95}, 0.961, true}) ==
             "share_of_limit >= 95.0 %: 96.1 %");
  BOOST_TEST(to_text({{"job_p99", "small", 3}, std::nullopt, false}) ==
             "job_p99 of small <= 3.00 s: not measured");
  BOOST_TEST(to_text({{"throughput", "", 1200}, 90.25, false}) == "throughput >= 1200/s: 90.2/s");
}

BOOST_AUTO_TEST_CASE(the_series_is_by_the_second) {
  load_series s;
  s.submitted(100ms, 7);
  s.outcome(900ms, true);
  s.outcome(3100ms, false);
  s.span(3200ms, load_span_job, 40ms);
  s.sample(3500ms, 6, 2, 0.5);
  s.finish(3600ms);
  BOOST_REQUIRE(s.points().size() == 4u);
  BOOST_TEST(s.points()[0].submitted == 7u);
  BOOST_TEST(s.points()[0].completed == 1u);
  BOOST_TEST(s.points()[0].limit_share < 0);
  BOOST_TEST(s.points()[1].completed == 0u);
  BOOST_TEST(s.points()[3].failed == 1u);
  BOOST_TEST(s.points()[3].count[load_span_job] == 1u);
  BOOST_TEST(s.points()[3].p99[load_span_job] == 0.04f, boost::test_tools::tolerance(0.01f));
  BOOST_TEST(s.points()[3].open == 6);
  BOOST_TEST(s.points()[3].limit_share == 0.5);
  BOOST_TEST(s.points()[3].length == 0.6, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(hours_take_no_more_room_than_minutes_and_lose_no_count) {
  load_series s;
  constexpr int hours = 7;
  for (int second = 0; second < hours * 3600; ++second) {
    s.submitted(std::chrono::seconds{second}, 2);
    s.outcome(std::chrono::seconds{second} + 500ms, true);
    s.span(std::chrono::seconds{second} + 500ms, 0, second == 1234 ? 9s : 10ms);
    s.sample(std::chrono::seconds{second} + 500ms, 4, 1, 0.5);
  }
  s.finish(std::chrono::hours{hours});
  BOOST_TEST(s.points().size() <= load_series::points_max);
  uint64_t submitted = 0, completed = 0;
  double length = 0, most = 0;
  for (auto& p : s.points()) {
    submitted += p.submitted;
    completed += p.completed;
    length += p.length;
    most = std::max(most, double{p.p99[0]});
    BOOST_TEST(p.open == 4, boost::test_tools::tolerance(1e-6));
  }
  BOOST_TEST(submitted == 2u * hours * 3600);
  BOOST_TEST(completed == 1u * hours * 3600);
  BOOST_TEST(length == hours * 3600.0, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(most > 8.9, "the tail must not be averaged away");
}

BOOST_AUTO_TEST_CASE(marks_stand_in_the_order_of_their_times) {
  load_record r{1, 10s};
  r.mark({0s, "phase", true});
  r.mark({5s, "later", false});
  r.mark({2s, "earlier", false});
  BOOST_TEST(r.marks()[1].text == "earlier");
}

BOOST_AUTO_TEST_SUITE_END()
