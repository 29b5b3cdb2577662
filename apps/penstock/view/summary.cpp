#include "apps/penstock/view/summary.hpp"

#include "core/base/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace penstock::cli {

namespace {

/// Bytes of a provider's text on a progress line.
constexpr size_t refusal_shown = 120;
/// A run that is hardly faster than one request after the other says nothing about it.
constexpr double speedup_shown = 1.5;

double speedup(const run_view& v) {
  const auto seconds = to_seconds(v.elapsed);
  return seconds > 0 ? to_seconds(sequential_estimate(v)) / seconds : 0;
}

double per_second(const run_view& v) {
  const auto seconds = to_seconds(v.elapsed);
  return seconds > 0
           ? static_cast<double>(done(v.job) - std::min(done(v.job), v.done_before)) / seconds
           : 0;
}

/// Exchanges at the upstream now. The job's own count includes requests that wait for a permit.
uint64_t sent_now(const run_view& v) {
  uint64_t sum = 0;
  for (auto& lane : v.lanes)
    sum += lane.state.in_flight;
  return v.job_id > 0 ? std::min(sum, v.job.in_flight)
                      : sum; // The lanes are shared by all jobs of a head.
}

/// "38 in flight", or "38 of 42 in flight (adaptive)" if lanes adapt their widths.
std::string width_text(const run_view& v) {
  uint64_t limit = 0;
  for (auto& lane : v.lanes)
    if (lane.state.in_flight_adaptive && lane.state.granted > 0)
      limit += lane.state.in_flight_limit;
  const auto now = count_text(sent_now(v));
  return limit == 0 ? now + " in flight"
                    : now + " of " + count_text(limit) + " in flight (adaptive)";
}

uint64_t sent_peak(const run_view& v) {
  uint64_t sum = 0;
  for (auto& lane : v.lanes)
    sum += lane.state.in_flight_peak;
  return std::min(sum, v.job.in_flight_peak);
}

/// Causes of failures in the summary for people.
constexpr size_t failures_shown = 5;

/// Attempts beyond the first of each request. Packs make fewer attempts than requests.
uint64_t retries(const run_view& v) {
  const auto& j = v.job;
  const auto first = j.completed + j.failed - std::min(j.cached, j.completed + j.failed);
  return j.packs > 0 ? 0 : j.attempts - std::min(j.attempts, first);
}

std::string retries_text(const run_view& v) {
  const auto n = retries(v);
  return count_text(n) + (n == 1 ? " retry" : " retries");
}

/// Whether nothing can move: each lane that was used is paused or its breaker is open, and nothing
/// is in flight.
bool is_held(const run_view& v) {
  return !v.lanes.empty() && sent_now(v) == 0 && std::ranges::all_of(v.lanes, [](auto& lane) {
    return !core::lane_pause(lane.state).empty();
  });
}

/// Share of the requests that needed no attempt.
double hit_rate(const run_view& v) {
  const auto all = done(v.job);
  return all > 0 ? static_cast<double>(v.job.cached) / static_cast<double>(all) : 0;
}

uint64_t trips(const run_view& v) {
  uint64_t sum = 0;
  for (auto& lane : v.lanes)
    sum += lane.state.breaker_trips;
  return sum;
}

} // namespace

uint64_t done(const job_progress& job) noexcept {
  return job.completed + job.failed + job.cancelled + job.expired;
}

duration sequential_estimate(const run_view& view) noexcept {
  auto longest = to_seconds(view.job.upstream_time);
  if (view.job_id == 0) // Lanes of a head serve other jobs, too.
    for (auto& lane : view.lanes) {
      constexpr auto d = static_cast<size_t>(core::dimension::requests_minute);
      const auto& s = lane.state;
      if (s.limit[d] > 0 && s.headroom > 0)
        longest = std::max(longest, (static_cast<double>(s.granted) - s.capacity[d]) * 60 /
                                      (s.limit[d] * s.headroom));
    }
  return from_seconds(longest);
}

