#pragma once

#include "actors/supervisor/cache_setup.hpp"
#include "actors/supervisor/from_settings.hpp"
#include "actors/supervisor/spawn_engine.hpp"
#include "apps/mock/mock_options.hpp"
#include "apps/mock/mock_server.hpp"
#include "apps/penstock/cli/options.hpp"
#include "config/settings.hpp"

#include <memory>
#include <string>
#include <vector>

namespace penstock::cli {

using actors::resolve_keys;
using actors::upstream_keys;

/// How the job of one command line runs.
job_options make_job_options(const config::settings& s, const run_command& command);

/// What the engine of `run` and `map` is told: it takes jobs of this process alone, and uses a
/// cache only if `cache` is set. @param s Loses its cache if `cache` is unset.
engine_options options_of_engine(config::settings& s, const upstream_keys& keys,
                                 const std::optional<actors::response_cache_setup>& cache);

/// The mock that stands for `upstream`.
result<mock::mock_options> mock_options_of(const config::settings& s,
                                           const config::upstream_settings& upstream);

/// Starts a mock for each upstream of `s` that needs one, and sets its address.
result<std::vector<std::unique_ptr<mock::mock_server>>> start_mocks(config::settings& s,
                                                                    const upstream_keys& keys);

} // namespace penstock::cli
