#pragma once

#include "apps/penstock/map/map_summary.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

// Internal to the summary (map_summary.cpp) and the status (map_status.cpp) of a map.
namespace penstock::cli {

/// Sums over the jobs of one group or stage, or of all.
struct job_sums {
  core::map_stage_totals done;
  uint64_t queued = 0, in_flight = 0, in_flight_peak = 0;
  std::set<std::string> modes_asked, modes_used;
};

inline size_t stage_count(const map_view& v) { return v.stages.size(); }

/// @param pick Whether the job of (group, stage) counts.
template <class Pick>
job_sums sum_jobs(const map_view& v, Pick&& pick) {
  job_sums sums;
  for (size_t g = 0; g < v.status.groups.size(); ++g)
    for (size_t s = 0; s < stage_count(v); ++s) {
      if (!pick(g, s))
        continue;
      const auto& stage = v.status.groups[g].stages[s];
      core::add(sums.done.requests, stage.done.requests);
      sums.done.corrections += stage.done.corrections;
      const auto& job = v.jobs[g * stage_count(v) + s];
      sums.queued += stage.ready + stage.offered - std::min(stage.offered, job.in_flight);
      sums.in_flight += job.in_flight;
      sums.in_flight_peak += job.in_flight_peak;
      if (!job.mode_asked.empty())
        sums.modes_asked.insert(job.mode_asked);
      if (!job.mode_used.empty() && stage.done.requests.requests() > 0)
        sums.modes_used.insert(job.mode_used);
    }
  return sums;
}

job_sums sum_all(const map_view& v);
/// The words with a slash between them; "none" for no word.
std::string joined(const std::set<std::string>& words);
/// Dollars.
double cost_of(const core::output_totals& t);
/// Rows per second of this run.
double rate_of(const map_view& v);
/// Seconds left at the present rate; nullopt before the first row.
std::optional<double> eta_of(const map_view& v, uint64_t left);
/// The used share of a limit in the last minute.
double share(const core::lane_snapshot& s, size_t d);
std::string_view state_word(const map_view& v);
core::map_group_totals all_rows(const map_view& v);

} // namespace penstock::cli
