#pragma once

#include "apps/penstock/cli/options.hpp"
#include "config/environment.hpp"

namespace penstock::cli {

/// `penstock results`, `cancel`, `retry`: commands for a job of a head. @returns the exit code.
int results_main(const cluster_command& command, const config::environment& env);
int cancel_main(const cluster_command& command, const config::environment& env);
int retry_main(const cluster_command& command, const config::environment& env);

} // namespace penstock::cli
