#pragma once

#include "actors/supervisor.hpp"
#include "apps/mock/mock_options.hpp"
#include "apps/penstock/options.hpp"
#include "config/settings.hpp"

#include <string>
#include <vector>

namespace penstock::cli {

/// What a process runs, by its settings. @pre the settings are valid and their protocol exists.
actors::supervisor_setup make_supervisor_setup(const config::settings& s, const std::string& api_key);

/// The names of the lanes, in the order of the rate limiters.
std::vector<std::string> lane_names(const config::settings& s);

/// How the job of one command line runs.
job_options make_job_options(const config::settings& s, const run_command& command);

/// The mock behind `--upstream mock`.
result<mock::mock_options> mock_options_of(const config::settings& s);

} // namespace penstock::cli
