#include "apps/mock/mock_limiter.hpp"
#include "apps/mock/mock_random.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::mock;
using namespace std::chrono_literals;

namespace {

const time_point t0{1h};

limiter_options openai(double rpm, double tpm) {
  limiter_options o;
  o.style = limit_style::openai;
  o.rpm = rpm;
  o.tpm = tpm;
  return o;
}

} // namespace

BOOST_AUTO_TEST_SUITE(mock_limiter_rules)

BOOST_AUTO_TEST_CASE(the_wait_of_a_refusal_follows_the_formula_seen_in_captured_answers) {
  // Limit 30000, Used 28039, Requested 3906: "try again in 3.89s".
  mock_limiter l{openai(0, 30000)};
  BOOST_TEST(l.admit("k", "m", 28039, 0, t0).admitted);
  const auto a = l.admit("k", "m", 3906, 0, t0);
  BOOST_TEST(!a.admitted);
  BOOST_TEST((a.failing == dimension::total_tokens));
  BOOST_TEST(a.limit == 30000);
  BOOST_TEST(a.used == 28039);
  BOOST_TEST(a.requested == 3906);
  BOOST_TEST(a.wait == 3.89, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(!l.admit("k", "m", 3906, 0, t0 + 3889ms).admitted);
  BOOST_TEST(l.admit("k", "m", 3906, 0, t0 + 3890ms).admitted);
}

BOOST_AUTO_TEST_CASE(openai_charges_the_larger_of_estimate_and_maximum) {
  mock_limiter l{openai(0, 1000)};
  BOOST_TEST(l.admit("k", "m", 100, 600, t0).charged_tokens == 600);
  BOOST_TEST(!l.admit("k", "m", 401, 1, t0).admitted);
  BOOST_TEST(l.admit("k", "m", 400, 1, t0).admitted);
}

BOOST_AUTO_TEST_CASE(a_new_bucket_begins_at_its_start_level) {
  auto o = openai(60, 0);
  o.window = 10s;
  o.start_level = 0.2;
  mock_limiter l{o};
  BOOST_TEST(l.admit("k", "m", 1, 0, t0).admitted);
  BOOST_TEST(l.admit("k", "m", 1, 0, t0).admitted);
  BOOST_TEST(!l.admit("k", "m", 1, 0, t0).admitted);
  size_t later = 0;
  while (l.admit("k", "m", 1, 0, t0 + 1min).admitted)
    ++later;
  BOOST_TEST(later == 10u);
}

BOOST_AUTO_TEST_CASE(a_refund_is_given_only_where_it_is_switched_on) {
  auto o = openai(0, 1000);
  mock_limiter keeps{o};
  keeps.admit("k", "m", 10, 1000, t0);
  BOOST_TEST(keeps.settle("k", "m", 1000, 30, t0) == 0);
  BOOST_TEST(!keeps.admit("k", "m", 10, 0, t0).admitted);
  o.refund = true;
  mock_limiter refunds{o};
  refunds.admit("k", "m", 10, 1000, t0);
  BOOST_TEST(refunds.settle("k", "m", 1000, 30, t0) == 970);
  BOOST_TEST(refunds.admit("k", "m", 970, 0, t0).admitted);
}

BOOST_AUTO_TEST_CASE(a_request_above_the_capacity_is_too_large_and_debits_no_tokens) {
  mock_limiter l{openai(0, 1000)};
  const auto a = l.admit("k", "m", 1001, 0, t0);
  BOOST_TEST(!a.admitted);
  BOOST_TEST(a.too_large);
  BOOST_TEST(l.admit("k", "m", 1000, 0, t0).admitted);
}

BOOST_AUTO_TEST_CASE(a_rejected_request_costs_a_request_unless_told_otherwise) {
  for (bool charge : {true, false}) {
    auto o = openai(60, 1000);
    o.charge_rejected = charge;
    mock_limiter l{o};
    l.admit("k", "m", 1000, 0, t0);
    for (int i = 0; i < 10; ++i)
      BOOST_TEST(!l.admit("k", "m", 500, 0, t0).admitted);
    const auto left = l.levels("k", "m", t0)[0].remaining;
    BOOST_TEST(left == (charge ? 49 : 59));
  }
}

BOOST_AUTO_TEST_CASE(a_window_of_one_second_makes_sixty_a_minute_one_a_second) {
  auto o = openai(60, 0);
  o.window = 1s;
  mock_limiter l{o};
  BOOST_TEST(l.admit("k", "m", 1, 0, t0).admitted);
  BOOST_TEST(!l.admit("k", "m", 1, 0, t0 + 900ms).admitted);
  o.charge_rejected = false;
  mock_limiter fresh{o};
  for (int i = 0; i < 5; ++i)
    BOOST_TEST(fresh.admit("k", "m", 1, 0, t0 + i * 1s).admitted);
}

BOOST_AUTO_TEST_CASE(anthropic_debits_output_as_it_is_produced_and_may_go_below_zero) {
  limiter_options o;
  o.style = limit_style::anthropic;
  o.rpm = 1000;
  o.itpm = 10000;
  o.otpm = 600;
  mock_limiter l{o};
  BOOST_TEST(l.admit("k", "m", 100, 1'000'000, t0).admitted); // The maximum does not count.
  l.produced("k", "m", 900, t0);
  const auto a = l.admit("k", "m", 100, 1, t0);
  BOOST_TEST(!a.admitted);
  BOOST_TEST((a.failing == dimension::output_tokens));
  BOOST_TEST(a.wait == 30.1, boost::test_tools::tolerance(1e-9)); // From -300 to 1 at 10 a second.
  BOOST_TEST(l.levels("k", "m", t0)[static_cast<size_t>(dimension::output_tokens)].remaining == 0);
  BOOST_TEST(l.admit("k", "m", 100, 1, t0 + 30100ms).admitted);
}

BOOST_AUTO_TEST_CASE(keys_and_models_have_buckets_of_their_own_unless_global) {
  for (bool per_key : {true, false}) {
    auto o = openai(1, 0);
    o.per_key = per_key;
    mock_limiter l{o};
    BOOST_TEST(l.admit("a", "m", 1, 0, t0).admitted);
    BOOST_TEST(l.admit("b", "m", 1, 0, t0).admitted == per_key);
    BOOST_TEST(l.admit("a", "n", 1, 0, t0).admitted == per_key);
  }
}

BOOST_AUTO_TEST_CASE(halved_limits_cut_levels_and_rates) {
  mock_limiter l{openai(600, 0)};
  l.admit("k", "m", 1, 0, t0);
  l.scale(0.5, t0);
  const auto before = l.levels("k", "m", t0)[0];
  BOOST_TEST(before.limit == 300);
  BOOST_TEST(before.remaining == 300);
  for (int i = 0; i < 300; ++i)
    BOOST_TEST_REQUIRE(l.admit("k", "m", 1, 0, t0).admitted);
  BOOST_TEST(l.admit("k", "m", 1, 0, t0).wait == 0.2, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(no_window_grants_more_than_capacity_and_rate) {
  constexpr uint64_t seed = 20261121;
  BOOST_TEST_CONTEXT("seed " << seed) {
    mock_random r{seed};
    for (int round = 0; round < 20; ++round) {
      const double rpm = 1 + static_cast<double>(r.next() % 6000);
      auto o = openai(rpm, 0);
      o.burst = 0.01 + r.uniform();
      o.charge_rejected = false;
      mock_limiter l{o};
      const double capacity = std::max(1.0, rpm * o.burst);
      auto now = t0;
      double granted = 0;
      for (int i = 0; i < 3000; ++i) {
        now += duration{static_cast<int64_t>(r.next() % 40'000'000)};
        granted += l.admit("k", "m", 1, 0, now).admitted;
        BOOST_TEST_REQUIRE(granted <= capacity + rpm / 60 * to_seconds(now - t0) + 1e-3);
      }
      BOOST_TEST(granted >= std::min(3000.0, 0.5 * rpm / 60 * to_seconds(now - t0)) - 1);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
