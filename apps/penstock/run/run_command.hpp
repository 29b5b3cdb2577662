#pragma once

#include "apps/penstock/cli/command_entry.hpp"

namespace penstock::cli {

/// `penstock run`: a file of requests through an engine in this process. @returns the exit code:
/// 0 all completed, 1 some failed, 2 usage or configuration, 3 aborted, 130 and 143 interrupted.
int run_main(const run_command& command, const config::environment& env);

/// The command `run`.
extern const command_entry run_entry;

} // namespace penstock::cli
