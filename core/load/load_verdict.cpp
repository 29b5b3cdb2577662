#include "core/load/load_verdict.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace penstock::core {

namespace {

struct named_metric {
  std::string_view name;
  load_metric what;
};

constexpr named_metric metrics[]{
  {"lost", {}},
  {"duplicates", {}},
  {"order_violations", {}},
  {"errors", {}},
  {"overruns", {}},
  {"paid_twice", {}},
  {"processes_died", {}},
  {"failed_requests", {load_unit::count, false, true}},
  {"completed_requests", {load_unit::count, true, true}},
  {"jobs_ended", {load_unit::count, true, true}},
  {"rate_limited_per_1000", {}},
  {"stall_max", {load_unit::seconds, false, false}},
  {"throughput", {load_unit::per_second, true, true}},
  {"share_of_limit", {load_unit::share, true, false}},
  {"fairness", {load_unit::share, true, false}},
};

constexpr std::pair<std::string_view, double> percentiles[]{
  {"p50", 50}, {"p90", 90}, {"p99", 99}, {"p999", 99.9}, {"max", 100}};

/// A span and a percentile: "queue_wait_p99".
struct span_metric {
  size_t span = 0;
  double percent = 0;
};

std::optional<span_metric> span_metric_of(std::string_view name) {
  const auto cut = name.rfind('_');
  if (cut == std::string_view::npos)
    return std::nullopt;
  for (auto& [suffix, percent] : percentiles)
    for (size_t i = 0; name.substr(cut + 1) == suffix && i < load_spans; ++i)
      if (name.substr(0, cut) == load_span_name(i))
        return span_metric{i, percent};
  return std::nullopt;
}

double per_1000(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 1000 * static_cast<double>(part) / static_cast<double>(whole);
}

/// The fairness within each priority, and the worst of them: priorities are not meant to be equal.
double fairness_of(const load_result& r) {
  double worst = 1;
  for (auto p : {priority::interactive, priority::normal, priority::bulk}) {
    std::vector<load_share> shares;
    for (size_t i = 0; i < r.priorities.size(); ++i)
      if (auto& t = r.record.tenants()[i]; r.priorities[i] == p && t.requests_in_time > 0)
        shares.push_back(
          {static_cast<double>(t.requests_in_time), static_cast<double>(t.served_in_time)});
    worst = std::min(worst, fairness(shares));
  }
  return worst;
}

std::optional<double> value_of(const load_tenant_counts& t, std::string_view name,
                               duration length) {
  const auto count = [](uint64_t n) { return static_cast<double>(n); };
  if (auto span = span_metric_of(name)) {
    if (span->span != load_span_job && span->span != load_span_queue_wait)
      return std::nullopt;
    auto& spans = span->span == load_span_job ? t.job : t.queue_wait;
    return spans.count() > 0 ? std::optional{to_seconds(spans.percentile(span->percent))}
                             : std::nullopt;
  }
  if (name == "failed_requests")
    return count(t.failed + t.expired);
  if (name == "completed_requests")
    return count(t.completed);
  if (name == "jobs_ended")
    return count(t.jobs_ended);
  if (name == "throughput")
    return length > duration{} ? std::optional{count(t.served_in_time) / to_seconds(length)}
                               : std::nullopt;
  return std::nullopt;
}

std::string printed(const char* format, double x) {
  char text[48];
  std::snprintf(text, sizeof text, format, x);
  return text;
}

} // namespace

std::optional<load_metric> load_metric_of(std::string_view name) {
  if (auto span = span_metric_of(name))
    return load_metric{load_unit::seconds, false, span->span >= load_messages};
  const auto found = std::ranges::find(metrics, name, &named_metric::name);
  return found == std::end(metrics) ? std::nullopt : std::optional{found->what};
}

std::vector<std::string> load_metric_names() {
  std::vector<std::string> names;
  for (auto& metric : metrics)
    names.emplace_back(metric.name);
  for (size_t i = 0; i < load_spans; ++i)
    for (auto& [suffix, percent] : percentiles)
      names.push_back(std::string{load_span_name(i)} + "_" + std::string{suffix});
  return names;
}

