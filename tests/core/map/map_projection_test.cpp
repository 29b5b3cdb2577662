#include "core/map/map_projection.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

outcome answered(uint64_t in, uint64_t out, duration took, std::optional<double> cost) {
  outcome o;
  o.state = outcome_state::completed;
  o.attempts = 1;
  o.used = {in, 0, out, 0, true};
  o.upstream = took;
  o.cost = cost;
  return o;
}

/// Five rows of a stage, one request each.
stage_sample five(std::string lane, std::optional<double> cost) {
  stage_sample s{.stage = "grade", .lane = std::move(lane)};
  for (int i = 0; i < 5; ++i)
    s.add(answered(100, 50, 2s, cost), true);
  return s;
}

projected_lane lane_of(dimension d, double limit) {
  projected_lane lane{"a/default", {}};
  lane.limits.limit[static_cast<size_t>(d)] = limit;
  lane.limits.headroom = 1;
  return lane;
}

} // namespace

BOOST_AUTO_TEST_SUITE(map_projection_suite)

BOOST_AUTO_TEST_CASE(tokens_and_cost_grow_with_the_rows) {
  auto p = project({five("a/default", 0.01), five("a/default", 0.02)}, 5, 100, {}, 10);
  BOOST_TEST(p.requests == 200u);
  BOOST_TEST(p.input_tokens == 20'000u);
  BOOST_TEST(p.output_tokens == 10'000u);
  BOOST_REQUIRE(p.cost.has_value());
  BOOST_TEST(*p.cost == 3.0, boost::test_tools::tolerance(1e-9));
  BOOST_TEST((p.time == 40s)); // 200 requests of 2 s, 10 at once.
  BOOST_TEST(p.bound_by == "requests in flight");
}

BOOST_AUTO_TEST_CASE(the_narrowest_limit_decides_the_time) {
  auto limited = lane_of(dimension::output_tokens, 1000);
  auto p = project({five("a/default", {})}, 5, 100, {limited}, 1000);
  BOOST_TEST((p.time == 240s)); // 5,000 tokens, 1,000 of them at once.
  BOOST_TEST(p.bound_by == "otpm of a/default");
  BOOST_TEST(!p.cost.has_value());
  p = project({five("b/other", {})}, 5, 100, {limited}, 1000);
  BOOST_TEST(p.bound_by == "the time of one row");
  BOOST_TEST((p.time == 2s));
}

BOOST_AUTO_TEST_CASE(corrections_count_and_nothing_left_costs_nothing) {
  auto s = five("a/default", 0.01);
  s.add(answered(200, 50, 1s, 0.02), false);
  auto p = project({s}, 5, 10, {}, 1);
  BOOST_TEST(p.requests == 12u);
  BOOST_TEST(p.rows == 10u);
  BOOST_TEST(project({s}, 5, 0, {}, 1).requests == 0u);
  BOOST_TEST(project({}, 0, 10, {}, 1).requests == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
