#pragma once

#include "actors/supervisor/cache_setup.hpp"
#include "actors/supervisor/from_settings.hpp"
#include "apps/mock/mock_options.hpp"
#include "apps/mock/mock_server.hpp"
#include "apps/penstock/cli/options.hpp"
#include "config/settings.hpp"

#include <memory>
#include <string>
#include <vector>

namespace penstock::cli {

using actors::lane_names;
using actors::make_supervisor_setup;
using actors::resolve_keys;
using actors::upstream_keys;

/// How the job of one command line runs.
job_options make_job_options(const config::settings& s, const run_command& command);

/// The mock for `upstream`.
result<mock::mock_options> mock_options_of(const config::settings& s,
                                           const config::upstream_settings& upstream);

/// Starts a mock for each upstream of `s` that needs one, and sets its address.
result<std::vector<std::unique_ptr<mock::mock_server>>> start_mocks(config::settings& s,
                                                                    const upstream_keys& keys);

} // namespace penstock::cli
