#pragma once

#include "config/settings.hpp"
#include "core/attempt/route_table.hpp"

#include <vector>

namespace penstock::config {

/// The upstreams that take part in a run, their lanes, and which of them takes which model.
struct routing_plan {
  std::vector<const upstream_settings*>
    upstreams; ///< Into the settings; `[upstream]` is the first if it takes part.
  std::vector<const limit_settings*> limits; ///< By lane.
  core::route_table routes;
};

/// How routes use `[upstream]`.
enum class default_use : uint8_t {
  needed,   ///< Without routes, or one names it.
  possible, ///< It serves the models that no route takes.
  none,     ///< A route takes every other model.
};
default_use use_of_default(const settings& values);

/// The plan of valid settings. @param with_default Whether `[upstream]` takes part.
/// Lanes are called as in the configuration, after their upstream's name if there are several.
routing_plan plan_routing(const settings& values, bool with_default);

} // namespace penstock::config
