#include "apps/penstock/process/engine_setup.hpp"

#include "apps/mock/mock_arguments.hpp"
#include "core/base/checksum.hpp"

#include <fmt/format.h>

#include <sstream>

namespace penstock::cli {

job_options make_job_options(const config::settings& s, const run_command& command) {
  auto o = actors::make_job_options(s);
  // The same after a restart of the job, so that a provider can recognize a repeated request.
  o.client_id = fmt::format("pk-{:016x}", core::checksum(command.input + '\n' + command.output));
  return o;
}

engine_options options_of_engine(config::settings& s, const upstream_keys& keys,
                                 const std::optional<actors::response_cache_setup>& cache) {
  if (!cache)
    s.cache.mode = core::cache_mode::off;
  engine_options options;
  options.keys = keys;
  options.has_store = false;
  options.cache = cache;
  options.mocks_run = true;
  return options;
}

result<mock::mock_options> mock_options_of(const config::settings& s,
                                           const config::upstream_settings& upstream) {
  std::istringstream words{upstream.mock_options};
  std::vector<std::string> args;
  for (std::string word; words >> word;)
    args.push_back(word);
  auto options = mock::parse_mock_options(args);
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
