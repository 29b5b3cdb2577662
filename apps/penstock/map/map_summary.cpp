#include "apps/penstock/map/map_summary.hpp"

#include "apps/penstock/map/map_hints.hpp"
#include "apps/penstock/map/map_sums.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace penstock::cli {

namespace {

std::string rows_text(const core::map_group_totals& r) {
  auto out = fmt::format("{} completed, {} failed", count_text(r.completed), count_text(r.failed));
  if (r.cancelled > 0)
    out += fmt::format(", {} cancelled", count_text(r.cancelled));
  if (r.expired > 0)
    out += fmt::format(", {} expired", count_text(r.expired));
  return out;
}

std::string stage_text(const map_view& v, size_t s) {
  const auto sums = sum_jobs(v, [&](size_t, size_t st) { return st == s; });
  const auto& r = sums.done.requests;
  auto out = fmt::format("  stage        {}: {} ({} failed, {}, {} cached), {}, "
                         "429s {}, {} in and {} out tokens",
                         v.stages[s], core::counted(r.requests(), "request"), count_text(r.failed),
                         core::counted(sums.done.corrections, "correction"), count_text(r.cached),
                         core::counted(r.attempts, "attempt"), count_text(r.rate_limited),
                         count_text(r.input_tokens), count_text(r.output_tokens));
  if (v.priced)
    out += fmt::format(", {:.4f} dollars", cost_of(r));
  return out + fmt::format(", mode {}\n", joined(sums.modes_used));
}

/// Whether nothing can move: each lane is paused or its breaker is open, and nothing is sent.
bool is_held(const map_view& v) {
  return !v.lanes.empty() && std::ranges::all_of(v.lanes, [](auto& lane) {
    return lane.state.in_flight == 0 && !core::lane_pause(lane.state).empty();
  });
}

std::string cut(std::string line, size_t width) {
  if (width > 0 && line.size() >= width)
    line.resize(width - 1);
  return line;
}

} // namespace

uint64_t rows_done(const map_view& v) noexcept {
  uint64_t sum = 0;
  for (auto& g : v.status.groups)
    sum += g.done.rows();
  return sum;
}

exit_code exit_code_of(const map_view& v) noexcept {
  if (v.state == job_state::aborted)
    return exit_code::aborted;
  for (auto& g : v.status.groups)
    if (g.done.rows() > g.done.completed)
      return exit_code::some_failed;
  return exit_code::completed;
}

std::string map_advice(const map_view& v) {
  run_view as_run;
  as_run.job.state = v.state;
  as_run.job.cause = v.cause;
  as_run.resumable = v.resumable;
  return advice(as_run);
}

std::string map_summary_text(const map_view& v, size_t groups_shown) {
  const auto all = sum_all(v);
  auto out = fmt::format("penstock: {} of {} rows done: {} in {}\n", count_text(rows_done(v)),
                         count_text(v.rows), rows_text(all_rows(v)), span_text(v.elapsed));
  if (v.rows < v.rows_in_input)
    out += fmt::format("  rows         {} more in the input were left out\n",
                       count_text(v.rows_in_input - v.rows));
  if (v.changes)
    out += fmt::format("  input        {}\n", changes_text(*v.changes, v.status.changed_documents));
  if (v.retrying)
    out += fmt::format("  retried      {}\n", retried_text(v.status.sent_again));
  if (v.status.resumed_rows + v.status.resumed_answers > 0)
    out += fmt::format("  resumed      {} rows and {} answers of an earlier run kept\n",
                       count_text(v.status.resumed_rows), count_text(v.status.resumed_answers));
  else if (const auto sequential = static_cast<double>(all.done.requests.upstream_ms) / 1e3;
           sequential > 0 && v.elapsed > duration{}) {
    out += fmt::format("  speed        {:.1f} rows/s", rate_of(v));
    if (const auto times = sequential / to_seconds(v.elapsed); times >= 1.5)
      out += fmt::format("; one after the other about {}, {:.1f} x faster",
                         span_text(from_seconds(sequential)), times);
    out += '\n';
  }
  if (const auto noted = all_rows(v).noted; noted > 0)
    out += fmt::format(
      "  notes        {} {}: something was left out of their documents{}\n"
      "               (penstock.notes in JSONL; in CSV with notes_column = \"notes\" in "
      "[output])\n",
      count_text(noted), noted == 1 ? "row" : "rows",
      v.status.first_note.empty() ? "" : ", for example " + v.status.first_note);
  for (size_t s = 0; s < stage_count(v); ++s)
    out += stage_text(v, s);
  if (v.status.groups.size() > 1)
    for (size_t g = 0; g < std::min(groups_shown, v.status.groups.size()); ++g)
      out += fmt::format("  group        {}: {} of {} rows, {}{}\n", v.status.groups[g].name,
                         count_text(v.status.groups[g].done.rows()),
                         count_text(v.status.groups[g].rows), rows_text(v.status.groups[g].done),
                         v.status.groups[g].cancelled ? " (was cancelled)" : "");
  if (v.status.groups.size() > groups_shown)
    out += fmt::format("  group        ... and {} more\n", v.status.groups.size() - groups_shown);
  if (v.formula_cells > 0)
    out += fmt::format("  formulas     {} {} with = + - or @, which a spreadsheet runs; "
                       "csv_formulas = \"escape\" in [output] of the recipe prevents it\n",
                       count_text(v.formula_cells),
                       v.formula_cells == 1 ? "cell begins" : "cells begin");
  for (auto& lane : v.lanes)
    out += core::limits_used_line(lane.name, lane.state);
  for (size_t g = 0; g < v.status.groups.size(); ++g)
    for (size_t s = 0; s < stage_count(v); ++s)
      for (auto& change : v.jobs[g * stage_count(v) + s].changes)
        out += fmt::format("  mode change  {}, stage {}: {} -> {}: {} ({})\n",
                           v.status.groups[g].name, v.stages[s], to_string(change.from),
                           to_string(change.to), change.text, to_string(change.code));
  out += v.status.failures.text(5);
  return out + fmt::format("  output       {}\n", output_text(v));
}

