#include "core/lane/circuit_breaker.hpp"

#include "tests/support/seeds.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

using namespace penstock;
using namespace std::chrono_literals;
using penstock::core::breaker_rules;
using penstock::core::circuit_breaker;

namespace {

constexpr time_point start{1h};
constexpr duration tick = 10ms;

breaker_rules rules(uint64_t seed = 1) {
  return {.trips_after = 3, .probe_gap_max = 60s, .probes_at_once = 3, .seed = seed};
}

circuit_breaker tripped(uint64_t seed = 1) {
  circuit_breaker b{rules(seed)};
  for (int i = 0; i < 3; ++i)
    b.fail(start, false);
  return b;
}

/// Goes on to the next probe. @returns when it was sent.
time_point next_probe(circuit_breaker& b, time_point now) {
  now = std::max(now, b.probe_at());
  BOOST_REQUIRE(b.wants_probe(now));
  b.begin_probe(now);
  return now;
}

/// An upstream that is down while `is_down` says so, and requests that ask all the time. Probes
/// are answered after one tick.
struct outage {
  explicit outage(uint64_t seed) : breaker{rules(seed)} {}

  template <class IsDown>
  void run(duration length, IsDown is_down) {
    for (const auto end = now + length; now < end; now += tick) {
      const bool down = is_down(now - start);
      for (; probes_out > 0; --probes_out)
        down ? void(breaker.fail(now, true)) : breaker.succeed(now, true);
      while (breaker.wants_probe(now) && !breaker.passes()) {
        breaker.begin_probe(now);
        ++probes_out;
        probes.push_back(now);
        if (down)
          probes_down.push_back(now);
      }
      if (!breaker.passes())
        continue;
      ++(down ? bad_ticks : good_ticks);
      down ? void(breaker.fail(now, false)) : breaker.succeed(now, false);
      if (!down && !back)
        back = now;
    }
  }

  time_point now = start;
  circuit_breaker breaker;
  int probes_out = 0, good_ticks = 0, bad_ticks = 0;
  std::vector<time_point> probes, probes_down;
  std::optional<time_point> back; // When work first went on.
};

} // namespace

BOOST_AUTO_TEST_SUITE(circuit_breaker_suite)

BOOST_AUTO_TEST_CASE(only_failures_in_a_row_trip_it) {
  circuit_breaker b{rules()};
  b.fail(start, false);
  b.fail(start, false);
  b.succeed(start, false);
  BOOST_TEST(!b.fail(start, false));
  BOOST_TEST(!b.fail(start, false));
  BOOST_TEST(b.passes());
  BOOST_TEST(b.fail(start, false));
  BOOST_TEST(b.refuses(start));
  BOOST_TEST(b.trips() == 1u);
}

BOOST_AUTO_TEST_CASE(quick_failures_do_not_trip_it_while_most_requests_are_still_open) {
  circuit_breaker b{rules()};
  for (size_t open = 255; open > 245; --open)
    BOOST_TEST(!b.fail(start, false, open));
  b.succeed(start, false);
  // The provider goes down: soon there are more failures than open requests.
  size_t failures = 0;
  for (size_t open = 99; b.passes(); --open, ++failures)
    b.fail(start, false, open);
  BOOST_TEST(failures == 50u);
}

BOOST_AUTO_TEST_CASE(the_first_probe_comes_within_half_a_second_after_a_good_time) {
  test::for_seeds(0, 100, [](uint32_t seed) {
    circuit_breaker b{rules(seed)};
    b.succeed(start - 59s, false);
    for (int i = 0; i < 3; ++i)
      b.fail(start, false);
    BOOST_TEST(!b.wants_probe(start + 333ms));
    BOOST_TEST(b.wants_probe(start + 500ms));
    auto other = tripped(seed); // It never answered.
    BOOST_TEST(!other.wants_probe(start + 333ms));
    BOOST_TEST(other.wants_probe(start + 1s));
  });
}

BOOST_AUTO_TEST_CASE(a_probe_that_succeeds_closes_it_and_one_that_fails_opens_it_again) {
  auto b = tripped();
  const auto first = next_probe(b, start);
  BOOST_TEST(b.fail(first, true));
  BOOST_TEST(b.refuses(first));
  const auto second = next_probe(b, first);
  BOOST_TEST((second > first));
  b.succeed(second, true);
  BOOST_TEST(b.passes());
  BOOST_TEST(b.trips() == 1u);
}