exit_code exit_code_of(const job_progress& job) noexcept {
  if (job.state == job_state::aborted)
    return exit_code::aborted;
  return job.failed + job.cancelled + job.expired > 0 ? exit_code::some_failed
                                                      : exit_code::completed;
}

exit_code exit_code_of(const error& e) noexcept {
  switch (e.code) {
  case errc::invalid_config:
  case errc::invalid_input:
  case errc::input_changed:
  case errc::corrupt:
  case errc::locked:
  case errc::not_found:
  case errc::incompatible: return exit_code::usage;
  default: return exit_code::aborted;
  }
}

std::string advice(const run_view& v) {
  if (v.job.state != job_state::aborted && v.job.state != job_state::interrupted)
    return {};
  auto text = v.job.state == job_state::aborted ? "stopped: " + v.job.cause.context : "interrupted";
  switch (v.job.cause.code) {
  case errc::unauthorized: text += "\n  remedy: check the API key and what it may do"; break;
  case errc::billing:
    text += "\n  remedy: settle the provider's bill or raise its spending limit";
    break;
  case errc::budget_exhausted:
    if (v.job_id > 0) // A head stores the options of a job unchanged.
      return text +
             "\n  remedy: submit what did not complete as another job, with a budget of its own";
    text += "\n  remedy: raise --budget";
    break;
  case errc::disk_full: text += "\n  remedy: make room on the disk"; break;
  case errc::connection_failed:
  case errc::unavailable:
    text += "\n  remedy: check the base URL and whether the upstream is up";
    break;
  default: break;
  }
  if (v.job_id > 0)
    text += fmt::format("\n  nothing is lost: penstock retry {} takes up what did not complete",
                        v.job_id);
  else if (v.resumable)
    text += "\n  nothing is lost: run the same command again to go on where it stopped";
  else
    text += "\n  the output is no regular file, so this run cannot be resumed";
  return text;
}

std::string changes_text(const run_view& v) {
  if (!v.changes)
    return {};
  const auto& c = *v.changes;
  auto text = fmt::format("{} results kept", count_text(c.kept));
  const auto add = [&](uint64_t n, std::string_view what) {
    if (n > 0)
      text += fmt::format(", {} {}", count_text(n), what);
  };
  add(c.again, "sent again");
  add(c.changed, "changed");
  add(c.added, "new");
  add(c.removed, "removed");
  return text;
}

std::string retry_hint(const run_view& v) {
  const auto open = v.job.failed + v.job.expired + v.job.cancelled;
  if (open == 0 || v.retried_by.empty() || !v.resumable || v.job.state != job_state::completed)
    return {};
  return fmt::format("{} did not complete; {} sends only {} again", count_text(open), v.retried_by,
                     open == 1 ? "this one" : "these");
}