std::optional<double> load_value(const load_result& r, std::string_view name,
                                 std::string_view tenant) {
  auto& record = r.record;
  const auto count = [](uint64_t n) { return std::optional{static_cast<double>(n)}; };
  if (!tenant.empty()) {
    const auto at = std::ranges::find(r.tenant_names, tenant);
    if (at == r.tenant_names.end())
      return std::nullopt;
    return value_of(record.tenants()[static_cast<size_t>(at - r.tenant_names.begin())], name,
                    record.length());
  }
  if (auto span = span_metric_of(name)) {
    auto& spans = record.span(span->span);
    return spans.count() > 0 ? std::optional{to_seconds(spans.percentile(span->percent))}
                             : std::nullopt;
  }
  if (name == "lost")
    return count(record.exactness.lost);
  if (name == "duplicates")
    return count(record.exactness.duplicates);
  if (name == "order_violations")
    return count(record.exactness.order_violations);
  if (name == "errors")
    return count(record.errors());
  if (name == "overruns")
    return count(record.overruns());
  if (name == "processes_died")
    return count(r.processes_died);
  if (name == "stall_max")
    return to_seconds(record.stall());
  if (name == "fairness")
    return fairness_of(r);
  if (name == "rate_limited_per_1000")
    return r.upstream ? per_1000(r.upstream->rate_limited, r.upstream->requests)
                      : per_1000(record.all().rate_limited, record.all().attempts);
  if (name == "paid_twice")
    return r.upstream ? count(r.upstream->paid_twice) : std::nullopt;
  if (name == "share_of_limit")
    return r.upstream ? r.upstream->share_of_limit : std::nullopt;
  return value_of(record.all(), name, record.length());
}

std::vector<load_verdict> judge(const load_result& result,
                                std::span<const load_expectation> expectations) {
  std::vector<load_verdict> out;
  for (auto& e : expectations) {
    load_verdict v{e, load_value(result, e.metric, e.tenant), false};
    const auto metric = load_metric_of(e.metric);
    v.met = metric && v.actual && (metric->at_least ? *v.actual >= e.bound : *v.actual <= e.bound);
    out.push_back(std::move(v));
  }
  return out;
}

std::string load_value_text(load_unit unit, double value) {
  switch (unit) {
  case load_unit::seconds:
    return value < 0.01     ? printed("%.2f ms", value * 1e3)
           : value < 0.9995 ? printed("%.0f ms", value * 1e3)
                            : printed("%.2f s", value);
  case load_unit::share: return printed("%.1f %%", value * 100);
  case load_unit::per_second: return printed(value < 100 ? "%.1f/s" : "%.0f/s", value);
  case load_unit::count: break;
  }
  return printed(value == std::floor(value) ? "%.0f" : "%.2f", value);
}

std::string to_text(const load_verdict& v) {
  const auto metric = load_metric_of(v.expected.metric).value_or(load_metric{});
  auto text = v.expected.metric;
  if (!v.expected.tenant.empty())
    text += " of " + v.expected.tenant;
  text +=
    (metric.at_least ? " >= " : " <= ") + load_value_text(metric.unit, v.expected.bound) + ": ";
  return text + (v.actual ? load_value_text(metric.unit, *v.actual) : "not measured");
}

double fairness(std::span<const load_share> shares) {
  std::vector<load_share> left;
  for (auto& s : shares)
    if (s.wanted > 0)
      left.push_back(s);
  double got = 0;
  for (auto& s : left)
    got += s.got;
  if (left.size() < 2 || got <= 0)
    return left.size() < 2 ? 1 : 0;
  // Fill the smallest demands first; the rest is shared evenly by the others.
  std::ranges::sort(left, {}, &load_share::wanted);
  double sum = 0, squares = 0;
  for (size_t i = 0; i < left.size(); ++i) {
    const double even = got / static_cast<double>(left.size() - i);
    const double due = std::min(left[i].wanted, even);
    got -= due;
    const double share = due > 0 ? left[i].got / due : 0;
    sum += share;
    squares += share * share;
  }
  return squares > 0 ? sum * sum / (static_cast<double>(left.size()) * squares) : 0;
}

} // namespace penstock::core
