#pragma once

#include "config/settings.hpp"
#include "core/attempt/route_table.hpp"

#include <vector>

namespace penstock::config {

/// The upstreams of a run, their lanes, and the routes of models.
struct routing_plan {
  /// Point into the settings; `[upstream]` is first if it is used.
  std::vector<const upstream_settings*> upstreams;
  std::vector<const limit_settings*> limits; ///< By lane.
  core::route_table routes;
};

/// Whether `[upstream]` is used.
enum class default_use : uint8_t {
  needed,   ///< There are no routes, or a route names it.
  possible, ///< It serves the models without a route.
  none,     ///< The routes serve all models.
};
default_use use_of_default(const settings& values);

/// The plan of valid settings. If there are several upstreams, the name of a lane begins with the
/// name of its upstream. @param with_default Whether to use `[upstream]`.
routing_plan plan_routing(const settings& values, bool with_default);

} // namespace penstock::config
