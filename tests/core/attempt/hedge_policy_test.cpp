#include "core/attempt/hedge_policy.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(hedge_policy_suite)

BOOST_AUTO_TEST_CASE(nothing_is_hedged_by_default) {
  hedge_policy policy;
  BOOST_TEST(!policy.is_on());
  policy.count(1000);
  for (int i = 0; i < 100; ++i)
    policy.learn("m", 1s);
  BOOST_TEST(!policy.patience("m").has_value());
  BOOST_TEST(!policy.try_take());
}

BOOST_AUTO_TEST_CASE(the_patience_is_about_the_p95_once_enough_is_known) {
  hedge_policy policy{{.budget = 0.1, .samples_min = 20}};
  for (int i = 1; i < 20; ++i) {
    policy.learn("m", i * 100ms);
    BOOST_TEST(!policy.patience("m").has_value());
  }
  policy.learn("m", 2s);
  BOOST_REQUIRE(policy.patience("m").has_value());
  BOOST_TEST((*policy.patience("m") > 1900ms && *policy.patience("m") < 2040ms));
  BOOST_TEST(!policy.patience("other").has_value());
}

BOOST_AUTO_TEST_CASE(where_all_take_the_same_nobody_is_late) {
  hedge_policy policy{{.budget = 0.1}};
  for (int i = 0; i < 100; ++i)
    policy.learn("m", 1s + std::chrono::milliseconds{i % 10});
  BOOST_TEST((*policy.patience("m") > 1010ms));
}

BOOST_AUTO_TEST_CASE(old_times_are_forgotten) {
  hedge_policy policy{{.budget = 0.1}};
  for (int i = 0; i < 3000; ++i)
    policy.learn("m", 10s);
  for (int i = 0; i < 2500; ++i)
    policy.learn("m", 1s);
  BOOST_TEST((*policy.patience("m") < 1100ms));
}

BOOST_AUTO_TEST_CASE(second_attempts_never_exceed_the_share) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937 random{seed};
    for (double budget : {0.01, 0.05, 0.5, 1.0}) {
      hedge_policy policy{{.budget = budget}};
      uint64_t attempts = 0;
      for (int i = 0; i < 5000; ++i) {
        if (random() % 2) {
          const auto n = static_cast<uint32_t>(random() % 4);
          policy.count(n);
          attempts += n;
        } else {
          policy.try_take();
        }
        BOOST_REQUIRE(static_cast<double>(policy.taken()) <=
                      budget * static_cast<double>(attempts));
      }
      // It allows as many as it may.
      while (policy.try_take()) {
      }
      BOOST_TEST(static_cast<double>(policy.taken() + 1) > budget * static_cast<double>(attempts));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_flood_of_models_is_not_remembered) {
  hedge_policy policy{{.budget = 0.1, .samples_min = 1}};
  for (size_t i = 0; i < 10 * hedge_policy::models_max; ++i)
    policy.learn("m" + std::to_string(i), 1s);
  BOOST_TEST(policy.patience("m0").has_value());
  BOOST_TEST(!policy.patience("m" + std::to_string(hedge_policy::models_max)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
