#pragma once

#include <chrono>
#include <cstdint>

namespace penstock {

/// A point on the monotonic clock. Core never reads a clock: callers pass `now`. A jump of the wall
/// clock therefore has no effect.
using time_point = std::chrono::steady_clock::time_point;

/// A span of time; the same type as CAF's `timespan`.
using duration = std::chrono::duration<int64_t, std::nano>;

/// Whole milliseconds of `d`, for reports.
constexpr int64_t to_ms(duration d) noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

/// Seconds as a double, for rates.
constexpr double to_seconds(duration d) noexcept {
  return std::chrono::duration<double>(d).count();
}

/// A span from seconds as a double, saturating at about 146 years either way.
constexpr duration from_seconds(double s) noexcept {
  constexpr double bound = 4.6e9;
  const double clamped = s > bound ? bound : s < -bound ? -bound : s;
  return duration{static_cast<int64_t>(clamped * 1e9)};
}

} // namespace penstock
