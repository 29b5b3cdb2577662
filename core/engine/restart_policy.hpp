#pragma once

#include "core/base/time.hpp"

#include <cstdint>
#include <deque>
#include <optional>

namespace penstock::core {

/// How often a supervisor may restart one actor.
struct restart_limits {
  uint32_t restarts_max = 5;                  ///< Restarts within `window`.
  duration window = std::chrono::seconds{60}; ///< A failure older than this is forgotten.
  duration backoff_base =
    std::chrono::milliseconds{100};               ///< Wait before the second restart; doubles.
  duration backoff_max = std::chrono::seconds{5}; ///< No wait is longer.
};

/// Decides whether, and after what wait, something that died is started again. Five failures within
/// the window wait 0, 100, 200, 400 and 800 ms; the sixth is one too many, and the process should
/// stop cleanly rather than spin. Calm for a whole window starts over at 0.
class restart_policy {
public:
  restart_policy() = default;
  explicit restart_policy(restart_limits limits) noexcept : limits_{limits} {}

  /// Notes a failure. @returns the wait before the restart, or nullopt if the budget is exceeded.
  /// @pre `now` does not go back.
  std::optional<duration> on_failure(time_point now);
  /// Restarts granted so far, for statistics.
  uint64_t restarts() const noexcept { return restarts_; }

private:
  restart_limits limits_;
  std::deque<time_point> recent_; // Never more than `restarts_max`.
  uint64_t restarts_ = 0;
};

} // namespace penstock::core
