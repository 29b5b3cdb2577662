#include "core/attempt/route_table.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <map>
#include <random>

using namespace penstock::core;

namespace {

/// Two upstreams: the first with a lane for "big-*" before its default, the second with one lane.
const std::vector<route_lane> lanes{
  {"a/big", 0, {"big-*"}}, {"a/default", 0, {}}, {"b/default", 1, {}}};

std::string names(const route_table& table, std::string_view model, uint64_t random = 1) {
  std::string out;
  for (auto& c : table.candidates(model, random))
    out += (out.empty() ? "" : " ") + table.lanes()[c.lane].name + "=" + c.model;
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(route_table_suite)

BOOST_AUTO_TEST_CASE(without_routes_a_model_goes_to_the_first_lane_of_the_fallback_that_takes_it) {
  const route_table table{lanes};
  BOOST_TEST(names(table, "big-1") == "a/big=big-1");
  BOOST_TEST(names(table, "small") == "a/default=small");
  BOOST_TEST(names(table, "") == "a/default=");
}

BOOST_AUTO_TEST_CASE(a_model_that_no_lane_takes_has_no_candidates) {
  BOOST_TEST(names(route_table{{{"only", 0, {"x*"}}}}, "y") == "");
  BOOST_TEST(names(route_table{lanes, {}, {}}, "y") == "");
  BOOST_TEST(names(route_table{}, "y") == "");
}

BOOST_AUTO_TEST_CASE(an_ordered_route_keeps_its_order_and_its_models) {
  const route_table table{lanes, {{{"big-*"}, false, {{1, ""}, {0, "big-2"}, {0, "tiny"}}}}};
  BOOST_TEST(names(table, "big-1") == "b/default=big-1 a/big=big-2 a/default=tiny");
  BOOST_TEST(names(table, "other") == "a/default=other"); // No route: the fallback.
}

BOOST_AUTO_TEST_CASE(the_first_route_that_matches_wins) {
  const route_table table{lanes, {{{"a*", "b*"}, false, {{1, ""}}}, {{"*"}, false, {{0, ""}}}}};
  BOOST_TEST(names(table, "b1") == "b/default=b1");
  BOOST_TEST(names(table, "c1") == "a/default=c1");
}

BOOST_AUTO_TEST_CASE(a_weighted_route_begins_by_weight_and_names_everybody_once) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937_64 random{seed};
    const route_table table{{{"a", 0, {}}, {"b", 1, {}}, {"c", 2, {}}},
                            {{{"*"}, true, {{0, "", 6}, {1, "", 3}, {2, "", 1}}}}};
    constexpr int draws = 20'000;
    std::map<uint32_t, int> first, second_after_a;
    int a_first = 0;
    for (int i = 0; i < draws; ++i) {
      const auto order = table.candidates("m", random());
      BOOST_REQUIRE(order.size() == 3u);
      BOOST_REQUIRE(order[0].lane + order[1].lane + order[2].lane == 3u);
      BOOST_REQUIRE((order[0].lane != order[1].lane && order[1].lane != order[2].lane));
      ++first[order[0].lane];
      a_first += order[0].lane == 0;
      second_after_a[order[1].lane] += order[0].lane == 0;
    }
    // Five standard deviations, at most 0.018.
    BOOST_TEST(std::abs(first[0] / double{draws} - 0.6) < 0.02);
    BOOST_TEST(std::abs(first[1] / double{draws} - 0.3) < 0.02);
    BOOST_TEST(std::abs(first[2] / double{draws} - 0.1) < 0.02);
    // If the first one is out, its share goes to the others as 3 to 1.
    BOOST_TEST(std::abs(second_after_a[1] / double(a_first) - 0.75) < 0.03);
  }
}

BOOST_AUTO_TEST_CASE(the_same_draw_gives_the_same_order) {
  const route_table table{lanes, {{{"*"}, true, {{0, "", 1}, {1, "", 1}}}}};
  for (uint64_t draw = 0; draw < 100; ++draw)
    BOOST_TEST(names(table, "m", draw) == names(table, "m", draw));
}

BOOST_AUTO_TEST_CASE(shares_follow_order_and_weight) {
  const route_table table{
    lanes, {{{"w*"}, true, {{0, "", 3}, {1, "", 1}}}, {{"o*"}, false, {{1, ""}, {0, ""}}}}};
  const auto weighted = table.shares("w1");
  BOOST_REQUIRE(weighted.size() == 2u);
  BOOST_TEST(weighted[0].first == 1u);
  BOOST_TEST(weighted[0].second == 0.75);
  BOOST_TEST(weighted[1].second == 0.25);
  BOOST_TEST((table.shares("o1") == std::vector<std::pair<uint32_t, double>>{{2, 1.0}}));
  BOOST_TEST((table.shares("x") == std::vector<std::pair<uint32_t, double>>{{1, 1.0}}));
}

BOOST_AUTO_TEST_SUITE_END()