BOOST_AUTO_TEST_CASE(a_probe_without_an_answer_does_not_hold_up_the_next) {
  auto b = tripped();
  const auto first = next_probe(b, start);
  const auto second = next_probe(b, first);
  BOOST_TEST((second <= first + 1s));
  BOOST_TEST(!b.fail(second, true)); // The other one may still be answered.
  b.succeed(second + 1s, true);
  BOOST_TEST(b.passes());
  auto hanging = tripped();
  size_t sent = 0;
  for (auto now = start; now < start + 24h && !hanging.probes_used_up(); ++sent)
    now = next_probe(hanging, now);
  BOOST_TEST(sent == 32u);
  BOOST_TEST(!hanging.wants_probe(start + 48h));
}

BOOST_AUTO_TEST_CASE(a_lost_probe_makes_room_for_the_next_at_once) {
  auto b = tripped();
  const auto at = next_probe(b, start);
  b.lose_probe(at);
  BOOST_TEST(b.wants_probe(at));
}

BOOST_AUTO_TEST_CASE(late_answers_of_requests_sent_before_only_make_a_probe_due) {
  auto b = tripped();
  BOOST_TEST(b.refuses(start));
  b.succeed(start + 100ms, false);
  BOOST_TEST(!b.passes());
  BOOST_TEST(b.wants_probe(start + 100ms));
  b.begin_probe(start + 100ms);
  BOOST_TEST(!b.fail(start + 100ms, false));
  BOOST_TEST((b.current() == circuit_breaker::state::half_open));
}

BOOST_AUTO_TEST_CASE(zero_never_trips) {
  circuit_breaker b{{.probe_gap_max = 60s}};
  for (int i = 0; i < 1000; ++i)
    b.fail(start, false);
  BOOST_TEST(b.passes());
}

BOOST_AUTO_TEST_CASE(after_a_good_probe_the_lane_opens_step_by_step) {
  auto b = tripped();
  const auto now = next_probe(b, start);
  b.succeed(now, true);
  BOOST_TEST(b.in_flight_limit(now) == 4u);
  BOOST_TEST((b.next_rise(now) == now + 250ms));
  BOOST_TEST(b.in_flight_limit(now + 1s) == 64u);
  BOOST_TEST(b.in_flight_limit(now + 2500ms) == 0u);
  BOOST_TEST(!b.next_rise(now + 2500ms).has_value());
}

BOOST_AUTO_TEST_CASE(a_cause_that_waiting_has_not_helped_is_tested_rarely) {
  size_t soon = 0;
  test::for_seeds(0, 100, [&](uint32_t seed) {
    circuit_breaker b{rules(seed)};
    BOOST_TEST(b.trip(start, false));
    BOOST_TEST((b.probe_at() <= start + 60s));
    soon += b.probe_at() < start + 6s;
  });
  BOOST_TEST(soon < 30u);
}

BOOST_AUTO_TEST_CASE(after_an_outage_work_goes_on_within_a_quarter_of_it) {
  for (auto length : {1s, 3s, 10s, 30s, 120s})
    test::for_seeds(0, 200, [&](uint32_t seed) {
      outage o{seed};
      o.run(10s, [](duration) { return false; });
      o.back.reset();
      o.run(2 * length + 2s, [&](duration t) { return t < 10s + length; });
      BOOST_REQUIRE(o.back.has_value());
      BOOST_TEST((*o.back - start <= 10s + length + std::max<duration>(1s, length / 4)));
      for (size_t i = 3; i < o.probes_down.size(); ++i)
        BOOST_REQUIRE((o.probes_down[i] - o.probes_down[i - 3] >= 1s));
    });
}

BOOST_AUTO_TEST_CASE(an_upstream_that_comes_and_goes_lets_work_through) {
  for (auto half : {10s, 30s})
    test::for_seeds(0, 50, [&](uint32_t seed) {
      outage o{seed};
      o.run(5min, [&](duration t) { return (t / half) % 2 == 1; });
      // A quarter of each good half may be lost, and nearly nothing is sent in the bad ones.
      BOOST_TEST(o.good_ticks * tick >= 5min / 2 * 3 / 4);
      BOOST_TEST(o.bad_ticks < 100);
    });
}

BOOST_AUTO_TEST_CASE(processes_that_lose_the_same_upstream_do_not_probe_together) {
  std::vector<time_point> tenth;
  test::for_seeds(0, 50, [&](uint32_t seed) {
    auto b = tripped(seed);
    auto now = start;
    for (int i = 0; i < 10; ++i) {
      now = next_probe(b, now);
      b.fail(now, true);
    }
    tenth.push_back(now);
  });
  const auto [least, most] = std::minmax_element(tenth.begin(), tenth.end());
  BOOST_TEST((*most - *least > 1s));
}

BOOST_AUTO_TEST_SUITE_END()
