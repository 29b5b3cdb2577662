#include "core/view/cluster_views.hpp"

#include "core/view/view_parts.hpp"
#include "core/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace penstock::core {

namespace {

constexpr size_t name_bytes = 40;
constexpr size_t text_bytes = 400;
/// A lane without a configured width has a very large one.
constexpr uint32_t no_width = 1'000'000;

std::string short_name(const std::string& name) { return clean_text(name, name_bytes); }

/// "-" for an empty text, so that columns stay readable.
std::string or_dash(std::string text) { return text.empty() ? "-" : text; }

duration since(int64_t from, int64_t to) {
  return std::chrono::milliseconds{std::max<int64_t>(to - from, 0)};
}

double mean_rate(const job_info& job, int64_t now) {
  const auto seconds = to_seconds(since(job.created, job.ended > 0 ? job.ended : now));
  const auto fresh = job.progress.done();
  return seconds > 0 ? static_cast<double>(fresh) / seconds : 0;
}

uint64_t left_of(const job_info& job) {
  return job.requests - std::min(job.requests, job.progress.done());
}

/// "12.0/s, 3 min 20 s left"; after the end, its duration; or an empty text.
std::string pace_text(const job_info& job, double rate) {
  if (job.ended > 0)
    return "took " + span_text(since(job.created, job.ended));
  if (job.progress.state == job_state::parked)
    return "resumes in " + span_text(job.progress.resume_in);
  if (job.progress.state != job_state::running || rate < 0.005)
    return "-";
  return fmt::format("{:.1f}/s, {} left", rate,
                     span_text(from_seconds(static_cast<double>(left_of(job)) / rate)));
}

std::string time_text(int64_t ms) {
  const auto time = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  char text[40];
  if (!gmtime_r(&time, &parts) ||
      std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
    return "unknown";
  return text;
}

std::string line(std::string_view head, const std::string& text) {
  return fmt::format("  {:<12} {}\n", head, text);
}

std::string usage_text(const job_progress& p) {
  auto text = fmt::format("{} in ({} cached), {} out", count_text(p.input_tokens),
                          count_text(p.cached_input_tokens), count_text(p.output_tokens));
  return p.cost > 0 ? text + fmt::format(", {:.4f} dollars", p.cost) : text;
}

std::string changes_text(const job_progress& p) {
  std::string out;
  for (auto& c : p.changes)
    out +=
      line("mode change", fmt::format("{} -> {} after {} finished ({} carried over): {}",
                                      to_string(c.from), to_string(c.to), count_text(c.finished),
                                      count_text(c.degraded), clean_text(c.text, text_bytes)));
  return out;
}

} // namespace

text_table jobs_table(const std::vector<job_info>& jobs, int64_t now, const job_rates& rates) {
  text_table table{">JOB", "NAME",    "TENANT",     "PRIORITY", "STATE",    ">DONE",
                   ">OF",  ">FAILED", ">IN FLIGHT", "PACE",     "WAITS FOR"};
  for (auto& j : jobs) {
    const auto& p = j.progress;
    const auto rate = rates.find(j.id);
    table.add({std::to_string(j.id), or_dash(short_name(j.name)), short_name(j.tenant),
               std::string{to_string(j.priority)}, std::string{to_string(p.state)},
               count_text(p.done()), count_text(j.requests),
               count_text(p.failed + p.expired + p.cancelled), count_text(p.in_flight),
               pace_text(j, rate == rates.end() ? mean_rate(j, now) : rate->second),
               clean_text(j.waits_for, 2 * name_bytes)});
  }
  return table;
}

text_table nodes_table(const std::vector<node_info>& nodes) {
  text_table table{">NODE",     "NAME",        "STATE",       ">SLOTS", ">IN USE",
                   ">FINISHED", ">SILENT FOR", ">JOINED FOR", "VERSION"};
  // Numbers of nodes are large; the last digits are enough to distinguish them.
  for (auto& n : nodes)
    table.add({std::to_string(n.id % 1'000'000),
               n.local && n.name.empty() ? "the head" : or_dash(short_name(n.name)),
               n.local ? "local" : std::string{to_string(n.state)}, count_text(n.slots),
               count_text(n.in_use), count_text(n.finished),
               n.local ? "-" : span_text(n.silent_for), span_text(n.joined_for),
               or_dash(short_name(n.version))});
  return table;
}

text_table lanes_table(const std::vector<lane_info>& lanes) {
  text_table table{"LANE",       "LIMITS",  "USED IN 60 S", ">IN FLIGHT", ">WAITING",
                   "PAUSED FOR", "BREAKER", ">HEADROOM",    ">GRANTED",   ">429"};
  for (auto& l : lanes) {
    const auto& s = l.now;
    std::string limits, used;
    for (size_t d = 0; d < dimension_count; ++d) {
      if (s.limit[d] <= 0)
        continue;
      const auto name = to_string(static_cast<dimension>(d));
      limits += fmt::format("{}{} {}", limits.empty() ? "" : ", ", name,
                            count_text(static_cast<uint64_t>(s.limit[d])));
      used += fmt::format("{}{} {:.0f} %", used.empty() ? "" : ", ", name, 100 * used_share(s, d));
    }
    auto width = count_text(s.in_flight);
    if (s.in_flight_limit > 0 && s.in_flight_limit < no_width)
      width += " of " + count_text(s.in_flight_limit) + (s.in_flight_adaptive ? "~" : "");
    table.add({or_dash(short_name(l.name)), or_dash(limits), or_dash(used), width,
               count_text(s.waiting), l.paused_for > duration{} ? span_text(l.paused_for) : "-",
               std::string{breaker_text(s.breaker)}, fmt::format("{:.2f}", s.headroom),
               count_text(s.granted), count_text(s.rate_limited)});
  }
  return table;
}

text_table tenants_table(const std::vector<tenant_counts>& tenants) {
  text_table table{"TENANT",      "PRIORITY",   ">JOBS",   ">PENDING",   ">SCHEDULED",
                   ">PROCESSING", ">COMPLETED", ">FAILED", ">CANCELLED", ">EXPIRED"};
  for (auto& t : tenants)
    table.add({short_name(t.tenant), std::string{to_string(t.priority)}, count_text(t.jobs),
               count_text(t.pending), count_text(t.scheduled), count_text(t.processing),
               count_text(t.completed), count_text(t.failed), count_text(t.cancelled),
               count_text(t.expired)});
  return table;
}

std::string status_text(const job_info& j, int64_t now) {
  const auto& p = j.progress;
  const auto clean = [](const std::string& text) { return clean_text(text, text_bytes); };
  auto out = fmt::format("job {}{}: {}\n", j.id, j.name.empty() ? "" : " (" + clean(j.name) + ")",
                         to_string(p.state));
  out += line("tenant", fmt::format("{}, priority {}", clean(j.tenant), to_string(j.priority)));
  if (!j.idempotency_key.empty())
    out += line("key", clean(j.idempotency_key));
  const auto under_way = p.in_flight + p.held;
  const auto left = left_of(j);
  out += line("requests",
              fmt::format("{}{}: {} completed, {} failed, {} cancelled, {} expired",
                          count_text(j.requests), p.state == job_state::receiving ? " so far" : "",
                          count_text(p.completed), count_text(p.failed), count_text(p.cancelled),
                          count_text(p.expired)));
  if (!has_ended(p.state))
    out += line("", fmt::format("{} in flight, {} held back, {} waiting", count_text(p.in_flight),
                                count_text(p.held), count_text(left - std::min(left, under_way))));
  if (!j.waits_for.empty())
    out += line("waits for", clean(j.waits_for));
  out += line("submitted",
              fmt::format("{} ({} ago)", time_text(j.created), span_text(since(j.created, now))));
  if (j.ended > 0)
    out += line("ended", time_text(j.ended));
  out += line("pace", pace_text(j, mean_rate(j, now)));
  if (!p.mode_asked.empty())
    out += line("mode",
                fmt::format("{}, asked for {}", or_dash(clean(p.mode_used)), clean(p.mode_asked)));
  out += changes_text(p);
  const auto counters = [&](std::string_view head, counter_line which) {
    if (const auto text = counters_text(p, which); !text.empty())
      out += line(head, text);
  };
  counters("attempts", counter_line::attempts);
  out += line("attempt time", fmt::format("mean {}, p50 {}, p99 {}", span_text(p.attempt_mean),
                                          span_text(p.attempt_p50), span_text(p.attempt_p99)));
  counters("cache", counter_line::cache);
  counters("packs", counter_line::packs);
  counters("lanes", counter_line::lanes);
  out += line("tokens", usage_text(p));
  if (!p.cause.context.empty())
    out += line("error", fmt::format("{}: {}", to_string(p.cause.code), clean(p.cause.context)));
  return out;
}

} // namespace penstock::core
