#pragma once

#include "apps/penstock/cli/options.hpp"
#include "config/environment.hpp"

namespace penstock::cli {

/// `penstock top`: nodes, lanes, tenants and jobs of a head, once a second. @returns the exit code.
int top_main(const cluster_command& command, const config::environment& env);

} // namespace penstock::cli
