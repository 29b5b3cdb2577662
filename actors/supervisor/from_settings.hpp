#pragma once

#include "actors/supervisor/supervisor.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"
#include "messages/job.hpp"

#include <map>
#include <string>
#include <vector>

/// Converts the settings of a process to the setup of its actors.
namespace penstock::actors {

/// The API keys of the upstreams in use, by name. `[upstream]` is not in use if no route needs it,
/// or if only models without a route need it and it has no key.
using upstream_keys = std::map<std::string, std::string>;
result<upstream_keys> resolve_keys(const config::settings& s, const config::environment& env);

/// The setup of a process. @pre The settings are valid. @param keys The result of `resolve_keys`.
supervisor_setup make_supervisor_setup(const config::settings& s, const upstream_keys& keys);

/// The names of the lanes, in the order of the rate limiters.
std::vector<std::string> lane_names(const supervisor_setup& setup);

/// The options of a job. The caller may add a `client_id`.
job_options make_job_options(const config::settings& s);

} // namespace penstock::actors
