#include "config/routing.hpp"

#include <algorithm>

namespace penstock::config {

default_use use_of_default(const settings& values) {
  auto use = default_use::possible;
  for (auto& route : values.routes) {
    if (std::ranges::find(route.to, values.upstream.name, &route_target::upstream) !=
        route.to.end())
      return default_use::needed;
    if (std::ranges::find(route.models, "*") != route.models.end())
      use = default_use::none;
  }
  return values.routes.empty() ? default_use::needed : use;
}

routing_plan plan_routing(const settings& values, bool with_default) {
  routing_plan plan;
  if (with_default)
    plan.upstreams.push_back(&values.upstream);
  for (auto& upstream : values.upstreams)
    plan.upstreams.push_back(&upstream);
  std::vector<core::route_lane> lanes;
  for (uint32_t i = 0; i < plan.upstreams.size(); ++i) {
    auto& upstream = *plan.upstreams[i];
    const auto prefix = plan.upstreams.size() > 1 ? upstream.name + "/" : std::string{};
    for (auto& lane : upstream.lanes) {
      lanes.push_back({prefix + lane.name, i, lane.models});
      plan.limits.push_back(&lane.limits);
    }
    lanes.push_back({prefix + "default", i, {}});
    plan.limits.push_back(&upstream.limits);
  }
  std::vector<core::model_route> routes;
  for (auto& route : values.routes) {
    core::model_route out{route.models, route.weighted, {}};
    for (auto& target : route.to) {
      const auto found =
        std::ranges::find(plan.upstreams, target.upstream, &upstream_settings::name);
      if (found != plan.upstreams.end())
        out.to.push_back(
          {static_cast<uint32_t>(found - plan.upstreams.begin()), target.model, target.weight});
    }
    routes.push_back(std::move(out));
  }
  std::vector<core::route_choice> fallback;
  if (with_default)
    fallback.emplace_back();
  plan.routes = core::route_table{std::move(lanes), std::move(routes), std::move(fallback)};
  return plan;
}

} // namespace penstock::config