std::string summary_text(const run_view& v) {
  const auto& j = v.job;
  std::string out = fmt::format("penstock: {} of {} done: {} completed, {} failed",
                                count_text(done(j)), v.total ? count_text(*v.total) : "all",
                                count_text(j.completed), count_text(j.failed));
  if (j.cancelled > 0)
    out += fmt::format(", {} cancelled", count_text(j.cancelled));
  if (j.expired > 0)
    out += fmt::format(", {} expired", count_text(j.expired));
  out += fmt::format(" in {} (mode {})\n", span_text(v.elapsed), j.mode_used);
  if (j.resumed > 0)
    out +=
      fmt::format("  resumed      {} outcomes of an earlier run kept\n", count_text(j.resumed));
  if (const auto text = changes_text(v); !text.empty())
    out += fmt::format("  changes      {}\n", text);
  if (v.done_before == 0 && j.upstream_time > duration{}) {
    out += fmt::format("  speed        {:.1f} requests/s", per_second(v));
    if (speedup(v) >= speedup_shown)
      out += fmt::format("; one after the other under the same limits about {}, {:.1f} x faster",
                         span_text(sequential_estimate(v)), speedup(v));
    out += '\n';
  }
  out += fmt::format("  attempts     {} ({}), 429s {}, breaker trips {}, peak in flight {}\n",
                     count_text(j.attempts), retries_text(v), count_text(j.rate_limited), trips(v),
                     count_text(sent_peak(v)));
  if (j.rerouted > 0)
    out += fmt::format("  rerouted     {} answered by another lane than their first\n",
                       count_text(j.rerouted));
  if (j.hedged > 0)
    out += fmt::format("  hedged       {} second attempts, {} of them answered first\n",
                       count_text(j.hedged), count_text(j.hedges_won));
  if (j.packs > 0) {
    out += fmt::format("  packs        {} sent, {} requests answered by them, {} split",
                       count_text(j.packs), count_text(j.packed), count_text(j.pack_splits));
    out += j.canaries > 0 ? fmt::format("; {} of {} canaries agreed\n",
                                        count_text(j.canaries_agreed), count_text(j.canaries))
                          : "\n";
  }
  out += fmt::format("  attempt time mean {}, p50 {}, p99 {}\n", span_text(j.attempt_mean),
                     span_text(j.attempt_p50), span_text(j.attempt_p99));
  if (v.cache || j.cached > 0)
    out += fmt::format(
      "  cache        {} of {} answered without an attempt ({:.1f} %): {} kept before, {} joined\n",
      count_text(j.cached), count_text(done(j)), 100 * hit_rate(v),
      count_text(j.cached - std::min(j.cached, j.joined)), count_text(j.joined));
  if (v.cache && !v.cache->trouble.context.empty())
    out += fmt::format("  cache        {} answers not kept: {}\n", count_text(v.cache->dropped),
                       v.cache->trouble.context);
  out += fmt::format("  tokens       {} in ({} cached), {} out", count_text(j.input_tokens),
                     count_text(j.cached_input_tokens), count_text(j.output_tokens));
  out += v.priced ? fmt::format(", {:.4f} dollars\n", j.cost) : "\n";
  for (auto& lane : v.lanes)
    out += core::limits_used_line(lane.name, lane.state);
  for (auto& lane : v.lanes)
    if (lane.state.in_flight_adaptive && lane.state.granted > 0)
      out += fmt::format("  in flight    lane {}: {} at last, as many as helped (adaptive)\n",
                         lane.name, lane.state.in_flight_limit);
  for (auto& change : j.changes)
    out += fmt::format("  mode change  {} -> {}: {} ({})\n", to_string(change.from),
                       to_string(change.to), change.text, to_string(change.code));
  if (!v.pack_proposal.empty() && j.packs == 0)
    out += fmt::format("  proposal     {}\n", v.pack_proposal);
  out += v.failures.text(failures_shown);
  out += fmt::format("  output       {}\n", v.output == "-" ? "standard output" : v.output);
  return out;
}

