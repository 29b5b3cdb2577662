#include "config/script/load_parts.hpp"
#include "core/base/duration_text.hpp"

#include "core/base/suggest.hpp"
#include "config/units.hpp"
#include "core/load/load_verdict.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace penstock::config {

namespace {

constexpr double rate_max = 1e6;
constexpr uint64_t requests_max = 10'000'000, body_max = 16u << 20;
constexpr duration span_max = std::chrono::hours{24 * 31};

std::optional<double> number_of(const toml_node& node) {
  boost::system::error_code ec;
  if (!node.leaf.is_number())
    return std::nullopt;
  const auto x = node.leaf.to_number<double>(ec);
  return ec || !std::isfinite(x) ? std::nullopt : std::optional{x};
}

std::optional<duration> span_of(const toml_node& node) {
  std::optional<duration> span;
  if (auto text = node.leaf.if_string())
    span = core::parse_strict_duration({text->data(), text->size()});
  else if (auto seconds = number_of(node); seconds && *seconds >= 0 && *seconds < 1e8)
    span = from_seconds(*seconds);
  return span && *span <= span_max ? span : std::nullopt;
}

template <class Enum, size_t N>
Enum place_of(const std::array<std::string_view, N>& words, const std::string& word) {
  return static_cast<Enum>(std::ranges::find(words, word) - words.begin());
}

/// A required key of a shape or an arrival process.
double needed(toml_section& section, std::string_view name, double min, double max,
              const std::string& why) {
  if (!section.any(name)) {
    section.refuse(name, nullptr, "is missing: " + why);
    return min;
  }
  return read_number(section, name, min, max).value_or(min);
}

} // namespace

std::optional<duration> read_span(toml_section& section, std::string_view name) {
  auto node = section.any(name);
  if (!node)
    return std::nullopt;
  auto span = span_of(*node);
  if (!span)
    section.refuse(name, node,
                   "must be a time span such as \"90s\" or \"10m\", or seconds, at most 31 days");
  return span;
}

std::optional<double> read_number(toml_section& section, std::string_view name, double min,
                                  double max) {
  auto node = section.any(name);
  if (!node)
    return std::nullopt;
  const auto x = number_of(*node);
  if (x && *x >= min && *x <= max)
    return x;
  section.refuse(name, node,
                 "must be a number from " + format_number(min) + " to " + format_number(max));
  return std::nullopt;
}

std::optional<core::load_mix> read_mix(toml_section& parent, const std::string& file,
                                       std::string_view path, std::string& faults) {
  auto node = parent.table("mix");
  if (!node)
    return std::nullopt;
  toml_section section{file, std::string{path} + "mix", *node, faults};
  core::load_mix mix{};
  double sum = 0;
  for (size_t i = 0; i < mix.size(); ++i)
    sum += mix[i] =
      read_number(section, to_string(static_cast<core::load_message>(i)), 0, rate_max).value_or(0);
  section.refuse_others("a mix");
  if (sum <= 0)
    section.refuse("", node,
                   "needs a weight above 0 for one of submit, status, cancel, results, subscribe");
  return mix;
}

