#pragma once

#include "apps/penstock/cli/command_entry.hpp"

#include <string>

namespace penstock::cli {

/// `penstock node`: works for a head until SIGINT or SIGTERM. @returns the exit code: 0 left on
/// request, 2 usage, configuration, or a head that refuses this node, 3 a failure.
int node_main(const cluster_command& command, const config::environment& env);

/// The command `node`.
extern const command_entry node_entry;

} // namespace penstock::cli
