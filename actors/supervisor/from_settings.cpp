#include "actors/supervisor/from_settings.hpp"

#include "actors/supervisor/cache_setup.hpp"
#include "config/api_key.hpp"
#include "config/lanes.hpp"
#include "config/prices.hpp"
#include "config/routing.hpp"
#include "core/protocol/null_protocol.hpp"

#include <algorithm>
#include <random>

namespace penstock::actors {

namespace {

uint64_t seed_of(const config::settings& s) {
  if (s.run.seed != 0)
    return s.run.seed;
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

} // namespace

result<upstream_keys> resolve_keys(const config::settings& s, const config::environment& env) {
  upstream_keys keys;
  const auto use = config::use_of_default(s);
  if (use != config::default_use::none) {
    auto key = config::resolve_api_key(s, env);
    if (!key && use == config::default_use::needed)
      return key.error();
    if (key)
      keys[s.upstream.name] = std::move(*key);
  }
  for (auto& upstream : s.upstreams) {
    auto key = config::resolve_api_key(upstream, env);
    if (!key)
      return key.error();
    keys[upstream.name] = std::move(*key);
  }
  return keys;
}

std::vector<std::string> lane_names(const supervisor_setup& setup) {
  std::vector<std::string> names;
  for (auto& lane : setup.workers->routes.lanes())
    names.push_back(lane.name);
  return names;
}

supervisor_setup make_supervisor_setup(const config::settings& s, const upstream_keys& keys) {
  auto workers = std::make_shared<worker_setup>();
  auto plan = config::plan_routing(s, keys.contains(s.upstream.name));
  for (const auto* upstream : plan.upstreams) {
    auto& out = workers->upstreams.emplace_back();
    out.protocol = core::find_protocol(upstream->protocol);
    out.base_url = upstream->protocol == "null" ? core::null_base_url(upstream->null_latency)
                                                : upstream->base_url;
    out.api_key = keys.at(upstream->name);
    out.ca_file = upstream->ca_file;
    out.paths = upstream->paths;
    out.cache_family = cache_family_of(*upstream);
    out.prices = config::price_table_of(s, *upstream);
  }
  std::vector<std::string> secrets;
  for (auto& [name, key] : keys)
    secrets.push_back(key);
  workers->keys = core::key_mask{secrets};
  workers->routes = std::move(plan.routes);
  workers->timeout = s.run.timeout;
  workers->idle_timeout = s.run.idle_timeout;
  workers->body_max = s.run.body_max;
  workers->route_patience = s.routing.route_patience;
  workers->hedging.budget = s.routing.hedge_budget;

  supervisor_setup setup;
  auto& lanes = workers->routes.lanes();
  for (size_t i = 0; i < lanes.size(); ++i)
    setup.lanes.push_back(config::lane_limits_of(
      s, *plan.limits[i], workers->upstreams[lanes[i].upstream].protocol->charging()));
  setup.workers = std::move(workers);
  setup.http.connect_timeout = s.run.connect_timeout;
  setup.http.connections_max = std::max(1024u, s.run.in_flight_max);
  setup.slots = s.run.in_flight_max;
  return setup;
}

job_options make_job_options(const config::settings& s) {
  job_options o;
  o.tenant = s.run.tenant;
  o.priority = s.run.priority;
  o.mode = s.run.mode;
  o.in_flight_max = s.run.in_flight_max;
  o.attempts_max = s.run.attempts;
  // A window smaller than the requests in flight would leave slots unused.
  o.window_requests = std::max(s.run.window_requests, 2 * s.run.in_flight_max);
  o.window_bytes = s.run.window_bytes;
  o.deadline = s.run.deadline;
  o.grace_period = s.run.grace_period;
  // Long enough for several probes, even if the breaker opens only for a short time.
  o.outage_patience = std::max<duration>(5 * s.run.breaker_open_for, std::chrono::seconds{30});
  o.first_patience = std::max<duration>(s.run.breaker_open_for + s.run.breaker_open_for / 2,
                                        std::chrono::seconds{5});
  o.budget = s.run.budget;
  o.cache = s.cache.mode;
  o.prices = config::price_table_of(s).rows();
  o.pack = s.pack.automatic == "allow";
  // Packs of one are no packs: a mode that fails goes on one at a time.
  const bool never = s.pack.automatic == "off" && s.run.mode != core::mode::batch;
  o.pack_entries_max = never ? 1 : s.pack.entries_max;
  o.pack_tokens_max = s.pack.tokens_max;
  o.pack_canary = s.pack.canary;
  o.seed = seed_of(s);
  return o;
}

} // namespace penstock::actors