std::optional<core::load_distribution>
read_distribution(toml_section& parent, std::string_view name, const std::string& file,
                  std::string_view path, std::string& faults, uint64_t min, uint64_t max) {
  using core::load_shape;
  auto node = parent.any(name);
  if (!node)
    return std::nullopt;
  core::load_distribution d;
  d.min = min;
  d.max = max;
  const auto top = static_cast<double>(max);
  if (node->what != toml_node::kind::table) {
    auto text = node->leaf.if_string();
    const auto bytes = text ? parse_bytes({text->data(), text->size()}) : std::nullopt;
    const auto size = bytes ? std::optional{static_cast<double>(*bytes)} : number_of(*node);
    if (!size || *size < static_cast<double>(min) || *size > top)
      parent.refuse(
        name, node,
        "must be a size from " + std::to_string(min) + " to " + std::to_string(max) +
          ", or a table such as {shape = \"lognormal\", median = 10, sigma = 1, max = 1000}");
    else
      d.value = *size;
    return d;
  }
  toml_section section{file, std::string{path} + "." + std::string{name}, *node, faults};
  constexpr std::array<std::string_view, 5> shapes{"constant", "uniform", "normal", "lognormal",
                                                   "zipf"};
  const auto bound = [&](std::string_view key, uint64_t otherwise) {
    return static_cast<uint64_t>(
      section.integer(key, static_cast<int64_t>(min), static_cast<int64_t>(max))
        .value_or(static_cast<int64_t>(otherwise)));
  };
  d.min = bound("min", min);
  d.max = bound("max", max);
  if (!section.any("shape"))
    section.refuse("shape", nullptr,
                   "is missing: one of constant, uniform, normal, lognormal, zipf");
  else if (auto word = section.choice("shape", shapes))
    d.shape = place_of<load_shape>(shapes, *word);
  constexpr double spread_max = 100;
  switch (d.shape) {
  case load_shape::constant: d.value = needed(section, "value", 0, top, "the size itself"); break;
  case load_shape::normal:
    d.value = needed(section, "mean", 0, top, "the middle of the sizes");
    d.spread = needed(section, "deviation", 0, top, "how far they are from it");
    break;
  case load_shape::lognormal:
    d.value = needed(section, "median", 0, top, "half of the sizes are below it");
    d.spread = needed(section, "sigma", 0, spread_max, "how far they spread; 1 is wide");
    break;
  case load_shape::zipf:
    d.spread =
      needed(section, "exponent", 0.01, spread_max, "how fast large sizes become rare; 1 is usual");
    [[fallthrough]];
  case load_shape::uniform:
    if (!section.any("max"))
      section.refuse("max", nullptr, "is missing: the largest size");
    break;
  }
  if (d.min > d.max)
    section.refuse("max", section.any("max"), "is below min");
  section.refuse_others("a size");
  return d;
}

core::load_phase read_phase(toml_section& section, const std::string& file, const std::string& path,
                            std::string& faults) {
  using core::load_arrival;
  constexpr std::array<std::string_view, 4> arrivals{"constant", "poisson", "burst", "ramp"};
  core::load_phase phase;
  phase.name = section.text("name").value_or("");
  phase.length = read_span(section, "duration").value_or(duration{});
  if (!section.any("duration"))
    section.refuse("duration", nullptr, "is missing");
  else if (phase.length <= duration{})
    section.refuse("duration", section.any("duration"), "must be above zero");
  if (auto word = section.choice("arrival", arrivals))
    phase.arrival = place_of<load_arrival>(arrivals, *word);
  switch (phase.arrival) {
  case load_arrival::constant:
  case load_arrival::poisson:
    phase.rate = needed(section, "rate", 0, rate_max, "messages per second; 0: none");
    break;
  case load_arrival::burst:
    phase.burst =
      static_cast<uint32_t>(needed(section, "size", 1, rate_max, "messages of one burst"));
    phase.every = read_span(section, "every").value_or(std::chrono::seconds{1});
    if (!section.any("every"))
      section.refuse("every", nullptr, "is missing: the time between bursts");
    else if (phase.every < std::chrono::milliseconds{1})
      section.refuse("every", section.any("every"), "must be at least 1 ms");
    break;
  case load_arrival::ramp:
    phase.rate = needed(section, "from", 0, rate_max, "messages per second at the beginning");
    phase.rate_to = needed(section, "to", 0, rate_max, "messages per second at the end");
    break;
  }
  phase.mix = read_mix(section, file, path + ".", faults);
  section.refuse_others("a phase");
  return phase;
}

core::load_tenant read_tenant(toml_section& section, const std::string& file,
                              const std::string& path, std::string& faults) {
  constexpr std::string_view priorities[]{"interactive", "normal", "bulk"};
  constexpr std::string_view modes[]{"auto", "parallel", "batch", "sequential"};
  constexpr int64_t in_flight_top = 100'000, output_top = 1'000'000;
  constexpr size_t name_max = 200;
  core::load_tenant tenant;
  if (auto name = section.text("name"); !name || name->empty() || name->size() > name_max)
    section.refuse("name", section.any("name"), "must be a text of 1 to 200 bytes");
  else
    tenant.name = *name;
  tenant.weight = read_number(section, "weight", 0, rate_max).value_or(tenant.weight);
  if (auto word = section.choice("priority", priorities))
    tenant.priority = *core::priority_from(*word);
  if (auto word = section.choice("mode", modes))
    tenant.mode = *core::mode_from(*word);
  if (auto sizes = read_distribution(section, "requests", file, path, faults, 1, requests_max))
    tenant.requests = *sizes;
  else
    tenant.requests.min = 1;
  if (auto sizes = read_distribution(section, "body", file, path, faults, 0, body_max))
    tenant.body_bytes = *sizes;
  tenant.in_flight_max = static_cast<uint32_t>(
    section.integer("in_flight_max", 1, in_flight_top).value_or(tenant.in_flight_max));
  tenant.output_tokens_max =
    static_cast<uint32_t>(section.integer("output_tokens_max", 0, output_top).value_or(0));
  section.refuse_others("a tenant");
  return tenant;
}

