#pragma once

#include "actors/supervisor.hpp"
#include "apps/mock/mock_options.hpp"
#include "apps/mock/mock_server.hpp"
#include "apps/penstock/options.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace penstock::cli {

/// The API keys of the upstreams that take part, by name. `[upstream]` is left out where routes need it
/// for nothing, or only for models without a route and it has no key.
using upstream_keys = std::map<std::string, std::string>;
result<upstream_keys> resolve_keys(const config::settings& s, const config::environment& env);

/// What a process runs, by its settings. @pre the settings are valid and their protocol exists.
/// @param keys As `resolve_keys` found them.
actors::supervisor_setup make_supervisor_setup(const config::settings& s, const upstream_keys& keys);

/// The names of the lanes, in the order of the rate limiters.
std::vector<std::string> lane_names(const actors::supervisor_setup& setup);

/// How the job of one command line runs.
job_options make_job_options(const config::settings& s, const run_command& command);

/// The mock that stands for `upstream`.
result<mock::mock_options> mock_options_of(const config::settings& s, const config::upstream_settings& upstream);

/// Starts a mock for each upstream of `s` that is one and takes part, and points the upstream to it.
result<std::vector<std::unique_ptr<mock::mock_server>>> start_mocks(config::settings& s,
                                                                    const upstream_keys& keys);

} // namespace penstock::cli
