#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace penstock::core {

/// Where a job stands, or how it ended. The numbers reach the store of a head: never change one.
///
///     submission in parts            submission at once, or files of `run`
///             |                                   |
///             v                 1                 v          2
///         receiving --------------------------> running <--------> parked
///             |                                   |
///             |                 +--------+--------+--------+
///             | 3               | 4      | 5               | 6
///             |                 v        v                 v
///             +----------> draining   completed        cancelled
///                             |  |  |                      ^
///                           7 |  |  +----------------------+
///                             v  v
///                  interrupted  aborted
///
///         interrupted, aborted, completed, cancelled ----------> running   8
///
/// 1. The job writer has all parts; the engine takes the job up.
/// 2. The coordinator: the daily quota of a lane is used up, and back.
/// 3. The engine: `cancel`. The parts that came count as all of the job.
/// 4. The coordinator: stopped, or ended by an error, with requests still in flight. The engine
///    notes a `cancel` in the store with this state, so that a restarted head goes on with it.
/// 5. The coordinator: every request has its outcome.
/// 6. The coordinator: `cancel`, and every open request got the outcome `cancelled`.
/// 7. The coordinator: nothing is in flight any more. `interrupted` after a stop, `aborted` after
/// an
///    error. The engine itself ends a job as `aborted` if its coordinator or the store fails.
/// 8. The engine takes the job up: at `retry`, or at its next start (`interrupted` only).
enum class job_state : uint8_t {
  running = 0,
  parked = 1,      ///< Waits for a quota; it goes on by itself.
  draining = 2,    ///< Hands out nothing more, and ends soon.
  completed = 3,   ///< Every request has its outcome.
  aborted = 4,     ///< An error ended it (key, money, disk); it can be taken up again.
  interrupted = 5, ///< It was stopped; it can be taken up again.
  receiving = 6,   ///< Not all of its requests have come yet; none was sent.
  cancelled = 7,   ///< Cancelled: every request has its outcome, the open ones `cancelled`.
};

inline constexpr std::array<std::string_view, 8> job_state_names{
  "running", "parked", "draining", "completed", "aborted", "interrupted", "receiving", "cancelled"};

constexpr std::string_view to_string(job_state s) noexcept {
  const auto number = static_cast<size_t>(s);
  return number < job_state_names.size() ? job_state_names[number] : "unknown";
}

/// Whether a job in this state has ended: nothing more happens unless it is taken up again.
constexpr bool has_ended(job_state s) noexcept {
  return s == job_state::completed || s == job_state::aborted || s == job_state::interrupted ||
         s == job_state::cancelled;
}

} // namespace penstock::core
