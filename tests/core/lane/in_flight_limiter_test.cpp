#include "tests/support/process.hpp"
#include "tests/support/width_model.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace penstock;
using namespace std::chrono_literals;
using core::attempt_end;
using core::in_flight_limiter;
using test::width_model;
using test::width_settings;
using shape = width_settings::shape;

namespace {

/// The best throughput that any fixed width gives.
double best_fixed(width_settings s, double from, double to) {
  double best = 0;
  const auto at = static_cast<uint32_t>(s.capacity);
  for (uint32_t width : {at * 3 / 4, at, s.width_max})
    if (width < s.width_max || s.form == shape::fixed)
      best = std::max(best, width_model{s}.throughput(width, from, to));
  return best;
}

/// Results of the adaptive width over some seeds.
struct result_of_seeds {
  double worst = 1e9; ///< Smallest throughput, relative to the best fixed width.
  double widest = 0;  ///< Mean width.
  double dropped = 0; ///< Share of attempts, at most.
};

result_of_seeds settle(width_settings s, double from = 15, double to = 35) {
  const double best = best_fixed(s, from, to);
  result_of_seeds r;
  const uint64_t seeds = test::rounds(3, 1);
  for (s.seed = 1; s.seed <= seeds; ++s.seed) {
    width_model m{s};
    const double share = m.throughput(0, from, to) / best;
    BOOST_TEST_MESSAGE("shape " << int(s.form) << ", sigma " << s.sigma << ", seed " << s.seed
                                << ": " << share << " of the best, width " << m.mean_width()
                                << ", dropped " << m.drops());
    r.worst = std::min(r.worst, share);
    r.widest = std::max(r.widest, m.mean_width());
    r.dropped = std::max(r.dropped, m.drops());
  }
  return r;
}

width_settings form(shape f, double sigma = 0.3, double capacity = 40) {
  return {.form = f, .capacity = capacity, .latency = 0.5, .sigma = sigma, .capacity_at = {}};
}

/// A limiter; the test ends its attempts one by one.
struct stepped {
  explicit stepped(uint32_t width_max) : limiter{width_max, now} {}
  /// Fills the width, and ends all attempts after `took`, every `nth` one as a drop (0: none).
  void round(duration took, uint64_t nth = 0) {
    std::vector<attempt_end> out;
    const auto first = next;
    for (uint32_t n = 1; n <= limiter.limit(); ++n) {
      out.push_back({.granted = now, .in_flight = n});
      limiter.granted(next++, n, now);
    }
    now += took;
    for (size_t i = 0; i < out.size(); ++i) {
      if (nth > 0 && ++count % nth == 0)
        out[i].how = attempt_end::kind::dropped;
      limiter.ended(first + i, out[i], now);
    }
  }
  time_point now{1h};
  uint64_t next = 1, count = 0;
  in_flight_limiter limiter;
};

} // namespace

BOOST_AUTO_TEST_SUITE(in_flight_limiter_suite)

BOOST_AUTO_TEST_CASE(a_small_job_goes_out_at_once) {
  BOOST_TEST(in_flight_limiter(256, time_point{}).limit() == 64u);
  BOOST_TEST(in_flight_limiter(10, time_point{}).limit() == 10u);
  BOOST_TEST(in_flight_limiter(1, time_point{}).limit() == 1u);
}

BOOST_AUTO_TEST_CASE(without_a_limit_the_width_doubles_every_round) {
  stepped s{256};
  s.round(1s);
  BOOST_TEST(s.limiter.limit() == 128u);
  s.round(1s);
  BOOST_TEST(s.limiter.limit() == 256u);
}

BOOST_AUTO_TEST_CASE(without_a_limit_hardly_anything_is_lost) {
  for (double sigma : {0.0, 0.3, 0.9})
    BOOST_TEST(settle(form(shape::fixed, sigma)).worst >= 0.93);
}

BOOST_AUTO_TEST_CASE(an_upstream_that_slows_down_gives_80_percent_of_its_best) {
  for (double sigma : {0.0, 0.3, 0.6})
    BOOST_TEST(settle(form(shape::coupled, sigma)).worst >= 0.8);
}

BOOST_AUTO_TEST_CASE(a_queue_is_kept_short) {
  for (double sigma : {0.0, 0.3, 0.9}) {
    const auto r = settle(form(shape::queue, sigma));
    BOOST_TEST(r.worst >= 0.8);
    BOOST_TEST(r.widest <= 80);
  }
}

BOOST_AUTO_TEST_CASE(an_upstream_that_thrashes_is_left_in_peace) {
  for (double sigma : {0.0, 0.3, 0.6})
    BOOST_TEST(settle(form(shape::thrash, sigma)).worst >= 0.8);
}

