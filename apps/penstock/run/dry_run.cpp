#include "apps/penstock/run/dry_run.hpp"
#include "config/json_number.hpp"
#include "config/prices.hpp"
#include "config/routing.hpp"
#include "config/units.hpp"
#include "core/base/duration_text.hpp"
#include "core/base/text.hpp"
#include "core/protocol/protocol.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace penstock::cli {

namespace {

/// The requests and tokens of one lane.
struct lane_need {
  std::string name;
  const config::limit_settings* limits;
  core::charge_rule charging;
  double requests = 0, input = 0, output = 0;
};

double input_tokens_of(const model_load& load, const dry_run_input& input) {
  return static_cast<double>(load.input_bytes) / input.bytes_per_token;
}

double output_tokens_of(const model_load& load, const dry_run_input& input) {
  return static_cast<double>(load.output_tokens_max) +
         static_cast<double>(load.without_output_max * input.output_tokens_assumed);
}

/// Adds each load to the lanes of its model.
std::vector<lane_need> needs_by_lane(const dry_run_input& input, const config::settings& values) {
  const auto plan =
    config::plan_routing(values, config::use_of_default(values) != config::default_use::none);
  std::vector<lane_need> needs;
  for (size_t i = 0; i < plan.limits.size(); ++i) {
    const auto& lane = plan.routes.lanes()[i];
    const auto* upstream = plan.upstreams[lane.upstream];
    const auto* protocol = core::find_protocol(upstream->protocol);
    const bool is_default = upstream == &values.upstream;
    needs.push_back(
      {lane.name, plan.limits[i], is_default || !protocol ? input.charging : protocol->charging()});
  }
  for (auto& load : input.loads) {
    const auto& model = values.run.model.empty() ? load.model : values.run.model;
    for (auto& [lane, share] : plan.routes.shares(model)) {
      auto& need = needs[lane];
      need.requests += static_cast<double>(load.prompts.value_or(load.requests)) * share;
      need.input += input_tokens_of(load, input) * share;
      need.output += output_tokens_of(load, input) * share;
    }
  }
  return needs;
}

/// The least time for `need` through a bucket that is full at the start.
duration least_time(double need, double limit, double window_seconds, double capacity_seconds) {
  const double rate = limit / window_seconds;
  return from_seconds(std::max(0.0, (need - rate * capacity_seconds) / rate));
}

void add_lane_bounds(const lane_need& need, core::charge_rule charging,
                     std::vector<dry_run_bound>& out) {
  constexpr double minute = 60, day = 86'400;
  auto& l = *need.limits;
  // OpenAI charges the larger of both; totals cannot show more than the larger total.
  const double together = charging == core::charge_rule::openai ? std::max(need.input, need.output)
                          : charging == core::charge_rule::input_only ? need.input
                                                                      : need.input + need.output;
  struct row {
    const char* name;
    double limit, need, window, capacity;
  };
  const double burst = to_seconds(l.burst_most());
  for (auto& r : std::array{row{"rpm", l.rpm, need.requests, minute, burst},
                            row{"rpd", l.rpd, need.requests, day, day},
                            row{"tpm", l.tpm, together, minute, burst},
                            row{"itpm", l.itpm, need.input, minute, burst},
                            row{"otpm", l.otpm, need.output, minute, burst}})
    if (r.limit > 0 && need.requests > 0)
      out.push_back({need.name, r.name, r.limit, r.need,
                     least_time(r.need, r.limit * l.headroom, r.window, r.capacity)});
}

std::string about(double x) {
  return core::count_text(static_cast<uint64_t>(std::llround(std::min(x, 1e18))));
}

/// A span for people: whole seconds from one second on.
std::string rounded(duration d) {
  const auto grain = d < std::chrono::seconds{1} ? duration{std::chrono::milliseconds{1}}
                                                 : duration{std::chrono::seconds{1}};
  return core::format_duration((d + grain - duration{1}) / grain * grain);
}

std::string name_of(const dry_run_bound& bound) {
  return bound.limit + " " + config::format_number(bound.allowed) +
         (bound.lane.empty() ? "" : " of lane " + bound.lane);
}

std::string line(const std::string& head, const std::string& text) {
  constexpr size_t column = 18;
  auto out = "  " + head;
  out.resize(std::max(out.size() + 1, column), ' ');
  return out + text + "\n";
}

} // namespace

