#pragma once

#include "core/base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace penstock::core {

/// How a circuit breaker behaves.
struct breaker_rules {
  uint32_t trips_after = 0;    ///< Failures in a row that open it; 0: it never opens.
  duration probe_gap_max{};    ///< Longest time between two probes.
  uint32_t probes_at_once = 1; ///< Probes that may be sent together in a long outage.
  uint64_t seed = 1;           ///< Of the jitter.
};

/// Stops requests to an upstream that does not answer, and tests early and often whether it is
/// back.
///
/// closed --(`trips_after` failures in a row)--> open --(time passes, `begin_probe`)-->
/// half_open --(a probe succeeds)--> closed, with a ramp; --(the last probe fails)--> open;
/// --(probe lost: cancelled, or its owner died)--> open, and the next probe may start at once.
///
/// Probes. The gap before the next probe is a fifth of the outage so far, from 0.5 s (1 s if the
/// upstream did not answer in the last minute) up to `probe_gap_max`. The real time is drawn below
/// the gap (full jitter), so that many processes do not probe together. There are never more than 3
/// probes a second. In a longer outage several go at once. A probe without an answer does not hold
/// up the next one. A late answer to a request from before the outage makes the next probe due.
/// Example: probes after 0.4, 0.8, 1.2, 1.7 ... 26, 30 s. An outage of 30 s is noticed to be over
/// within 6 s.
///
/// Ramp. After a successful probe 4 requests may be in flight, then twice as many every 0.25 s, and
/// after 2.5 s all. If the upstream fails again during the ramp, the outage goes on.
///
/// Failures are often faster than answers: of 256 requests sent at once, 10 resets come back before
/// the first of 246 good answers. A run of failures therefore counts only once it outnumbers the
/// requests that are still open.
class circuit_breaker {
public:
  /// The state; see the class.
  enum class state : uint8_t { closed, open, half_open };

  circuit_breaker() = default;
  explicit circuit_breaker(breaker_rules rules) : rules_{rules}, random_{rules.seed} {}

  /// Whether requests are refused at `now` (open, and not yet time for a probe).
  bool refuses(time_point now) const { return state_ == state::open && now < probe_at(); }
  /// Whether the next request would be a probe.
  bool wants_probe(time_point now) const {
    return state_ != state::closed && probes_out_ < probes_out_max && now >= probe_at();
  }
  /// Whether requests pass; `in_flight_limit` may still limit their number.
  bool passes() const { return state_ == state::closed; }
  /// Notes that a probe was sent. @pre `wants_probe(now)`.
  void begin_probe(time_point now);

  /// The upstream answered. `probe`: the answer is a probe's of this outage. Ends a run of
  /// failures.
  void succeed(time_point now, bool probe);
  /// The upstream failed. @param unresolved other requests that are sent and may still be answered.
  /// @returns whether requests are refused from now on.
  bool fail(time_point now, bool probe, size_t unresolved = 0);
  /// Opens for a cause that waiting has not helped: probes are as rare as in a long outage.
  /// @returns whether requests are refused from now on.
  bool trip(time_point now, bool probe);
  /// A probe ended without a result (cancelled, or its owner died).
  void lose_probe(time_point now);

  /// The state.
  state current() const { return state_; }
  /// When the next probe may be sent, unless too many are unanswered; only while not closed.
  time_point probe_at() const;
  /// Whether so many probes are unanswered that no other one may be sent.
  bool probes_used_up() const { return probes_out_ >= probes_out_max; }
  /// Requests that may be in flight; 0: any number.
  uint32_t in_flight_limit(time_point now) const;
  /// When `in_flight_limit` rises.
  std::optional<time_point> next_rise(time_point now) const;
  /// How often it opened.
  uint64_t trips() const { return trips_; }

private:
  static constexpr uint32_t probes_out_max = 32;

  duration gap(time_point now) const;
  void schedule(time_point now);
  void open(time_point now, time_point down_since);
  /// One probe of this outage ended without success. @returns whether it was the last one.
  bool end_probe();

  breaker_rules rules_;
  uint64_t random_ = 1;
  state state_ = state::closed;
  uint32_t failures_ = 0;                   // In a row, while closed.
  std::optional<time_point> answered_;      // The last success while closed.
  std::optional<time_point> ramp_from_;     // The last successful probe.
  time_point down_since_{};                 // The begin of the outage.
  time_point batch_at_{};                   // When the next probes are due.
  uint32_t batch_left_ = 0;                 // Probes due now that were not sent.
  uint32_t probes_out_ = 0;                 // Probes without an answer.
  std::array<time_point, 3> last_probes_{}; // Times of the last three, the oldest first.
  uint64_t trips_ = 0;
};

} // namespace penstock::core
