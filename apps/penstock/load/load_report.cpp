#include "apps/penstock/load/load_report.hpp"

#include "apps/penstock/view/summary.hpp"
#include "core/json/json_text.hpp"
#include "core/load/load_schedule.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace penstock::cli {

namespace {

namespace json = boost::json;

using core::load_message;
using core::load_unit;

std::string report_span_cell(const core::latency_histogram& h, double percent) {
  return h.count() == 0
           ? "-"
           : core::load_value_text(load_unit::seconds, to_seconds(h.percentile(percent)));
}

std::string spans_row(const core::latency_histogram& h) {
  return fmt::format(" {:>9} {:>9} {:>9} {:>9} {:>9}\n", report_span_cell(h, 50),
                     report_span_cell(h, 90), report_span_cell(h, 99), report_span_cell(h, 99.9),
                     report_span_cell(h, 100));
}

std::string message_rows(const core::load_record& record) {
  auto out = fmt::format("  {:<11} {:>9} {:>9} {:>7} {:>8} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
                         "message", "arrived", "answered", "errors", "overrun", "skipped", "p50",
                         "p90", "p99", "p99.9", "max");
  for (size_t i = 0; i < core::load_messages; ++i) {
    const auto& m = record.messages(static_cast<load_message>(i));
    if (m.arrived > 0)
      out += fmt::format("  {:<11} {:>9} {:>9} {:>7} {:>8} {:>8}", core::load_span_name(i),
                         count_text(m.arrived), count_text(m.answered),
                         count_text(m.failed + m.unanswered), count_text(m.overrun),
                         count_text(m.skipped)) +
             spans_row(record.span(i));
  }
  for (auto i : {core::load_span_job, core::load_span_queue_wait})
    out += fmt::format("  {:<11} {:>9} {:>9} {:>7} {:>8} {:>8}", core::load_span_name(i), "",
                       count_text(record.span(i).count()), "", "", "") +
           spans_row(record.span(i));
  return out;
}

std::string tenant_rows(const core::load_result& r) {
  if (r.tenant_names.size() < 2)
    return {};
  auto out = fmt::format("  {:<16} {:>7} {:>10} {:>10} {:>8} {:>9} {:>9}\n", "tenant", "jobs",
                         "requests", "completed", "others", "job p50", "job p99");
  for (size_t i = 0; i < r.tenant_names.size(); ++i) {
    auto& t = r.record.tenants()[i];
    out += fmt::format("  {:<16} {:>7} {:>10} {:>10} {:>8} {:>9} {:>9}\n",
                       r.tenant_names[i].substr(0, 16), count_text(t.jobs), count_text(t.requests),
                       count_text(t.completed), count_text(t.outcomes() - t.completed),
                       report_span_cell(t.job, 50), report_span_cell(t.job, 99));
  }
  return out;
}

json::object spans_json(const core::latency_histogram& h) {
  const auto ms = [&](double percent) { return to_seconds(h.percentile(percent)) * 1e3; };
  return {{"count", h.count()}, {"mean_ms", to_seconds(h.mean()) * 1e3},
          {"p50_ms", ms(50)},   {"p90_ms", ms(90)},
          {"p99_ms", ms(99)},   {"p999_ms", ms(99.9)},
          {"max_ms", ms(100)}};
}

json::object tenant_json(const core::load_tenant_counts& t) {
  return {{"jobs", t.jobs},
          {"jobs_ended", t.jobs_ended},
          {"requests", t.requests},
          {"completed", t.completed},
          {"failed", t.failed},
          {"cancelled", t.cancelled},
          {"expired", t.expired},
          {"requests_in_time", t.requests_in_time},
          {"served_in_time", t.served_in_time},
          {"attempts", t.attempts},
          {"rate_limited", t.rate_limited},
          {"job", spans_json(t.job)},
          {"queue_wait", spans_json(t.queue_wait)}};
}

json::array series_json(const core::load_series& series) {
  json::array out;
  for (auto& p : series.points()) {
    json::object o{{"at", p.start},
                   {"length", p.length},
                   {"submitted", p.submitted},
                   {"completed", p.completed},
                   {"failed", p.failed},
                   {"messages", p.messages},
                   {"errors", p.errors},
                   {"open", p.open},
                   {"in_flight", p.in_flight}};
    if (p.limit_share >= 0)
      o["limit_share"] = p.limit_share;
    for (size_t i = 0; i < core::load_spans; ++i)
      if (p.count[i] > 0)
        o[core::load_span_name(i)] = json::object{{"count", p.count[i]},
                                                  {"p50_ms", p.p50[i] * 1e3},
                                                  {"p99_ms", p.p99[i] * 1e3},
                                                  {"max_ms", p.max[i] * 1e3}};
    out.push_back(std::move(o));
  }
  return out;
}

json::array verdicts_json(std::span<const core::load_verdict> verdicts) {
  json::array out;
  for (auto& v : verdicts) {
    json::object o{{"metric", v.expected.metric}, {"bound", v.expected.bound}, {"met", v.met}};
    if (!v.expected.tenant.empty())
      o["tenant"] = v.expected.tenant;
    o["actual"] = v.actual ? json::value(*v.actual) : json::value(nullptr);
    out.push_back(std::move(o));
  }
  return out;
}

std::string arrival_text(const core::load_phase& p) {
  switch (p.arrival) {
  case core::load_arrival::constant: return fmt::format("{:g} messages/s", p.rate);
  case core::load_arrival::poisson: return fmt::format("{:g} messages/s, Poisson", p.rate);
  case core::load_arrival::burst:
    return fmt::format("{} messages at once every {}", p.burst, span_text(p.every));
  case core::load_arrival::ramp:
    return fmt::format("from {:g} to {:g} messages/s", p.rate, p.rate_to);
  }
  return {};
}

} // namespace

