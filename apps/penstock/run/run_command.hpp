#pragma once

#include "apps/penstock/cli/options.hpp"
#include "config/environment.hpp"

namespace penstock::cli {

/// `penstock run`: a file of requests through an engine in this process. @returns the exit code:
/// 0 all completed, 1 some failed, 2 usage or configuration, 3 aborted, 130 and 143 interrupted.
int run_main(const run_command& command, const config::environment& env);

} // namespace penstock::cli
