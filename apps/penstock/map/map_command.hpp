#pragma once

#include "apps/penstock/cli/command_entry.hpp"

namespace penstock::cli {

/// `penstock map`: a recipe over a table, through an engine in this process. @returns the exit
/// code: 0 all rows completed, 1 some did not, 2 usage, recipe or input, 3 stopped, 130 and 143
/// interrupted.
int map_main(const map_command& command, const config::environment& env);

/// The command `map`.
extern const command_entry map_entry;

} // namespace penstock::cli
