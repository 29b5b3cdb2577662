#include "core/lane/lane.hpp"
#include "tests/support/seeds.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

constexpr int steps = 80;

/// One random life of a lane; all invariants are checked after each step.
struct schedule {
  explicit schedule(uint64_t seed) : random{seed}, limits{draw_limits()}, lane{limits, now} {}

  bool chance(double p) { return std::uniform_real_distribution<>{}(random) < p; }
  uint64_t below(uint64_t n) { return random() % n; }

  lane_limits draw_limits() {
    lane_limits l;
    if (chance(0.8))
      l.limit[0] = 1 + static_cast<double>(below(600));
    if (chance(0.2))
      l.limit[1] = 1 + static_cast<double>(below(500));
    for (size_t d = 2; d < dimension_count; ++d)
      if (chance(0.3))
        l.limit[d] = 500 + static_cast<double>(below(60'000));
    if (chance(0.4))
      l.in_flight_max = 1 + static_cast<uint32_t>(below(20));
    if (l.in_flight_max > 0 && chance(0.6))
      l.width = chance(0.5) ? width_rule::adaptive : width_rule::until_published;
    for (auto n = chance(0.2) ? 1 + below(3) : 0; n > 0; --n)
      l.ramp.push_back(1 + static_cast<uint32_t>(below(20)));
    l.ramp_every = std::chrono::milliseconds{1 + below(5000)};
    l.burst = std::chrono::seconds{1 + below(90)};
    l.headroom = 0.3 + 0.7 * static_cast<double>(below(11)) / 10;
    l.adaptive = chance(0.7);
    l.charging = static_cast<charge_rule>(below(3));
    l.breaker_trips_after = static_cast<uint32_t>(below(5));
    l.breaker_open_for = std::chrono::seconds{1 + below(20)};
    l.queue_max = 50;
    BOOST_REQUIRE(validate(l).has_value());
    return l;
  }

  void enqueue() {
    permit_request r;
    r.id = next_id++;
    r.owner = below(3);
    r.tenant = std::string(1, static_cast<char>('a' + below(4)));
    r.priority = static_cast<priority>(below(3));
    r.input_bytes = static_cast<uint32_t>(below(4000));
    r.output_tokens_max = chance(0.5) ? static_cast<uint32_t>(below(800)) : 0;
    if (lane.enqueue(r, now))
      waiting[r.id] = r.owner;
  }

  void poll() {
    std::vector<permit> permits;
    const auto before = lane.snapshot(now);
    if (was_paused && !before.paused_until)
      resumed.push_back(now);
    was_paused = before.paused_until.has_value();
    lane.poll(now, permits);
    for (const auto& p : permits) {
      BOOST_REQUIRE(waiting.contains(p.id)); // Granted once, and only if it waits.
      in_flight[p.id] = waiting[p.id];
      waiting.erase(p.id);
      grants.push_back(now);
    }
    forget_refused();
    // I9.
    if (before.paused_until)
      BOOST_TEST(permits.empty());
    if (lane.parked_until(now))
      BOOST_TEST(permits.empty());
    if (before.breaker != lane_snapshot::breaker_state::closed) {
      BOOST_TEST(permits.size() <= 3u);
      for (const auto& p : permits)
        BOOST_TEST(p.probe);
    }
    if (limits.in_flight_max > 0)
      BOOST_TEST(in_flight.size() <= limits.in_flight_max);
    // A lower cap ends no request, but no request begins above it.
    const auto cap = lane.snapshot(now).in_flight_limit;
    if (cap > 0 && !permits.empty())
      BOOST_TEST(in_flight.size() <= cap);
  }

  void forget_refused() {
    for (const auto& [id, why] : lane.take_refused()) {
      BOOST_TEST(waiting.erase(id) == 1u);
      BOOST_TEST((why.code == errc::unavailable || why.code == errc::quota_exhausted ||
                  why.code == errc::request_too_large));
    }
  }

  double lie() {
    constexpr double lies[] = {0, -1, 1e30, 1, 17, 1e5, std::numeric_limits<double>::quiet_NaN()};
    return lies[below(std::size(lies))];
  }

  void settle(uint64_t id) {
    settlement s;
    s.id = id;
    s.sent = chance(0.9);
    s.abandoned = chance(0.05);
    s.kind = chance(0.7) ? reply_kind::success : static_cast<reply_kind>(below(13));
    if (s.kind == reply_kind::daily_quota && chance(0.8))
      s.kind = reply_kind::success;
    s.used.known = chance(0.8);
    s.used.input_tokens = below(2000);
    s.used.output_tokens = chance(0.01) ? UINT64_MAX : below(900);
    s.input_bytes = static_cast<uint32_t>(below(4000));
    if (chance(0.3))
      s.retry_after = std::chrono::milliseconds{below(3000)};
    if (chance(0.4))
      for (auto& r : s.limits) {
        if (chance(0.5))
          r.limit = lie();
        if (chance(0.5))
          r.remaining = lie();
        if (chance(0.5))
          r.reset = std::chrono::milliseconds{below(90'000)};
      }
    const bool pauses = s.kind == reply_kind::rate_limited || s.kind == reply_kind::slow_down;
    if (!s.sent && in_flight.contains(id))
      given_back.push_back(now);
    lane.settle(s, now);
    in_flight.erase(id);
    forget_refused();
    if (pauses && !s.abandoned && s.retry_after && *s.retry_after > 0s) {
      BOOST_REQUIRE(lane.snapshot(now).paused_until);
      BOOST_TEST((*lane.snapshot(now).paused_until >= now + *s.retry_after));
    }
  }

  void release(uint64_t owner) {
    lane.release_owner(owner, now);
    const auto owned = [owner](const auto& entry) { return entry.second == owner; };
    std::erase_if(waiting, owned);
    std::erase_if(in_flight, owned);
  }

  void check() {
    const auto s = lane.snapshot(now);
    // I8 and I6.
    BOOST_TEST(s.granted + s.adopted == s.settled + s.released + s.in_flight);
    BOOST_TEST(s.in_flight == in_flight.size());
    BOOST_TEST(s.waiting == waiting.size());
    BOOST_TEST(s.granted == grants.size());
    for (size_t d = 0; d < dimension_count; ++d) {
      // U9: finite, and never above the configured value.
      BOOST_TEST(std::isfinite(s.level[d]));
      BOOST_TEST(s.level[d] <= s.capacity[d]);
      BOOST_TEST(s.limit[d] <= limits.limit[d]);
      const double whole = limits.limit[d] * to_seconds(limits.burst) / 60;
      if (d != 1)
        BOOST_TEST(s.capacity[d] <= std::max(1.0, whole * limits.headroom) * (1 + 1e-9));
    }
  }

  /// I7 for requests, whose cost is known exactly: at most a full bucket plus the refill, plus one
  /// permit at the end of each pause (also of one that ended before the window), plus permits that
  /// came back unused.
  void check_windows() {
    if (limits.limit[0] == 0)
      return;
    const double capacity = std::max(1.0, limits.limit[0] * to_seconds(limits.burst) / 60);
    const auto within = [](const std::vector<time_point>& times, time_point from, time_point to) {
      return static_cast<double>(std::count_if(times.begin(), times.end(),
                                               [&](time_point t) { return from <= t && t <= to; }));
    };
    for (size_t i = 0; i < grants.size(); i += 7)
      for (size_t j = i; j < grants.size(); j += 5) {
        const double span = to_seconds(grants[j] - grants[i]);
        BOOST_REQUIRE(static_cast<double>(j - i + 1) <= capacity + limits.limit[0] / 60 * span +
                                                          1.001 +
                                                          within(resumed, grants[i], grants[j]) +
                                                          within(given_back, grants[i], grants[j]));
      }
  }

  void run() {
    for (int i = 0; i < steps; ++i) {
      switch (below(10)) {
      case 0:
      case 1:
      case 2:
      case 3: enqueue(); break;
      case 4:
      case 5:
      case 6:
        if (!in_flight.empty()) {
          auto it = std::next(in_flight.begin(), static_cast<long>(below(in_flight.size())));
          settle(it->first);
        }
        break;
      case 7:
        if (!waiting.empty() && chance(0.3)) {
          const auto id = waiting.begin()->first;
          BOOST_TEST(lane.cancel(id));
          waiting.erase(id);
        }
        break;
      case 8:
        if (chance(0.02))
          settle(next_id + 1000); // From an earlier life.
        if (chance(0.05))
          release(below(3));
        now += std::chrono::milliseconds{below(chance(0.1) ? 20'000 : 300)};
        break;
      default: now += std::chrono::microseconds{below(5000)};
      }
      poll();
      if (i % 4 == 0)
        check();
    }
    check_windows();
    finish();
  }

  /// After all faults, with a good provider, every waiting request is served at last.
  void finish() {
    for (int i = 0; i < 4000 && !(waiting.empty() && in_flight.empty()); ++i) {
      poll();
      while (!in_flight.empty()) {
        settlement s;
        s.id = in_flight.begin()->first;
        lane.settle(s, now);
        in_flight.erase(in_flight.begin());
        forget_refused();
      }
      poll();
      if (!in_flight.empty() || waiting.empty())
        continue;
      const auto wake = lane.next_wake(now);
      BOOST_REQUIRE(wake);        // It never hangs,
      BOOST_REQUIRE(*wake > now); // and never loops without waiting.
      now = *wake;
    }
    BOOST_TEST(waiting.empty());
    BOOST_TEST(lane.snapshot(now).in_flight == 0u);
    check();
  }

  std::mt19937_64 random;
  time_point now{1h};
  lane_limits limits;
  core::lane lane;
  uint64_t next_id = 1;
  std::map<uint64_t, uint64_t> waiting; // Owner by id.
  std::map<uint64_t, uint64_t> in_flight;
  std::vector<time_point> grants;
  bool was_paused = false;
  std::vector<time_point> resumed;    // Ends of pauses.
  std::vector<time_point> given_back; // Settlements of permits that were not used.
};

} // namespace

BOOST_AUTO_TEST_SUITE(lane_random)

BOOST_AUTO_TEST_CASE(ten_thousand_random_schedules_keep_every_promise) {
  test::for_seeds(0, 10'000, [](uint32_t seed) { schedule{seed}.run(); });
}

BOOST_AUTO_TEST_SUITE_END()
