#include "config/lanes.hpp"

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
  out.in_flight_max = values.run.max_in_flight;
  out.burst = limits.burst;
  out.headroom = limits.headroom;
  out.adaptive = limits.adaptive;
  out.charging = charging;
  out.breaker_trips_after = values.run.breaker_trips_after;
  out.breaker_open_for = values.run.breaker_open_for;
  return out;
}

} // namespace penstock::config
