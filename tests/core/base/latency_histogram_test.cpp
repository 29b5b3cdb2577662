#include "core/base/latency_histogram.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

bool within_one_percent(duration got, duration want) {
  return std::abs(to_seconds(got) - to_seconds(want)) <= 0.01 * to_seconds(want);
}

} // namespace

BOOST_AUTO_TEST_SUITE(latency_histogram_buckets)

BOOST_AUTO_TEST_CASE(an_empty_one_answers_zero) {
  const latency_histogram h;
  BOOST_TEST(
    (h.count() == 0 && h.mean() == 0s && h.min() == 0s && h.max() == 0s && h.percentile(99) == 0s));
}

BOOST_AUTO_TEST_CASE(one_value_is_every_percentile) {
  latency_histogram h;
  h.record(1234567ns);
  for (double p : {-1.0, 0.0, 50.0, 100.0, 200.0, std::nan("")})
    BOOST_TEST((h.percentile(p) == 1234567ns), p);
}

BOOST_AUTO_TEST_CASE(values_of_any_size_keep_one_percent) {
  for (int64_t ns = 1; ns < int64_t{1} << 43; ns += 1 + ns / 37) {
    latency_histogram h;
    h.record(0s);
    h.record(duration{ns});
    h.record(duration{ns});
    h.record(4h); // Not the smallest or largest value, so the percentile is not clamped.
    BOOST_TEST(within_one_percent(h.percentile(60), duration{ns}), ns);
  }
}

BOOST_AUTO_TEST_CASE(percentiles_agree_with_a_sorted_list) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 rng{seed};
      std::lognormal_distribution<double> seconds{-0.5, 0.1 + 0.1 * seed};
      latency_histogram h;
      std::vector<duration> all;
      double sum = 0;
      for (int i = 0; i < 5000; ++i) {
        all.push_back(from_seconds(seconds(rng)));
        h.record(all.back());
        sum += to_seconds(all.back());
      }
      std::sort(all.begin(), all.end());
      for (double p : {0.1, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9}) {
        const auto rank = static_cast<size_t>(std::ceil(p / 100 * 5000));
        BOOST_TEST(within_one_percent(h.percentile(p), all[rank - 1]), p);
      }
      BOOST_TEST(
        (h.percentile(100) == all.back() && h.max() == all.back() && h.min() == all.front()));
      BOOST_TEST(to_seconds(h.mean()) == sum / 5000, boost::test_tools::tolerance(1e-6));
      BOOST_TEST(h.count() == 5000u);
    }
  }
}

BOOST_AUTO_TEST_CASE(values_out_of_range_are_counted_at_its_ends) {
  latency_histogram h;
  h.record(-5s);
  h.record(duration::max());
  BOOST_TEST((h.count() == 2 && h.min() == 0s && h.max() == duration::max()));
  BOOST_TEST((h.percentile(50) == 0s && h.percentile(100) == duration::max()));
}

BOOST_AUTO_TEST_CASE(merged_ones_equal_one_that_saw_all) {
  std::mt19937_64 rng{7};
  latency_histogram a, b, both;
  for (int i = 0; i < 3000; ++i) {
    const duration d{static_cast<int64_t>(rng() % 5'000'000'000)};
    (i % 3 ? a : b).record(d);
    both.record(d);
  }
  a.merge(b);
  a.merge(latency_histogram{});
  BOOST_TEST((a.count() == both.count() && a.min() == both.min() && a.max() == both.max()));
  BOOST_TEST(to_seconds(a.mean()) == to_seconds(both.mean()), boost::test_tools::tolerance(1e-9));
  for (double p = 0; p <= 100; p += 0.5)
    BOOST_TEST((a.percentile(p) == both.percentile(p)), p);
}

BOOST_AUTO_TEST_CASE(it_stays_small) { BOOST_TEST(sizeof(latency_histogram) <= 21'000u); }

BOOST_AUTO_TEST_SUITE_END()
