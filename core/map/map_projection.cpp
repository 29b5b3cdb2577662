#include "core/map/map_projection.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace penstock::core {

namespace {

/// The work of one lane.
struct load {
  double requests = 0, input_tokens = 0, output_tokens = 0;
  double upstream_seconds = 0; ///< Time inside exchanges, summed.
};

double needed(const load& l, dimension d) {
  switch (d) {
  case dimension::requests_minute:
  case dimension::requests_day: return l.requests;
  case dimension::input_tokens: return l.input_tokens;
  case dimension::output_tokens: return l.output_tokens;
  case dimension::total_tokens: return l.input_tokens + l.output_tokens;
  }
  return 0;
}

/// The time in seconds that a limit needs, and the name of the limit.
std::pair<double, std::string> lane_time(const load& l, const projected_lane& lane) {
  std::pair<double, std::string> longest;
  for (size_t i = 0; i < dimension_count; ++i) {
    const auto d = static_cast<dimension>(i);
    const double limit = lane.limits.limit[i] * lane.limits.headroom;
    if (limit <= 0)
      continue;
    const double window = d == dimension::requests_day ? 86'400 : 60;
    // The content of a full bucket is used at once at the start.
    const double burst = limit * std::min(1.0, to_seconds(lane.limits.burst) / window);
    const double seconds = std::max(0.0, needed(l, d) - burst) / limit * window;
    if (seconds > longest.first)
      longest = {seconds, std::string{to_string(d)} + " of " + lane.name};
  }
  if (lane.limits.in_flight_max > 0) {
    const double seconds = l.upstream_seconds / lane.limits.in_flight_max;
    if (seconds > longest.first)
      longest = {seconds, "requests in flight at " + lane.name};
  }
  return longest;
}

uint64_t rounded(double x) { return static_cast<uint64_t>(std::llround(std::max(0.0, x))); }

} // namespace

void stage_sample::add(const outcome& o, bool row_is_new) {
  rows += row_is_new ? 1 : 0;
  ++requests;
  attempts += o.attempts;
  input_tokens += o.used.input_tokens;
  output_tokens += o.used.output_tokens;
  upstream += o.upstream;
  if (o.cost) {
    ++priced;
    cost += *o.cost;
  }
}

map_projection project(const std::vector<stage_sample>& sample, uint64_t sampled,
                       uint64_t rows_left, const std::vector<projected_lane>& lanes,
                       uint32_t in_flight_max) {
  map_projection out;
  out.rows = rows_left;
  if (sampled == 0 || rows_left == 0)
    return out;
  const double factor = static_cast<double>(rows_left) / static_cast<double>(sampled);
  load whole;
  std::map<std::string, load> by_lane;
  bool priced = true;
  double cost = 0, row_seconds = 0;
  for (auto& s : sample) {
    if (s.requests == 0)
      continue;
    const load l{static_cast<double>(s.requests) * factor,
                 static_cast<double>(s.input_tokens) * factor,
                 static_cast<double>(s.output_tokens) * factor, to_seconds(s.upstream) * factor};
    for (auto* to : {&whole, &by_lane[s.lane]}) {
      to->requests += l.requests;
      to->input_tokens += l.input_tokens;
      to->output_tokens += l.output_tokens;
      to->upstream_seconds += l.upstream_seconds;
    }
    row_seconds += to_seconds(s.upstream) / static_cast<double>(std::max<uint64_t>(1, s.rows));
    priced = priced && s.priced > 0;
    if (s.priced > 0) // Requests whose price is unknown cost as much as the others.
      cost += s.cost / static_cast<double>(s.priced) * l.requests;
  }
  out.requests = rounded(whole.requests);
  out.input_tokens = rounded(whole.input_tokens);
  out.output_tokens = rounded(whole.output_tokens);
  if (priced && whole.requests > 0)
    out.cost = cost;

  // Even without limits the last row goes through all stages one after the other.
  double longest =
    std::max(row_seconds, whole.upstream_seconds / std::max<uint32_t>(1, in_flight_max));
  out.bound_by = row_seconds >= longest ? "the time of one row" : "requests in flight";
  for (auto& lane : lanes)
    if (auto l = by_lane.find(lane.name); l != by_lane.end())
      if (auto [seconds, why] = lane_time(l->second, lane); seconds > longest) {
        longest = seconds;
        out.bound_by = why;
      }
  out.time = from_seconds(longest);
  return out;
}

} // namespace penstock::core
