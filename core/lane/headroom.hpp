#pragma once

#include "core/base/time.hpp"

namespace penstock::core {

/// The share of the limits that is used. It is a factor on every refill rate, and the product of
/// two parts.
///
/// The **share** starts at the configured headroom and, while there is demand, closes in on 1 with
/// a time constant of 4 s (0.8 at the start, 0.98 after 10 s, 0.99 after 15 s). A 429 halves its
/// distance from the configured value.
///
/// The **throttle** is 1 until 429s show that the real limit is lower than the configured one,
/// without a header that says so. The requests accepted from the start of one pause to the start of
/// the next are the refill of the provider. Their quotient with the refill of our limits is the
/// real share. If two measurements at different speeds agree, the lower limit is real: the throttle
/// then stays for 30 s, and twice as long each time it is found again, up to 5 min. Otherwise
/// (random 429s) it recovers by 4 % per second.
class headroom {
public:
  headroom() = default;
  headroom(double base, bool adaptive, time_point now);

  /// Advances to `now`. `demand`: requests have waited for tokens since the last call.
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