std::string summary_json(const run_view& v) {
  const auto& j = v.job;
  const auto seconds = [](duration d) { return to_seconds(d); };
  boost::json::object o{
    {"state", to_string(j.state)},
    {"mode_asked", j.mode_asked},
    {"mode_used", j.mode_used},
    {"requests", v.total ? boost::json::value(*v.total) : boost::json::value(done(j))},
    {"cache_hit_rate", hit_rate(v)},
    {"breaker_trips", trips(v)},
    {"in_flight_peak", sent_peak(v)},
    {"wall_seconds", seconds(v.elapsed)},
    {"requests_per_second", per_second(v)},
    {"attempt_mean_seconds", seconds(j.attempt_mean)},
    {"attempt_p50_seconds", seconds(j.attempt_p50)},
    {"attempt_p99_seconds", seconds(j.attempt_p99)},
    {"sequential_seconds", seconds(sequential_estimate(v))},
    {"speedup", v.done_before == 0 ? boost::json::value(speedup(v)) : boost::json::value(nullptr)},
    {"cost", v.priced ? boost::json::value(j.cost) : boost::json::value(nullptr)},
    {"output", v.output},
  };
  core::add_counters(o, j); // "in_flight_peak" is there: it counts what was sent.
  if (v.job_id > 0)
    o["job"] = v.job_id;
  o["failures"] = v.failures.json();
  o["retries"] = retries(v);
  if (!v.pack_proposal.empty() && j.packs == 0)
    o["pack_proposal"] = v.pack_proposal;
  if (v.changes)
    o["changes"] = boost::json::object{{"kept", v.changes->kept},
                                       {"sent_again", v.changes->again},
                                       {"changed", v.changes->changed},
                                       {"new", v.changes->added},
                                       {"removed", v.changes->removed}};
  if (auto hint = retry_hint(v); !hint.empty())
    o["hint"] = hint;
  if (v.cache && !v.cache->trouble.context.empty())
    o["cache_error"] = v.cache->trouble.context;
  if (j.state == job_state::aborted)
    o["error"] =
      boost::json::object{{"code", to_string(j.cause.code)}, {"message", j.cause.context}};
  o["mode_changes"] = changes_json(j);
  auto& lanes = o["lanes"].emplace_array();
  for (auto& lane : v.lanes) {
    boost::json::object l{{"name", lane.name},
                          {"headroom", lane.state.headroom},
                          {"breaker", breaker_text(lane.state.breaker)},
                          {"breaker_trips", lane.state.breaker_trips},
                          {"granted", lane.state.granted},
                          {"rate_limited", lane.state.rate_limited},
                          {"in_flight", lane.state.in_flight},
                          {"in_flight_peak", lane.state.in_flight_peak},
                          {"in_flight_limit", lane.state.in_flight_limit},
                          {"in_flight_adaptive", lane.state.in_flight_adaptive}};
    auto& used = l["used_last_minute"].emplace_object();
    for (size_t d = 0; d < core::dimension_count; ++d)
      if (lane.state.limit[d] > 0)
        used[to_string(static_cast<core::dimension>(d))] = used_share(lane.state, d);
    lanes.push_back(std::move(l));
  }
  return boost::json::serialize(o);
}

std::string progress_line(const run_view& v, double rate, double tokens_per_minute, size_t width,
                          std::optional<core::moment> at) {
  const auto& j = v.job;
  const auto finished = done(j);
  std::string line;
  if (width > 0 && v.total && *v.total > 0) {
    constexpr size_t cells = 20;
    const auto full = std::min<uint64_t>(cells, cells * finished / *v.total);
    line = '[' + std::string(full, '#') + std::string(cells - full, '.') + "] ";
  }
  line += count_text(finished);
  if (v.total)
    line += '/' + count_text(*v.total);
  line += fmt::format(" done, {} failed", count_text(j.failed));
  if (j.expired > 0)
    line += fmt::format(", {} expired", count_text(j.expired));
  if (j.cancelled > 0)
    line += fmt::format(", {} cancelled", count_text(j.cancelled));
  // What a narrow terminal must show comes first, the words of a provider last.
  for (auto& lane : v.lanes)
    line += core::lane_pause(lane.state, at);
  const auto moves = rate > 0 && !is_held(v);
  if (j.state == job_state::parked)
    line += ", daily quota used up, resumes in " + span_text(j.resume_in);
  else if (v.total && rate > 0.01 && moves && *v.total > finished)
    line += ", ETA " + core::eta_text(static_cast<double>(*v.total - finished) / rate);
  if (!j.changes.empty()) {
    const auto& last = j.changes.back();
    line += fmt::format(", mode {}{}", to_string(last.to),
                        last.to == core::mode::batch ? " (several requests in one prompt)" : "");
  }
  line += ", " + width_text(v);
  if (moves)
    line += fmt::format(", {:.1f} req/s, {} tok/min", rate,
                        count_text(static_cast<uint64_t>(tokens_per_minute)));
  for (auto& lane : v.lanes)
    for (size_t d = 0; d < core::dimension_count; ++d)
      if (lane.state.limit[d] > 0)
        line += fmt::format(", {} {:.0f} %", to_string(static_cast<core::dimension>(d)),
                            100 * used_share(lane.state, d));
  for (auto& lane : v.lanes)
    line += core::lane_refusal(lane.state);
  // A line longer than the terminal would wrap and leave its start behind on every refresh.
  if (width > 0 && line.size() >= width)
    line.resize(width - 1);
  return line;
}

} // namespace penstock::cli
