#pragma once

#include "apps/penstock/cli/options.hpp"
#include "config/environment.hpp"

namespace penstock::cli {

/// `penstock jobs`, `status`, `nodes`, `lanes`, `tenants`: lists of a head.
/// @returns the exit code.
int jobs_main(const cluster_command& command, const config::environment& env);
int status_main(const cluster_command& command, const config::environment& env);
int nodes_main(const cluster_command& command, const config::environment& env);
int lanes_main(const cluster_command& command, const config::environment& env);
int tenants_main(const cluster_command& command, const config::environment& env);

} // namespace penstock::cli
