#pragma once

#include "apps/penstock/cli/command_entry.hpp"

#include <string>

namespace penstock::cli {

/// `penstock node`: works for a head until SIGINT or SIGTERM. @returns the exit code: 0 left as
/// asked, 2 usage, configuration, or a head that will never take this node, 3 it broke.
int node_main(const cluster_command& command, const config::environment& env);

/// The command `node`.
extern const command_entry node_entry;

} // namespace penstock::cli