dry_run_report plan_dry_run(const dry_run_input& input, const config::settings& values) {
  dry_run_report report;
  report.name = input.name;
  report.rejected = input.rejected;
  report.bytes_per_token = input.bytes_per_token;
  report.output_tokens_assumed = input.output_tokens_assumed;
  report.latency = input.latency;
  report.headroom = values.upstream.limits.headroom;
  report.deadline = values.run.deadline;
  report.packs = input.packs;
  report.proposal = input.proposal;
  for (auto& load : input.loads) {
    report.requests += load.requests;
    report.prompts += load.prompts.value_or(load.requests);
    report.input_bytes += load.input_bytes;
    report.without_output_max += load.without_output_max;
  }
  for (auto& load : input.loads) {
    report.input_tokens += input_tokens_of(load, input);
    report.output_tokens += output_tokens_of(load, input);
  }
  for (auto& need : needs_by_lane(input, values))
    add_lane_bounds(need, need.charging, report.bounds);
  if (report.requests > 0) {
    const auto sequential = values.run.mode == core::mode::sequential;
    const double width =
      sequential ? 1 : std::min(values.run.in_flight_max, values.run.window_requests);
    const auto prompts = static_cast<double>(report.prompts);
    report.bounds.push_back({"", "in flight", width, prompts,
                             from_seconds(std::ceil(prompts / width) * to_seconds(input.latency))});
    const auto longest = std::ranges::max_element(report.bounds, {}, &dry_run_bound::least);
    report.binding = static_cast<size_t>(longest - report.bounds.begin());
  }
  const auto prices = config::price_table_of(values);
  for (auto& load : input.loads) {
    const core::usage used{.input_tokens = static_cast<uint64_t>(input_tokens_of(load, input)),
                           .output_tokens = static_cast<uint64_t>(output_tokens_of(load, input)),
                           .known = true};
    if (const auto cost =
          prices.cost(values.run.model.empty() ? load.model : values.run.model, used))
      report.cost = report.cost.value_or(0) + *cost;
  }
  return report;
}

std::string to_text(const dry_run_report& report) {
  std::string out = "Dry run of " + report.name + ": nothing was sent.\n";
  out += line("requests", core::count_text(report.requests));
  if (!report.packs.empty())
    out += line("prompts", "about " + core::count_text(report.prompts) +
                             ", several requests in one (" + report.packs + ")");
  if (report.rejected > 0)
    out += line("bad lines", core::count_text(report.rejected) +
                               ", which become failed results unsent (--strict refuses them)");
  out += line("input tokens", "about " + about(report.input_tokens) + " (" +
                                core::count_text(report.input_bytes) + " bytes at " +
                                config::format_number(report.bytes_per_token) + " a token)");
  auto output = "at most " + about(report.output_tokens);
  if (report.without_output_max > 0)
    output = "about " + about(report.output_tokens) + " (" +
             core::count_text(report.without_output_max) + " requests set no maximum; " +
             core::count_text(report.output_tokens_assumed) + " each assumed)";
  out += line("output tokens", output);
  if (report.cost) {
    std::array<char, 64> dollars;
    std::snprintf(dollars.data(), dollars.size(), "$%.2f", *report.cost);
    out += line("cost", std::string{report.without_output_max > 0 ? "about " : "at most about "} +
                          dollars.data());
  }
  if (!report.proposal.empty())
    out += line("proposal", report.proposal);
  if (!report.binding) // Nothing to send.
    return out;
  out +=
    "\nLeast time by each limit (limits at headroom " + config::format_number(report.headroom) +
    " or the lane's own, full at the start; answers of " + rounded(report.latency) + " assumed):\n";
  for (auto& bound : report.bounds)
    out += "  " + rounded(bound.least) + "  " + name_of(bound) + "\n";
  auto& binding = report.bounds[*report.binding];
  out += "\nWhat binds: " + name_of(binding) + "; the job takes at least about " +
         rounded(binding.least) + ".\n";
  if (report.deadline > duration::zero() && binding.least > report.deadline)
    out += "The deadline of " + rounded(report.deadline) + " is too short.\n";
  return out;
}

std::string to_json(const dry_run_report& report) {
  namespace json = boost::json;
  using config::json_number;
  // Parentheses: braces would make a list of one.
  const auto as_json = [](const dry_run_bound& b) {
    return json::object{{"lane", b.lane.empty() ? json::value(nullptr) : json::value(b.lane)},
                        {"limit", b.limit},
                        {"allowed", json_number(b.allowed)},
                        {"need", json_number(std::round(b.need))},
                        {"least_seconds", json_number(to_seconds(b.least))}};
  };
  json::array bounds;
  for (auto& bound : report.bounds)
    bounds.push_back(as_json(bound));
  json::object out{{"dry_run", true},
                   {"input", report.name},
                   {"requests", report.requests},
                   {"prompts", report.prompts},
                   {"rejected", report.rejected},
                   {"input_bytes", report.input_bytes},
                   {"input_tokens_estimated", json_number(std::round(report.input_tokens))},
                   {"output_tokens_max", json_number(std::round(report.output_tokens))},
                   {"requests_without_output_max", report.without_output_max},
                   {"output_tokens_assumed", report.output_tokens_assumed},
                   {"bytes_per_token", json_number(report.bytes_per_token)},
                   {"latency_seconds_assumed", json_number(to_seconds(report.latency))},
                   {"headroom", json_number(report.headroom)},
                   {"bounds", std::move(bounds)}};
  out["binding"] =
    report.binding ? json::value(as_json(report.bounds[*report.binding])) : json::value(nullptr);
  out["packs"] = report.packs.empty() ? json::value(nullptr) : json::value(report.packs);
  out["pack_proposal"] =
    report.proposal.empty() ? json::value(nullptr) : json::value(report.proposal);
  out["cost_dollars"] = report.cost ? json_number(*report.cost) : json::value(nullptr);
  return json::serialize(out) + "\n";
}

} // namespace penstock::cli
