#include "config/lanes.hpp"
#include "config/ramp.hpp"

#include <algorithm>

namespace penstock::config {

const lane_settings* lane_of(const upstream_settings& upstream, std::string_view model) noexcept {
  const auto serves = [&](const lane_settings& lane) {
    return std::ranges::any_of(lane.models, [&](auto& glob) { return glob_match(glob, model); });
  };
  const auto found = std::ranges::find_if(upstream.lanes, serves);
  return found == upstream.lanes.end() ? nullptr : &*found;
}

core::lane_limits lane_limits_of(const settings& values, const limit_settings& limits,
                                 core::charge_rule charging) {
  using core::dimension;
  core::lane_limits out;
  const auto set = [&](dimension d, double x) { out.limit[static_cast<size_t>(d)] = x; };
  set(dimension::requests_minute, limits.rpm);
  set(dimension::requests_day, limits.rpd);
  set(dimension::total_tokens, limits.tpm);
  set(dimension::input_tokens, limits.itpm);
  set(dimension::output_tokens, limits.otpm);
  out.in_flight_max = limits.in_flight > 0 ? std::min(limits.in_flight, values.run.in_flight_max)
                                           : values.run.in_flight_max;
  out.ramp = parse_ramp(limits.ramp).value_or(std::vector<uint32_t>{});
  out.ramp_every = limits.ramp_every;
  // If the user chose a width, the lane keeps to it.
  const bool named = limits.in_flight > 0 || !out.ramp.empty();
  if (limits.adaptive_in_flight == "true")
    out.width = core::width_rule::adaptive;
  else if (limits.adaptive_in_flight == "auto" && !named)
    out.width = core::width_rule::until_published;
  out.burst_known = limits.burst > duration::zero();
  if (out.burst_known)
    out.burst = limits.burst;
  out.headroom = limits.headroom;
  out.adaptive = limits.adaptive;
  out.charging = charging;
  out.breaker_trips_after = values.run.breaker_trips_after;
  out.breaker_open_for = values.run.breaker_open_for;
  return out;
}

} // namespace penstock::config