core::load_action read_action(toml_section& section, const std::string& file,
                              const std::string& path, std::string& faults) {
  using core::load_deed;
  constexpr std::array<std::string_view, 8> deeds{"start",  "stop",   "kill",   "suspend",
                                                  "resume", "faults", "limits", "submit"};
  core::load_action action;
  if (!section.any("at"))
    section.refuse("at", nullptr, "is missing: when, from the beginning of the load");
  action.at = read_span(section, "at").value_or(duration{});
  if (!section.any("do"))
    section.refuse("do", nullptr,
                   "is missing: start, stop, kill, suspend, resume, faults, limits or submit");
  else if (auto word = section.choice("do", deeds))
    action.deed = place_of<load_deed>(deeds, *word);
  const auto deed = action.deed;
  if (deed != load_deed::submit)
    action.process = section.text("process").value_or("");
  if (deed == load_deed::stop || deed == load_deed::kill || deed == load_deed::suspend ||
      deed == load_deed::faults)
    action.length = read_span(section, "for").value_or(duration{});
  if (deed == load_deed::submit) {
    action.tenant = section.text("tenant").value_or("");
    action.requests =
      static_cast<uint64_t>(needed(section, "requests", 1, requests_max, "of the job"));
  } else if (deed == load_deed::faults) {
    action.faults = section.texts("faults").value_or(std::vector<std::string>{});
    if (!section.any("faults"))
      section.refuse("faults", nullptr,
                     "is missing: a list such as [\"500:p=0.2\"]; [] ends all faults");
  } else if (deed == load_deed::limits) {
    auto table = section.table("limits");
    if (!table)
      section.refuse("limits", nullptr, "is missing: a table such as {rpm = 600}");
    else {
      toml_section limits{file, path + ".limits", *table, faults};
      for (std::string_view name : {"rpm", "rpd", "tpm", "itpm", "otpm", "burst"})
        if (auto x = read_number(limits, name, 0, 1e12))
          action.limits.emplace_back(name, *x);
      limits.refuse_others("limits of a mock");
    }
  }
  section.refuse_others("the action \"" + std::string{to_string(deed)} + "\"");
  return action;
}

void read_expectations(toml_section& section, const toml_node& table, const std::string& tenant,
                       std::vector<core::load_expectation>& to) {
  const auto names = core::load_metric_names();
  for (auto& member : table.members) {
    if (tenant.empty() && (member.key == "share_since" || member.key == "tenants"))
      continue;
    section.any(member.key);
    const auto metric = core::load_metric_of(member.key);
    if (!metric) {
      section.refuse(member.key, &member,
                     "is nothing that a load measures" +
                       core::did_you_mean(core::nearest(member.key, names)));
    } else if (!tenant.empty() && !metric->per_tenant) {
      section.refuse(member.key, &member,
                     "is not measured per tenant; job_p99, queue_wait_p99, throughput, "
                     "failed_requests, completed_requests and jobs_ended are");
    } else if (metric->unit == core::load_unit::seconds) {
      if (auto span = span_of(member))
        to.push_back({member.key, tenant, to_seconds(*span)});
      else
        section.refuse(member.key, &member, "must be a time span such as \"500ms\", or seconds");
    } else {
      const double top = metric->unit == core::load_unit::share ? 1 : 1e15;
      if (auto bound = read_number(section, member.key, 0, top))
        to.push_back({member.key, tenant, *bound});
    }
  }
}

} // namespace penstock::config
