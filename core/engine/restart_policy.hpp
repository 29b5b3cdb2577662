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
  /// Wait before the second restart; doubles with each further restart.
  duration backoff_base = std::chrono::milliseconds{100};
  duration backoff_max = std::chrono::seconds{5}; ///< No wait is longer.
};

/// Decides whether an actor that died is restarted, and after which wait. The first five failures
/// within the window wait 0, 100, 200, 400 and 800 ms. At the sixth, the process should stop
/// instead of restarting for ever. After a whole window without a failure the waits begin at 0
/// again.
class restart_policy {
public:
  restart_policy() = default;
  explicit restart_policy(restart_limits limits) noexcept : limits_{limits} {}

  /// Notes a failure. @returns the wait before the restart, or nullopt: no more restarts.
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
