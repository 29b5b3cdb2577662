#include "apps/penstock/engine_setup.hpp"

#include "apps/penstock/cache_setup.hpp"
#include "apps/penstock/mock_command.hpp"
#include "config/api_key.hpp"
#include "config/lanes.hpp"
#include "config/prices.hpp"
#include "config/routing.hpp"
#include "core/checksum.hpp"

#include <fmt/format.h>

#include <random>
#include <sstream>

namespace penstock::cli {

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

std::vector<std::string> lane_names(const actors::supervisor_setup& setup) {
  std::vector<std::string> names;
  for (auto& lane : setup.workers->routes.lanes())
    names.push_back(lane.name);
  return names;
}

actors::supervisor_setup make_supervisor_setup(const config::settings& s, const upstream_keys& keys) {
  auto workers = std::make_shared<actors::worker_setup>();
  auto plan = config::plan_routing(s, keys.contains(s.upstream.name));
  for (const auto* upstream : plan.upstreams) {
    auto& out = workers->upstreams.emplace_back();
    out.protocol = core::find_protocol(upstream->protocol);
    out.base_url = upstream->base_url;
    out.api_key = keys.at(upstream->name);
    out.ca_file = upstream->ca_file;
    out.cache_family = cache_family_of(*upstream);
    out.prices = config::price_table_of(s, *upstream);
  }
  workers->routes = std::move(plan.routes);
  workers->timeout = s.run.timeout;
  workers->idle_timeout = s.run.idle_timeout;
  workers->body_max = s.run.body_max;
  workers->route_patience = s.routing.route_patience;
  workers->hedging.budget = s.routing.hedge_budget;

  actors::supervisor_setup setup;
  auto& lanes = workers->routes.lanes();
  for (size_t i = 0; i < lanes.size(); ++i)
    setup.lanes.push_back(config::lane_limits_of(s, *plan.limits[i],
                                                 workers->upstreams[lanes[i].upstream].protocol->charging()));
  setup.workers = std::move(workers);
  setup.http.connect_timeout = s.run.connect_timeout;
  setup.http.connections_max = std::max(1024u, s.run.max_in_flight);
  setup.slots = s.run.max_in_flight;
  return setup;
}

job_options make_job_options(const config::settings& s, const run_command& command) {
  job_options o;
  o.mode = s.run.mode;
  o.in_flight_max = s.run.max_in_flight;
  o.attempts_max = s.run.attempts;
  // A window narrower than the requests in flight would starve them.
  o.window_requests = std::max(s.run.window_requests, 2 * s.run.max_in_flight);
  o.window_bytes = s.run.window_bytes;
  o.deadline = s.run.deadline;
  o.grace_period = s.run.grace_period;
  // Long enough for several probes, also where the breaker's own time is short.
  o.outage_patience = std::max<duration>(5 * s.run.breaker_open_for, std::chrono::seconds{30});
  o.first_patience = std::max<duration>(s.run.breaker_open_for + s.run.breaker_open_for / 2,
                                        std::chrono::seconds{5});
  o.budget = s.run.budget;
  o.cache = s.cache.mode;
  o.prices = config::price_table_of(s).rows();
  o.pack = s.pack.automatic;
  o.pack_entries_max = s.pack.entries_max;
  o.pack_tokens_max = s.pack.tokens_max;
  o.pack_canary = s.pack.canary;
  o.seed = seed_of(s);
  // Stable over restarts of the same job, so that a provider can tell a request sent again.
  o.client_id = fmt::format("pk-{:016x}", core::checksum(command.input + '\n' + command.output));
  return o;
}

result<mock::mock_options> mock_options_of(const config::settings& s, const config::upstream_settings& upstream) {
  std::istringstream words{upstream.mock_options};
  std::vector<std::string> args;
  for (std::string word; words >> word;)
    args.push_back(word);
  auto options = parse_mock_options(args);
  if (options && s.run.seed != 0)
    options->seed = s.run.seed;
  return options;
}

result<std::vector<std::unique_ptr<mock::mock_server>>> start_mocks(config::settings& s,
                                                                    const upstream_keys& keys) {
  std::vector<config::upstream_settings*> all;
  if (keys.contains(s.upstream.name))
    all.push_back(&s.upstream);
  for (auto& upstream : s.upstreams)
    all.push_back(&upstream);
  std::vector<std::unique_ptr<mock::mock_server>> servers;
  for (auto* upstream : all) {
    if (!upstream->mock)
      continue;
    auto options = mock_options_of(s, *upstream);
    if (!options)
      return options.error();
    auto server = mock::mock_server::start(std::move(*options));
    if (!server)
      return server.error();
    upstream->base_url = (*server)->base_url();
    servers.push_back(std::move(*server));
  }
  return servers;
}

} // namespace penstock::cli