std::vector<std::string> map_progress_lines(const map_view& v, size_t lines_max, size_t width,
                                            std::optional<core::moment> at) {
  const auto all = sum_all(v);
  const auto rows = all_rows(v);
  auto line = fmt::format("{}/{} rows, {} failed", count_text(rows_done(v)), count_text(v.rows),
                          count_text(rows.failed));
  if (rows.expired > 0)
    line += fmt::format(", {} expired", count_text(rows.expired));
  if (rows.cancelled > 0)
    line += fmt::format(", {} cancelled", count_text(rows.cancelled));
  // What a narrow terminal must show comes first, the words of a provider last.
  for (auto& lane : v.lanes)
    line += core::lane_pause(lane.state, at);
  const auto moves = !is_held(v);
  const auto rate = v.recent_rate ? *v.recent_rate : rate_of(v);
  if (const auto eta = eta_of(v, v.rows - std::min(v.rows, rows_done(v))); eta && *eta > 0 && moves)
    line += ", ETA " + core::eta_text(*eta);
  line += fmt::format(", {} in flight", count_text(all.in_flight));
  if (rate > 0 && moves)
    line += fmt::format(", {:.1f} rows/s", rate);
  if (v.priced)
    line += fmt::format(", {:.4f} dollars", cost_of(all.done.requests));
  for (auto& lane : v.lanes)
    for (size_t d = 0; d < core::dimension_count; ++d)
      if (lane.state.limit[d] > 0)
        line += fmt::format(", {} {:.0f} %", to_string(static_cast<core::dimension>(d)),
                            100 * share(lane.state, d));
  for (auto& lane : v.lanes)
    line += core::lane_refusal(lane.state);
  std::vector<std::string> lines{cut(std::move(line), width)};
  if (v.status.groups.size() < 2)
    return lines;
  // First the groups with most rows left: finished groups do not change.
  std::vector<size_t> order(v.status.groups.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const auto left = [&](size_t g) {
      return v.status.groups[g].rows - v.status.groups[g].done.rows();
    };
    return (left(a) > 0) > (left(b) > 0);
  });
  for (auto g : order) {
    if (lines.size() >= lines_max)
      break;
    const auto& group = v.status.groups[g];
    const auto sums = sum_jobs(v, [&](size_t gg, size_t) { return gg == g; });
    lines.push_back(
      cut(fmt::format("  {}: {}/{} rows, {}, {} in flight{}", group.name,
                      count_text(group.done.rows()), count_text(group.rows), rows_text(group.done),
                      count_text(sums.in_flight), group.cancelled ? ", cancelled" : ""),
          width));
  }
  return lines;
}

} // namespace penstock::cli