BOOST_AUTO_TEST_CASE(few_are_refused_where_a_number_is_the_limit) {
  for (double capacity : {10.0, 60.0, 200.0}) {
    const auto r = settle(form(shape::refuse, 0.3, capacity));
    BOOST_TEST(r.worst >= 0.8);
    BOOST_TEST(r.dropped <= 0.02);
  }
}

BOOST_AUTO_TEST_CASE(where_all_slow_down_together_throughput_stays) {
  BOOST_TEST(settle(form(shape::shared)).worst >= 0.8);
}

BOOST_AUTO_TEST_CASE(long_answers_are_not_taken_for_load) {
  for (auto f : {shape::fixed, shape::coupled, shape::queue})
    for (bool usage : {true, false}) {
      auto s = form(f);
      s.tokens_median = 150;
      s.usage = usage;
      BOOST_TEST(settle(s).worst >= 0.8);
    }
}

BOOST_AUTO_TEST_CASE(two_humps_of_times_are_not_taken_for_load) {
  auto s = form(shape::fixed, 0.2);
  s.slow_share = 0.4;
  s.latency = 0.2;
  BOOST_TEST(settle(s, 20, 50).worst >= 0.7);
}

BOOST_AUTO_TEST_CASE(a_capacity_that_changes_is_followed) {
  for (auto f : {shape::queue, shape::thrash, shape::refuse})
    for (auto [before, after] : {std::pair{40.0, 15.0}, {15.0, 60.0}}) {
      auto s = form(f, 0.3, after);
      s.latency = 0.3;
      const double best = best_fixed(s, 40, 80);
      s.capacity_at = [before = before, after = after](double t) {
        return t < 30 ? before : after;
      };
      const double share = width_model{s}.throughput(0, 60, 100) / best;
      BOOST_TEST_MESSAGE("shape " << int(f) << " " << before << " -> " << after << ": " << share);
      BOOST_TEST(share >= 0.75);
    }
}

BOOST_AUTO_TEST_CASE(failures_that_no_width_avoids_do_not_strangle) {
  for (double share : {0.01, 0.15}) {
    auto s = form(shape::fixed);
    s.latency = 0.2;
    s.fail_share = share;
    BOOST_TEST(settle(s).worst >= (share < 0.1 ? 0.9 : 0.5));
  }
}

BOOST_AUTO_TEST_CASE(an_outage_lowers_the_width_and_leaves_no_trace) {
  stepped s{256};
  for (int i = 0; i < 5; ++i)
    s.round(1s);
  BOOST_TEST(s.limiter.limit() == 256u);
  for (int i = 0; i < 60; ++i)
    s.round(10ms, 1);
  BOOST_TEST(s.limiter.limit() < 16u);
  for (int i = 0; i < 120; ++i)
    s.round(1s);
  BOOST_TEST(s.limiter.limit() >= 200u);
}

BOOST_AUTO_TEST_CASE(one_failure_in_a_hundred_changes_nothing) {
  stepped s{64};
  for (int i = 0; i < 50; ++i) {
    s.round(1s, 100);
    BOOST_TEST(s.limiter.limit() >= 51u);
  }
}

BOOST_AUTO_TEST_CASE(whatever_comes_the_width_stays_within_its_bounds) {
  for (uint64_t seed = 1; seed <= test::rounds(100, 20); ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 random{seed};
      const auto most = static_cast<uint32_t>(1 + random() % 300);
      time_point now{1h};
      in_flight_limiter limiter{most, now};
      std::map<uint64_t, attempt_end> out;
      uint64_t ordinal = 0;
      for (int i = 0; i < 1000; ++i) {
        now += std::chrono::milliseconds{random() % 50};
        ordinal += 1 + random() % 50 / 49; // Sometimes an unknown one.
        if (out.size() < limiter.limit()) {
          const auto n = static_cast<uint32_t>(out.size() + 1);
          limiter.granted(ordinal, n, now);
          out[ordinal] = {.granted = now, .in_flight = n};
        }
        if (!out.empty() && random() % 2) {
          auto it = std::next(out.begin(), static_cast<long>(random() % out.size()));
          it->second.how = static_cast<attempt_end::kind>(random() % 3);
          it->second.output_tokens = static_cast<double>(random() % 3 ? random() % 500 : random());
          limiter.ended(it->first, it->second, now);
          out.erase(it);
        }
        BOOST_TEST(limiter.limit() >= 1u);
        BOOST_TEST(limiter.limit() <= most);
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()
