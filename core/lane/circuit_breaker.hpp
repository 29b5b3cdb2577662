#pragma once

#include "core/base/time.hpp"

#include <cstddef>
#include <cstdint>

namespace penstock::core {

/// Stops requests to an upstream that does not answer.
///
/// closed --(`trips_after` failures in a row)--> open --(`open_for` passes, `begin_probe`)-->
/// half_open --(probe succeeds)--> closed; --(probe fails)--> open again for `open_for`;
/// --(probe lost: cancelled, or its owner died)--> open, but the next probe may start at once.
/// Example with 10 and 60 s: ten refused connections open it; a minute later one request goes out.
///
/// Failures are often faster than answers: of 256 requests sent at once, 10 resets come back before
/// the first of 246 good answers. A run of failures therefore counts only once it outnumbers the
/// requests that are still open.
class circuit_breaker {
public:
  /// The state; see the class.
  enum class state : uint8_t { closed, open, half_open };

  circuit_breaker() = default;
  /// `trips_after` of zero never trips.
  circuit_breaker(uint32_t trips_after, duration open_for)
      : trips_after_{trips_after}, open_for_{open_for} {}

  /// Whether requests are refused at `now` (open, and not yet time for a probe).
  bool refuses(time_point now) const { return state_ == state::open && now < probe_at_; }
  /// Whether the next request would be the probe.
  bool wants_probe(time_point now) const { return state_ == state::open && now >= probe_at_; }
  /// Whether requests pass freely.
  bool passes() const { return state_ == state::closed; }
  /// Notes that the probe was sent. @pre `wants_probe(now)`.
  void begin_probe() { state_ = state::half_open; }

  /// The upstream answered. `probe`: the answer is the probe's. Ends a run of failures.
  void succeed(bool probe);
  /// The upstream failed. @param unresolved other requests that are sent and may still be answered.
  /// @returns whether this opened the breaker.
  bool fail(time_point now, bool probe, size_t unresolved = 0);
  /// Opens at once. @returns whether this opened the breaker.
  bool trip(time_point now, bool probe);
  /// The probe ended without a result (cancelled, or its owner died).
  void lose_probe(time_point now);

  /// The state.
  state current() const { return state_; }
  /// When a probe may be sent; only while open.
  time_point probe_at() const { return probe_at_; }
  /// How often it opened, failed probes included.
  uint64_t trips() const { return trips_; }

private:
  void open(time_point now);

  uint32_t trips_after_ = 0;
  duration open_for_{};
  state state_ = state::closed;
  uint32_t failures_ = 0; // In a row, while closed.
  time_point probe_at_{};
  uint64_t trips_ = 0;
};

} // namespace penstock::core
