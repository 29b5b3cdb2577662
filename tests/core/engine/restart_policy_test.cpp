#include "core/engine/restart_policy.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <vector>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(restart_policy_budget)

BOOST_AUTO_TEST_CASE(five_failures_wait_longer_each_and_the_sixth_is_one_too_many) {
  restart_policy policy;
  const time_point now{1h};
  for (duration wait : std::vector<duration>{0s, 100ms, 200ms, 400ms, 800ms})
    BOOST_TEST((policy.on_failure(now) == wait));
  BOOST_TEST(!policy.on_failure(now));
  BOOST_TEST(!policy.on_failure(now + 59s));
  BOOST_TEST(policy.restarts() == 5u);
}

BOOST_AUTO_TEST_CASE(failures_older_than_the_window_are_forgotten) {
  restart_policy policy;
  time_point now{1h};
  for (int i = 0; i < 100; ++i, now += 60s)
    BOOST_TEST((policy.on_failure(now) == 0s));
  for (int i = 0; i < 4; ++i)
    BOOST_TEST(policy.on_failure(now - 1s + i * 100ms).has_value());
  BOOST_TEST(!policy.on_failure(now - 600ms));   // Four failures, and one 59 s before.
  BOOST_TEST((policy.on_failure(now) == 800ms)); // The old failure is out of the window now.
}

BOOST_AUTO_TEST_CASE(no_wait_exceeds_its_maximum) {
  restart_policy policy{{.restarts_max = 100}};
  std::optional<duration> wait;
  for (int i = 0; i < 100; ++i) {
    const auto next = policy.on_failure(time_point{1h});
    BOOST_REQUIRE(next);
    BOOST_TEST((*next <= 5s && (!wait || *next >= *wait)));
    wait = next;
  }
  BOOST_TEST((wait == 5s));
}

BOOST_AUTO_TEST_CASE(a_budget_of_zero_restarts_nothing) {
  restart_policy policy{{.restarts_max = 0}};
  BOOST_TEST(!policy.on_failure(time_point{1h}));
}

BOOST_AUTO_TEST_CASE(no_window_ever_holds_more_restarts_than_the_budget) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 rng{seed};
      restart_policy policy{{.restarts_max = 3, .window = 10s}};
      std::vector<time_point> granted;
      time_point now{1h};
      for (int i = 0; i < 300; ++i, now += std::chrono::milliseconds{rng() % 6000})
        if (policy.on_failure(now)) {
          granted.push_back(now);
          if (granted.size() > 3)
            BOOST_TEST((now - granted[granted.size() - 4] >= 10s));
        }
      BOOST_TEST(granted.size() > 100u); // Else a policy that refuses everything would pass.
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
