#pragma once

#include "apps/penstock/view/summary.hpp"
#include "core/io/file/map_journal.hpp"
#include "messages/map.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace penstock::cli {

/// All data for the progress and the summary of a map.
struct map_view {
  std::string recipe;              ///< Its name.
  std::string output;              ///< File of the rows.
  std::vector<std::string> stages; ///< Names.
  map_status status;
  std::vector<job_progress> jobs; ///< Number: group x stages + stage.
  std::vector<lane_view> lanes;
  uint64_t rows = 0; ///< Rows to run.
  uint64_t rows_in_input = 0;
  job_state state = job_state::running;
  error cause;              ///< Why the map was aborted.
  duration elapsed{};       ///< Of this run.
  uint64_t done_before = 0; ///< Rows that had a result when this run began.
  bool resumable = true;
  bool priced = false;                    ///< Whether any price is known.
  std::optional<io::map_changes> changes; ///< Of the input since the map before this one.
  bool replacing = false;                 ///< The output stays as it was until all rows are there.
  bool retrying = false;                  ///< Failed rows were sent again.
  uint64_t unusable = 0;                  ///< Rows of the input that cannot be sent.
  std::optional<double> recent_rate; ///< Rows per second in the last 30 s; unset: use `elapsed`.
  uint64_t formula_cells = 0; ///< Cells of this run that a spreadsheet would run as formulas.
};

/// Rows with a result.
uint64_t rows_done(const map_view& view) noexcept;
/// The summary for people, several lines, at most so many groups.
std::string map_summary_text(const map_view& view, size_t groups_shown = 20);
/// The summary for programs: one JSON object on one line, with a block for each stage and group.
std::string map_summary_json(const map_view& view);
/// The status file: state, rows, and for each group and stage what is queued, in flight and done.
std::string map_status_json(const map_view& view);
/// Lines of progress: one for all rows, then one for each group, at most `lines_max` in all, each
/// cut to `width` (zero: not at all).
/// @param at Tells when a pause ends.
std::vector<std::string> map_progress_lines(const map_view& view, size_t lines_max, size_t width,
                                            std::optional<core::moment> at = std::nullopt);
/// The exit code for how a map ended; interruptions are told apart by their signal elsewhere.
exit_code exit_code_of(const map_view& view) noexcept;
/// What to do next, if the map did not complete; empty if there is nothing to say.
std::string map_advice(const map_view& view);

} // namespace penstock::cli
