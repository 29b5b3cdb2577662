#pragma once

#include "actors/supervisor/supervisor.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"
#include "messages/job.hpp"

#include <map>
#include <string>
#include <vector>

/// How the settings of a process become what its actors are told.
namespace penstock::actors {

/// The API keys of the upstreams that take part, by name. `[upstream]` is left out where routes
/// need it for nothing, or only for models without a route and it has no key.
using upstream_keys = std::map<std::string, std::string>;
result<upstream_keys> resolve_keys(const config::settings& s, const config::environment& env);

/// What a process runs, by its settings. @pre the settings are valid and their protocol exists.
/// @param keys As `resolve_keys` found them.
supervisor_setup make_supervisor_setup(const config::settings& s, const upstream_keys& keys);

/// The names of the lanes, in the order of the rate limiters.
std::vector<std::string> lane_names(const supervisor_setup& setup);

/// How a job runs, by the settings. Who submits it may add a `client_id`.
job_options make_job_options(const config::settings& s);

} // namespace penstock::actors