std::string load_text(const core::load_result& r, std::span<const core::load_verdict> verdicts) {
  const auto& record = r.record;
  const auto& all = record.all();
  auto out =
    fmt::format("penstock load {}: {} of load, {} in all, engine {}, seed {}{}\n", r.script,
                span_text(std::min(record.length(), record.elapsed())), span_text(record.elapsed()),
                r.engine, r.seed, r.interrupted ? " (interrupted)" : "");
  out += message_rows(record);
  out += fmt::format(
    "  requests    {} submitted in {} jobs: {} completed, {} failed, {} cancelled, {} expired; {} "
    "while "
    "the load ran\n",
    count_text(all.requests), count_text(all.jobs), count_text(all.completed),
    count_text(all.failed), count_text(all.cancelled), count_text(all.expired),
    core::load_value_text(load_unit::per_second, core::load_value(r, "throughput").value_or(0)));
  const auto& e = record.exactness;
  out += fmt::format("  exactness   {} lost", count_text(e.lost));
  if (e.unfinished > 0)
    out += fmt::format(" ({} not finished in time)", count_text(e.unfinished));
  out += fmt::format(", {} duplicates, {} order violations; longest stall {}\n",
                     count_text(e.duplicates), count_text(e.order_violations),
                     core::load_value_text(load_unit::seconds, to_seconds(record.stall())));
  if (r.upstream) {
    out += fmt::format("  upstream    {} requests, {} answered 429, {} paid twice",
                       count_text(r.upstream->requests), count_text(r.upstream->rate_limited),
                       count_text(r.upstream->paid_twice));
    if (r.upstream->share_of_limit)
      out += ", " + core::load_value_text(load_unit::share, *r.upstream->share_of_limit) +
             " of its limit used";
    out += '\n';
  }
  out += tenant_rows(r);
  for (auto& [cause, count] : record.causes())
    out += fmt::format("  error       {} x {}\n", count_text(count), cause);
  for (auto& v : verdicts)
    out += fmt::format("  {:<11} {}\n", v.met ? "ok" : "FAILED", core::to_text(v));
  return out;
}

