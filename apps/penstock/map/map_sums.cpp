#include "apps/penstock/map/map_sums.hpp"

namespace penstock::cli {

job_sums sum_all(const map_view& v) {
  return sum_jobs(v, [](size_t, size_t) { return true; });
}

std::string joined(const std::set<std::string>& words) {
  std::string out;
  for (auto& w : words)
    out += (out.empty() ? "" : "/") + w;
  return out.empty() ? "none" : out;
}

double cost_of(const core::output_totals& t) {
  return static_cast<double>(t.cost_nanodollars) / 1e9;
}

double rate_of(const map_view& v) {
  const auto seconds = to_seconds(v.elapsed);
  return seconds > 0
           ? static_cast<double>(rows_done(v) - std::min(rows_done(v), v.done_before)) / seconds
           : 0;
}

std::optional<double> eta_of(const map_view& v, uint64_t left) {
  const auto rate = v.recent_rate ? *v.recent_rate : rate_of(v);
  if (left == 0)
    return 0;
  return rate > 0 ? std::optional{static_cast<double>(left) / rate} : std::nullopt;
}

double share(const core::lane_snapshot& s, size_t d) {
  return s.limit[d] > 0 ? s.used_last_minute[d] / s.limit[d] : 0;
}

std::string_view state_word(const map_view& v) {
  switch (v.state) {
  case job_state::completed: return "completed";
  case job_state::aborted: return "aborted";
  case job_state::interrupted: return "interrupted";
  case job_state::draining: return "draining";
  default: return "running";
  }
}

core::map_group_totals all_rows(const map_view& v) {
  core::map_group_totals rows;
  for (auto& g : v.status.groups)
    for (auto [to, from] : {std::pair{&rows.completed, g.done.completed},
                            {&rows.failed, g.done.failed},
                            {&rows.cancelled, g.done.cancelled},
                            {&rows.expired, g.done.expired},
                            {&rows.noted, g.done.noted}})
      *to += from;
  return rows;
}

} // namespace penstock::cli
