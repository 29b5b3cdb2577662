#include "core/attempt/route_walk.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

const std::vector<route_lane> lanes{{"a", 0, {}}, {"b", 1, {}}, {"c", 2, {}}};

route_walk walk_over(std::vector<candidate> candidates) { return {std::move(candidates), lanes}; }

struct fixture {
  route_walk walk = walk_over({{0, "m"}, {1, "m"}, {2, "m"}});
  const error open{errc::unavailable, "the breaker is open"};
  const error paused{errc::rate_limited, "paused"};
  const error quota{errc::quota_exhausted, "the daily quota is used up"};
  const error key{errc::unauthorized, "bad key"};
  const error money{errc::billing, "no money"};

  size_t asked() {
    const auto step = walk.next();
    BOOST_REQUIRE(step.has_value());
    return step->candidate;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(route_walk_suite, fixture)

BOOST_AUTO_TEST_CASE(candidates_are_asked_in_order_each_round) {
  BOOST_TEST(asked() == 0u);
  walk.refuse(0, open, 0s);
  BOOST_TEST(asked() == 1u);
  walk.refuse(1, open, 0s);
  BOOST_TEST(asked() == 2u);
  walk.begin_round();
  BOOST_TEST(asked() == 0u);
}

BOOST_AUTO_TEST_CASE(who_is_alone_is_waited_for) {
  BOOST_TEST(!walk.next()->patient);
  walk.lose_lane(0, key);
  walk.lose_lane(2, key);
  BOOST_TEST(walk.next()->patient);
  BOOST_TEST(walk_over({{0, "m"}}).next()->patient);
}

BOOST_AUTO_TEST_CASE(if_all_pause_the_shortest_pause_is_waited_for) {
  walk.refuse(0, paused, 60s);
  walk.refuse(1, paused, 20s);
  walk.refuse(2, open, 5s);
  const auto step = walk.next();
  BOOST_REQUIRE(step.has_value());
  BOOST_TEST(step->candidate == 1u);
  BOOST_TEST(step->patient);
  walk.refuse(1, open, 60s); // Its breaker opened during the wait.
  BOOST_TEST(asked() == 0u);
}

BOOST_AUTO_TEST_CASE(a_round_that_ends_says_who_may_come_back_and_when) {
  walk.refuse(0, open, 60s);
  walk.refuse(1, quota, 3600s);
  walk.lose_lane(2, key);
  BOOST_TEST(!walk.next().has_value());
  const auto end = walk.end();
  BOOST_TEST(!end.all_out);
  BOOST_TEST(walk.names_of(end.lanes) == "a, b");
  BOOST_TEST((end.retry_in == 60s));
  BOOST_TEST((end.why.code == errc::unavailable));
  BOOST_TEST(end.why.context ==
             "no lane takes this request: lane a: the breaker is open; lane b: the "
             "daily quota is used up; lane c: bad key");
}

BOOST_AUTO_TEST_CASE(only_quotas_in_the_way_are_a_quota) {
  walk = walk_over({{0, "m"}, {1, "m"}});
  walk.refuse(0, quota, 3600s);
  walk.refuse(1, quota, 600s);
  BOOST_TEST((walk.end().why.code == errc::quota_exhausted));
  BOOST_TEST((walk.end().retry_in == 600s));
}

BOOST_AUTO_TEST_CASE(one_lane_alone_says_it_in_its_own_words) {
  walk = walk_over({{0, "m"}});
  walk.refuse(0, open, 60s);
  BOOST_TEST(walk.end().why.context == "the breaker is open");
  walk.lose_lane(0, money);
  BOOST_TEST(walk.end().all_out);
  BOOST_TEST(walk.end().why.context == "no money");
  BOOST_TEST((walk.end().why.code == errc::billing));
}

BOOST_AUTO_TEST_CASE(when_every_key_is_out_each_is_named) {
  walk.lose_lane(0, money);
  walk.lose_lane(1, money);
  walk.lose_lane(2, money);
  walk.begin_round(); // Lost lanes stay lost.
  BOOST_TEST(!walk.next().has_value());
  const auto end = walk.end();
  BOOST_TEST(end.all_out);
  BOOST_TEST((end.why.code == errc::billing));
  for (auto part : {"lane a: no money", "lane b: no money", "lane c: no money"})
    BOOST_TEST(end.why.context.find(part) != std::string::npos);
  walk = walk_over({{0, "m"}, {1, "m"}});
  walk.lose_lane(0, money);
  walk.lose_lane(1, key);
  BOOST_TEST((walk.end().why.code == errc::unauthorized));
}

BOOST_AUTO_TEST_CASE(a_lost_lane_takes_all_its_candidates_along_and_is_news_once) {
  walk = walk_over({{0, "m"}, {0, "other"}, {1, "m"}});
  BOOST_TEST(walk.lose_lane(0, key));
  BOOST_TEST(!walk.lose_lane(0, key));
  BOOST_TEST(!walk.lose_lane(2, key)); // A lane of another route.
  BOOST_TEST(asked() == 2u);
  walk.refuse(0, open, 1s); // A late refusal of a lost lane changes nothing.
  walk.begin_round();
  BOOST_TEST(asked() == 2u);
}

BOOST_AUTO_TEST_CASE(full_queues_and_small_limits_are_no_reason_to_hold_the_request) {
  walk = walk_over({{0, "m"}, {1, "m"}});
  walk.refuse(0, {errc::request_too_large, "too large"}, 0s);
  BOOST_TEST(asked() == 1u);
  walk.refuse(1, {errc::request_too_large, "too large"}, 0s);
  BOOST_TEST(!walk.next().has_value());
  BOOST_TEST((walk.end().why.code == errc::request_too_large));
  BOOST_TEST(walk.end().lanes.empty());
  walk.refuse(1, {errc::overflow, "full"}, 0s);
  BOOST_TEST((walk.end().why.code == errc::overflow));
}

BOOST_AUTO_TEST_CASE(the_reason_tells_who_was_passed_over) {
  BOOST_TEST(walk.reason(0) == "");
  walk.refuse(0, open, 60s);
  walk.lose_lane(1, key);
  BOOST_TEST(walk.reason(2) == "lane a: the breaker is open; lane b: bad key");
  BOOST_TEST(walk.reason(0) == "");
}

BOOST_AUTO_TEST_CASE(a_second_attempt_goes_to_another_lane) {
  walk = walk_over({{0, "m"}, {0, "other"}, {1, "m"}});
  BOOST_TEST((walk.other_than(0) == std::optional<size_t>{2}));
  BOOST_TEST((walk.other_than(2) == std::optional<size_t>{0}));
  walk.lose_lane(1, key);
  BOOST_TEST(!walk.other_than(0).has_value());
}

BOOST_AUTO_TEST_CASE(every_round_ends_whatever_lanes_say) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937 random{seed};
    const std::array codes{errc::unavailable, errc::quota_exhausted, errc::rate_limited,
                           errc::overflow, errc::request_too_large};
    for (int run = 0; run < 2000; ++run) {
      walk = walk_over({{0, "m"}, {1, "m"}, {2, "m"}});
      for (uint32_t lane = 0; lane < 3; ++lane)
        if (random() % 4 == 0)
          walk.lose_lane(lane, key);
      int steps = 0;
      for (; auto step = walk.next(); ++steps) {
        BOOST_REQUIRE(steps < 10);
        // A lane does not refuse a request that may wait for its pause.
        auto code = codes[random() % codes.size()];
        if (step->patient && code == errc::rate_limited)
          code = errc::unavailable;
        walk.refuse(step->candidate, {code, "x"}, std::chrono::seconds{random() % 100});
      }
      const auto end = walk.end();
      BOOST_TEST(!end.why.context.empty());
      BOOST_TEST(end.all_out == (steps == 0));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
