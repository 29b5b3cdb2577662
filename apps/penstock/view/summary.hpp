#pragma once

#include "config/settings.hpp"
#include "core/base/text.hpp"
#include "core/jsonl/change_counts.hpp"
#include "core/view/failure_groups.hpp"
#include "core/view/lane_text.hpp"
#include "core/view/view_parts.hpp"
#include "messages/cache.hpp"
#include "messages/job.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::cli {

/// Exit codes of `penstock run` (README).
enum class exit_code : int { completed = 0, some_failed = 1, usage = 2, aborted = 3 };

/// A lane, for the summary.
struct lane_view {
  std::string name;
  core::lane_snapshot state;
};

/// All data for the progress and the summary of a run.
struct run_view {
  job_progress job;
  std::vector<lane_view> lanes;
  std::optional<cache_snapshot> cache;        ///< Unset: none is used.
  std::optional<uint64_t> total;              ///< Requests of the input, if known.
  uint64_t done_before = 0;                   ///< Outcomes of earlier runs on this output.
  duration elapsed{};                         ///< Of this run.
  std::string output;                         ///< Where the results are.
  bool resumable = true;                      ///< Whether the same command can go on.
  bool priced = false;                        ///< Whether any price is known.
  std::optional<core::change_counts> changes; ///< Between an earlier output and this one.
  std::string retried_by; ///< Option or command that sends again what failed; empty: none is known.
  core::failure_groups failures; ///< Of the whole output.
  std::string pack_proposal;     ///< What packs would save; empty: nothing to propose.
  uint64_t job_id = 0;           ///< At its head; 0: the job is one of this process.
};

/// Requests with an outcome.
uint64_t done(const job_progress& job) noexcept;
/// Time that the answers would have taken one after the other, under the same limits.
duration sequential_estimate(const run_view& view) noexcept;

/// The summary for people, several lines.
std::string summary_text(const run_view& view);
/// The summary for programs: one JSON object on one line.
std::string summary_json(const run_view& view);

/// One line of progress, without line break. `width` of a terminal draws a bar; zero: plain.
/// `rate` is requests per second over the last 30 s; zero: nothing moves, and no time is foretold.
/// @param at Tells when a pause ends.
std::string progress_line(const run_view& view, double rate, double tokens_per_minute, size_t width,
                          std::optional<core::moment> at = std::nullopt);

/// What to do next, if the run did not complete; empty if there is nothing to say.
std::string advice(const run_view& view);

/// How the output differs from the one before: "97 answers kept, ..."; empty if it does not.
std::string changes_text(const run_view& view);
/// How to send again what did not complete; empty if everything did, or the job goes on anyway.
std::string retry_hint(const run_view& view);

/// The exit code for how a job ended; interruptions are told apart by their signal elsewhere.
exit_code exit_code_of(const job_progress& job) noexcept;
/// The exit code for an error that prevents a command.
exit_code exit_code_of(const error& e) noexcept;

using core::count_text;
using core::span_text;

} // namespace penstock::cli
