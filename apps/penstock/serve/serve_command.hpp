#pragma once

#include "apps/penstock/cli/command_entry.hpp"

#include <string>

namespace penstock::cli {

/// `penstock serve`: the head of a cluster, until SIGINT or SIGTERM. The only line on standard
/// output is "listening on HOST:PORT", or the same as JSON. @returns the exit code: 0 stopped as
/// asked, 2 usage or configuration, 3 the store, the port or the engine failed.
int serve_main(const cluster_command& command, const config::environment& env);

/// The command `serve`.
extern const command_entry serve_entry;

} // namespace penstock::cli