std::string load_json(const core::load_result& r, std::span<const core::load_verdict> verdicts) {
  const auto& record = r.record;
  json::object messages;
  for (size_t i = 0; i < core::load_messages; ++i) {
    const auto& m = record.messages(static_cast<load_message>(i));
    auto o = spans_json(record.span(i));
    o["arrived"] = m.arrived;
    o["answered"] = m.answered;
    o["failed"] = m.failed;
    o["unanswered"] = m.unanswered;
    o["overrun"] = m.overrun;
    o["skipped"] = m.skipped;
    messages[core::load_span_name(i)] = std::move(o);
  }
  json::object tenants;
  for (size_t i = 0; i < r.tenant_names.size(); ++i)
    tenants[r.tenant_names[i]] = tenant_json(record.tenants()[i]);
  json::array marks;
  for (auto& mark : record.marks())
    marks.push_back(json::object{
      {"at", to_seconds(mark.at)}, {"text", mark.text}, {"kind", mark.phase ? "phase" : "action"}});
  json::object causes;
  for (auto& [cause, count] : record.causes())
    causes[cause] = count;
  const auto& e = record.exactness;
  json::object out{{"script", r.script},
                   {"engine", r.engine},
                   {"seed", r.seed},
                   {"interrupted", r.interrupted},
                   {"met", std::ranges::all_of(verdicts, &core::load_verdict::met)},
                   {"load_seconds", to_seconds(record.length())},
                   {"elapsed_seconds", to_seconds(record.elapsed())},
                   {"messages", std::move(messages)},
                   {"job", spans_json(record.span(core::load_span_job))},
                   {"queue_wait", spans_json(record.span(core::load_span_queue_wait))},
                   {"requests", tenant_json(record.all())},
                   {"throughput", core::load_value(r, "throughput").value_or(0)},
                   {"fairness", core::load_value(r, "fairness").value_or(1)},
                   {"stall_max_ms", to_seconds(record.stall()) * 1e3},
                   {"lost", e.lost},
                   {"unfinished", e.unfinished},
                   {"duplicates", e.duplicates},
                   {"order_violations", e.order_violations},
                   {"processes_died", r.processes_died},
                   {"tenants", std::move(tenants)},
                   {"errors", std::move(causes)},
                   {"expectations", verdicts_json(verdicts)},
                   {"marks", std::move(marks)},
                   {"series", series_json(record.series())}};
  if (r.upstream) {
    json::object upstream{{"requests", r.upstream->requests},
                          {"rate_limited", r.upstream->rate_limited},
                          {"paid_twice", r.upstream->paid_twice}};
    upstream["share_of_limit"] =
      r.upstream->share_of_limit ? json::value(*r.upstream->share_of_limit) : json::value(nullptr);
    out["upstream"] = std::move(upstream);
  }
  return core::json_text(out);
}

std::string load_plan(const core::load_script& script) {
  auto out = fmt::format("penstock load {}: {}\n", script.name,
                         script.description.empty() ? "no description" : script.description);
  out += script.head_process()  ? "  engine     a head of its own\n"
         : !script.head.empty() ? "  engine     the head at " + script.head + "\n"
                                : "  engine     embedded\n";
  for (auto& p : script.processes) {
    out += fmt::format("  process    {} ({}{})", p.name, to_string(p.role),
                       p.start ? "" : ", started by an action");
    for (auto& word : p.options)
      out += ' ' + word;
    out += '\n';
  }
  duration at{};
  for (auto& phase : script.phases) {
    out += fmt::format("  {:>9}  {}: {}, {}\n", span_text(at), phase.name, span_text(phase.length),
                       arrival_text(phase));
    at += phase.length;
  }
  out += fmt::format("  {:>9}  the end; jobs are {} for up to {}\n", span_text(at),
                     script.at_end == core::load_end::cancel ? "cancelled and awaited" : "awaited",
                     span_text(script.drain));
  for (auto& action : script.actions)
    out += fmt::format("  {:>9}  {} {}{}\n", span_text(action.at), to_string(action.deed),
                       action.deed == core::load_deed::submit ? action.tenant : action.process,
                       action.length > duration{} ? " for " + span_text(action.length) : "");
  uint64_t messages = 0, jobs = 0, requests = 0;
  for (core::load_schedule schedule{script}; schedule.peek();) {
    const auto event = schedule.take();
    ++messages;
    jobs += event.kind == load_message::submit;
    requests += event.requests;
  }
  for (auto& action : script.actions)
    if (action.deed == core::load_deed::submit) {
      ++jobs;
      requests += action.requests;
    }
  out += fmt::format("  in all     {} messages, {} jobs, {} requests, seed {}\n",
                     count_text(messages), count_text(jobs), count_text(requests), script.seed);
  for (auto& e : script.expectations) {
    const auto metric = core::load_metric_of(e.metric).value_or(core::load_metric{});
    out +=
      fmt::format("  expects    {}{} {} {}\n", e.metric, e.tenant.empty() ? "" : " of " + e.tenant,
                  metric.at_least ? ">=" : "<=", core::load_value_text(metric.unit, e.bound));
  }
  return out;
}

} // namespace penstock::cli
