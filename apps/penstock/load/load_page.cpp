#include "apps/penstock/load/load_chart.hpp"
#include "apps/penstock/load/load_report.hpp"
#include "apps/penstock/view/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace penstock::cli {

namespace {

using core::load_message;
using core::load_unit;

constexpr double page_nothing = std::numeric_limits<double>::quiet_NaN();

std::string span_cell(const core::latency_histogram& h, double percent) {
  return h.count() == 0
           ? ""
           : core::load_value_text(load_unit::seconds, to_seconds(h.percentile(percent)));
}

std::string row(std::string_view tag, const std::vector<std::string>& cells) {
  std::string out = "<tr>";
  for (auto& cell : cells)
    out += fmt::format("<{0}>{1}</{0}>", tag, escaped(cell));
  return out + "</tr>\n";
}

std::string span_row(size_t span, const core::load_record& record) {
  auto& h = record.span(span);
  std::vector<std::string> cells{std::string{core::load_span_name(span)}};
  if (span < core::load_messages) {
    auto& m = record.messages(static_cast<load_message>(span));
    for (auto n : {m.arrived, m.answered, m.failed + m.unanswered, m.overrun, m.skipped})
      cells.push_back(count_text(n));
  } else {
    cells.insert(cells.end(), {"", count_text(h.count()), "", "", ""});
  }
  for (double percent : {50.0, 90.0, 99.0, 99.9, 100.0})
    cells.push_back(span_cell(h, percent));
  return row("td", cells);
}

std::string tables(const core::load_result& r, std::span<const core::load_verdict> verdicts) {
  auto& record = r.record;
  std::string out = "<h2>Expectations</h2>\n<table>" + row("th", {"", "expected", "actual"});
  for (auto& v : verdicts) {
    const auto metric = core::load_metric_of(v.expected.metric).value_or(core::load_metric{});
    auto name = v.expected.metric + (v.expected.tenant.empty() ? "" : " of " + v.expected.tenant);
    name +=
      (metric.at_least ? " ≥ " : " ≤ ") + core::load_value_text(metric.unit, v.expected.bound);
    out += fmt::format("<tr class=\"{}\"><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                       v.met ? "good" : "bad", v.met ? "met" : "missed", escaped(name),
                       v.actual ? core::load_value_text(metric.unit, *v.actual) : "not measured");
  }
  out += "</table>\n<h2>Times</h2>\n<table>" +
         row("th", {"", "arrived", "answered", "errors", "overrun", "skipped", "p50", "p90", "p99",
                    "p99.9", "max"});
  for (size_t i = 0; i < core::load_spans; ++i)
    if (i >= core::load_messages || record.messages(static_cast<load_message>(i)).arrived > 0)
      out += span_row(i, record);
  out +=
    "</table>\n<p class=\"note\">Times of messages run from when they were due, whatever held them "
    "up; job: from a "
    "job's submission to its last outcome; queue_wait: of a request, to its first permit.</p>\n";
  out +=
    "<h2>Tenants</h2>\n<table>" + row("th", {"", "jobs", "requests", "completed", "failed",
                                             "cancelled", "job p50", "job p99", "queue_wait p99"});
  for (size_t i = 0; i < r.tenant_names.size(); ++i) {
    auto& t = record.tenants()[i];
    out +=
      row("td", {r.tenant_names[i], count_text(t.jobs), count_text(t.requests),
                 count_text(t.completed), count_text(t.failed + t.expired), count_text(t.cancelled),
                 span_cell(t.job, 50), span_cell(t.job, 99), span_cell(t.queue_wait, 99)});
  }
  out += "</table>\n";
  if (record.marks().empty() && record.causes().empty())
    return out;
  out += "<h2>What happened</h2>\n<table>" + row("th", {"", "what"});
  for (auto& mark : record.marks())
    out += row("td", {fmt::format("{:.1f} s", to_seconds(mark.at)),
                      (mark.phase ? "phase: " : "") + mark.text});
  for (auto& [cause, count] : record.causes())
    out += row("td", {count_text(count) + " times", cause});
  return out + "</table>\n";
}

/// A value of each point.
template <class F>
std::vector<double> values_of(const core::load_series& series, F f) {
  std::vector<double> out;
  for (auto& p : series.points())
    out.push_back(f(p));
  return out;
}

chart empty_chart(const core::load_result& r, std::string title, chart_unit unit) {
  chart c;
  c.title = std::move(title);
  c.unit = unit;
  c.logarithmic = unit == chart_unit::seconds;
  for (auto& p : r.record.series().points())
    c.at.push_back(p.start);
  c.end = std::max(to_seconds(r.record.elapsed()), 1.0);
  for (auto& mark : r.record.marks())
    if (mark.at <= r.record.elapsed())
      (mark.phase ? c.phases : c.actions).emplace_back(to_seconds(mark.at), mark.text);
  return c;
}

chart span_chart(const core::load_result& r, std::string title, bool tail, size_t from, size_t to) {
  auto c = empty_chart(r, std::move(title), chart_unit::seconds);
  for (size_t i = from; i < to; ++i)
    if (r.record.span(i).count() > 0)
      c.lines.push_back({std::string{core::load_span_name(i)},
                         values_of(r.record.series(),
                                   [&](auto& p) {
                                     return p.count[i] == 0 ? page_nothing
                                                            : double{tail ? p.p99[i] : p.p50[i]};
                                   }),
                         static_cast<int>(i - from)});
  return c;
}

std::string charts(const core::load_result& r) {
  auto& series = r.record.series();
  const auto rate = [](uint64_t n, double length) {
    return static_cast<double>(n) / std::max(length, 1e-9);
  };
  auto through = empty_chart(r, "Throughput, requests per second", chart_unit::rate);
  through.lines = {
    {"completed", values_of(series, [&](auto& p) { return rate(p.completed, p.length); }), 2},
    {"submitted", values_of(series, [&](auto& p) { return rate(p.submitted, p.length); }), 0, true},
    {"failed, cancelled or expired",
     values_of(series, [&](auto& p) { return rate(p.failed, p.length); }), 4}};
  auto messages = empty_chart(r, "Messages per second", chart_unit::rate);
  messages.lines = {
    {"answered", values_of(series, [&](auto& p) { return rate(p.messages, p.length); }), 0},
    {"of these with an error", values_of(series, [&](auto& p) { return rate(p.errors, p.length); }),
     4}};
  auto open = empty_chart(r, "Requests", chart_unit::count);
  open.lines = {{"open", values_of(series, [](auto& p) { return p.open; }), 0, true},
                {"in flight", values_of(series, [](auto& p) { return p.in_flight; }), 1}};
  auto limit = empty_chart(r, "Share of the limit used, last minute", chart_unit::share);
  limit.lines = {
    {"of the limit that binds",
     values_of(series, [](auto& p) { return p.limit_share < 0 ? page_nothing : p.limit_share; }),
     3}};
  const bool limited =
    std::ranges::any_of(series.points(), [](auto& p) { return p.limit_share >= 0; });
  auto out = chart_html(through) + chart_html(messages) +
             chart_html(span_chart(r, "Latency of messages, p50", false, 0, core::load_messages)) +
             chart_html(span_chart(r, "Latency of messages, p99", true, 0, core::load_messages)) +
             chart_html(span_chart(r, "Jobs and queue wait, p99", true, core::load_span_job,
                                   core::load_spans)) +
             chart_html(open);
  return limited ? out + chart_html(limit) : out;
}

} // namespace

