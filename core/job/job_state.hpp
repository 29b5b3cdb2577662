#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace penstock::core {

/// The state of a job. The numbers are stored on disk by a head: never change one.
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
/// 1. The job writer has stored all parts; the engine starts the job.
/// 2. The coordinator: the daily quota of a lane is used up; later it begins again.
/// 3. The engine: `cancel`. The job then consists of the parts that came before.
/// 4. The coordinator: the job was stopped, or ended by an error, and requests are still in flight.
///    After a `cancel` the engine stores this state, so that a restarted head continues the cancel.
/// 5. The coordinator: every request has its outcome.
/// 6. The coordinator: after `cancel` every open request got the outcome `cancelled`.
/// 7. The coordinator: nothing is in flight any more. The state is `interrupted` after a stop and
///    `aborted` after an error. The engine sets `aborted` if the coordinator or the store fails.
/// 8. The engine starts the job again: at `retry`, or at its next start (only `interrupted`).
enum class job_state : uint8_t {
  running = 0,
  parked = 1,      ///< Waits for a daily quota; it goes on by itself.
  draining = 2,    ///< Hands out no more requests, and ends soon.
  completed = 3,   ///< Every request has its outcome.
  aborted = 4,     ///< An error ended it (key, money, disk). It can be started again.
  interrupted = 5, ///< It was stopped. It can be started again.
  receiving = 6,   ///< More requests are expected; none was sent yet.
  cancelled = 7,   ///< Every request has its outcome; open ones got `cancelled`.
};

inline constexpr std::array<std::string_view, 8> job_state_names{
  "running", "parked", "draining", "completed", "aborted", "interrupted", "receiving", "cancelled"};

constexpr std::string_view to_string(job_state s) noexcept {
  const auto number = static_cast<size_t>(s);
  return number < job_state_names.size() ? job_state_names[number] : "unknown";
}

/// Whether a job in this state has ended. Then nothing happens until it is started again.
constexpr bool has_ended(job_state s) noexcept {
  return s == job_state::completed || s == job_state::aborted || s == job_state::interrupted ||
         s == job_state::cancelled;
}

} // namespace penstock::core
