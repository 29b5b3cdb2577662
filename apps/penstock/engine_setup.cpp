#include "apps/penstock/engine_setup.hpp"

#include "apps/penstock/cache_setup.hpp"
#include "apps/penstock/mock_command.hpp"
#include "config/lanes.hpp"
#include "config/prices.hpp"
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

std::vector<std::string> lane_names(const config::settings& s) {
  std::vector<std::string> names;
  for (auto& lane : s.upstream.lanes)
    names.push_back(lane.name);
  names.push_back("default");
  return names;
}

actors::supervisor_setup make_supervisor_setup(const config::settings& s,
                                               const std::string& api_key) {
  auto workers = std::make_shared<actors::worker_setup>();
  workers->protocol = core::find_protocol(s.upstream.protocol);
  workers->base_url = s.upstream.base_url;
  workers->api_key = api_key;
  workers->cache_family = cache_family_of(s.upstream);
  workers->timeout = s.run.timeout;
  workers->idle_timeout = s.run.idle_timeout;
  workers->body_max = s.run.body_max;
  workers->prices = config::price_table_of(s);

  actors::supervisor_setup setup;
  const auto charging = workers->protocol->charging();
  for (auto& lane : s.upstream.lanes) {
    workers->routes.push_back({lane.name, lane.models});
    setup.lanes.push_back(config::lane_limits_of(s, lane.limits, charging));
  }
  workers->routes.push_back({"default", {}});
  setup.lanes.push_back(config::lane_limits_of(s, s.upstream.limits, charging));
  setup.workers = std::move(workers);
  setup.http.connect_timeout = s.run.connect_timeout;
  setup.http.connections_max = std::max(1024u, s.run.max_in_flight);
  setup.http.ca_file = s.upstream.ca_file;
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

result<mock::mock_options> mock_options_of(const config::settings& s) {
  std::istringstream words{s.upstream.mock_options};
  std::vector<std::string> args;
  for (std::string word; words >> word;)
    args.push_back(word);
  auto options = parse_mock_options(args);
  if (options && s.run.seed != 0)
    options->seed = s.run.seed;
  return options;
}

} // namespace penstock::cli