std::string load_page(const core::load_result& r, std::span<const core::load_verdict> verdicts) {
  const bool met = std::ranges::all_of(verdicts, &core::load_verdict::met);
  auto& all = r.record.all();
  auto out = fmt::format("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                         "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                         "<title>penstock load: {}</title>\n<style>\n",
                         escaped(r.script));
  out += chart_style();
  out +=
    R"(body{background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}.note{color:var(--soft);font-size:.85rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;display:block;overflow-x:auto}
th,td{padding:.2rem .8rem .2rem 0;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}
th{font-weight:500;color:var(--soft)}th:first-child,td:first-child,td:nth-child(2):last-child{text-align:left}
.good td:first-child{color:var(--good)}.bad td{color:var(--bad);font-weight:600}
</style></head><body>
)";
  out += fmt::format(
    "<h1>{}</h1>\n<p>{}{} of load, {} in all. Engine: {}. Seed {}.<br>{} requests in {} jobs: {} "
    "completed, "
    "{} failed, {} cancelled, {} expired; {} lost, {} duplicates, {} order violations.</p>\n",
    escaped(r.script), met ? "All expectations met. " : "Some expectations were missed. ",
    span_text(std::min(r.record.length(), r.record.elapsed())), span_text(r.record.elapsed()),
    escaped(r.engine), r.seed, count_text(all.requests), count_text(all.jobs),
    count_text(all.completed), count_text(all.failed), count_text(all.cancelled),
    count_text(all.expired), count_text(r.record.exactness.lost),
    count_text(r.record.exactness.duplicates), count_text(r.record.exactness.order_violations));
  if (r.upstream)
    out +=
      fmt::format("<p>Upstream: {} requests, {} answered 429, {} paid twice{}.</p>\n",
                  count_text(r.upstream->requests), count_text(r.upstream->rate_limited),
                  count_text(r.upstream->paid_twice),
                  r.upstream->share_of_limit
                    ? ", " + core::load_value_text(load_unit::share, *r.upstream->share_of_limit) +
                        " of its limit used"
                    : "");
  return out + tables(r, verdicts) + "<h2>Over time</h2>\n" + charts(r) + "</body></html>\n";
}

} // namespace penstock::cli
