#pragma once

#include "apps/penstock/cli/command_entry.hpp"

namespace penstock::cli {

/// All commands of the program, in the order of the overview.
command_table commands();

} // namespace penstock::cli
