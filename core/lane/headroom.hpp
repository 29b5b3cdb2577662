#pragma once

#include "core/base/time.hpp"

namespace penstock::core {

/// The share of the limits that is used. It is a factor on every refill rate, and the product of
/// two parts.
///
/// The **share** starts at the configured headroom and, while there is demand, closes in on 1 with
/// a time constant of 6 s (0.8 at the start, 0.96 after 10 s, 0.99 after 20 s). A 429 halves its
/// distance from the configured value.
///
/// The **throttle** is 1 until 429s prove that the real limit is lower than the configured one and
/// no header says so: what was accepted from the start of one pause to the start of the next is
/// then what the upstream refilled, so its quotient with what we would have sent is the real share.
/// Two measurements that agree though we sent at different speeds mean a real limit: the throttle
/// then stays for 30 s, doubling up to 5 min as the finding repeats. Otherwise (a storm of random
/// 429s) it recovers by 4 % a second.
class headroom {
public:
  headroom() = default;
  headroom(double base, bool adaptive, time_point now);

  /// Moves on to `now`. `demand`: requests waited for tokens since the last call.
  void advance(time_point now, bool demand);
  /// A 429 started a new pause. `hard`, a request to slow down, counts twice.
  void on_rate_limited(bool hard);
  /// The upstream accepted `accepted_share` of what the full limits would have let through.
  void on_measured(double accepted_share, time_point now);

  /// The factor on the rates.
  double value() const { return share_ * throttle_; }
  /// The configured part, which scales the capacities.
  double base() const { return base_; }

private:
  double base_ = 1;
  double share_ = 1;
  double ceiling_ = 1;
  bool adaptive_ = false;
  double throttle_ = 1;
  double measured_ = 0; // The last accepted share, zero if none.
  duration hold_{};     // How long the throttle stays after an agreeing measurement.
  time_point hold_until_{};
  time_point last_{};
};

} // namespace penstock::core
