#pragma once

#include "core/base/time.hpp"
#include "core/lane/lane.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Words about lanes and counts that several views share.
namespace penstock::core {

/// "1 request", "2,000 requests".
std::string counted(uint64_t n, std::string_view noun);

/// The time of the day at this place: "12:03:10".
std::string clock_text(std::chrono::system_clock::time_point t);

/// One moment on both clocks: lanes count on the steady one, people on the other.
struct moment {
  time_point now;
  std::chrono::system_clock::time_point wall;
};

/// What holds a lane back, and until when: ", paused by 429 until 12:03:10", ", breaker open, next
/// probe in 12 s"; empty: nothing. Without `at` no times are told.
std::string lane_pause(const lane_snapshot& lane, std::optional<moment> at = std::nullopt);
/// The last words of the provider of a lane that is held back: " (Slow down)"; empty: none.
std::string lane_refusal(const lane_snapshot& lane);

/// The time left, for people: whole seconds below 100 s.
std::string eta_text(double seconds);

/// The use of all limits of a lane in the last minute, as a line of the summary; empty if it has
/// no limit. A bucket that was full at the start lets more than 100 % through: the line says so.
std::string limits_used_line(std::string_view name, const lane_snapshot& lane);

} // namespace penstock::core
