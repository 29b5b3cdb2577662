#include "core/lane/headroom.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::core {

namespace {

constexpr double rise_seconds = 4;
// The last 0.2 % are for different clocks and rounded token counts.
constexpr double ceiling = 0.998;
constexpr double throttle_min = 0.02;
constexpr double recovery_per_second = 1.04;
constexpr double agreement = 0.2; // Relative difference of two measurements of one limit.
constexpr duration hold_first = std::chrono::seconds{30};
constexpr duration hold_max = std::chrono::minutes{5};

} // namespace

headroom::headroom(double base, bool adaptive, time_point now)
    : base_{base}, share_{base}, ceiling_{std::max(base, ceiling)}, adaptive_{adaptive}, last_{
                                                                                           now} {}

void headroom::advance(time_point now, bool demand) {
  if (now <= last_)
    return;
  const double seconds = to_seconds(now - last_);
  last_ = now;
  if (!adaptive_ || !demand)
    return;
  share_ += (ceiling_ - share_) * (1 - std::exp(-seconds / rise_seconds));
  if (throttle_ < 1 && now >= hold_until_)
    throttle_ = std::min(1.0, throttle_ * std::pow(recovery_per_second, seconds));
}

void headroom::on_rate_limited(bool hard) { share_ = base_ + (share_ - base_) / (hard ? 4 : 2); }

void headroom::on_measured(double accepted_share, time_point now) {
  if (!adaptive_ || accepted_share >= value())
    return;
  const bool agrees = measured_ > 0 && std::abs(accepted_share - measured_) < agreement * measured_;
  if (agrees) {
    hold_ = std::clamp(hold_ * 2, hold_first, hold_max);
    hold_until_ = now + hold_;
  } else {
    hold_ = {};
  }
  measured_ = accepted_share;
  // Slightly less than measured, to reduce the debt that caused the 429s.
  throttle_ = std::clamp(0.95 * accepted_share / share_, throttle_min, 1.0);
}

} // namespace penstock::core
