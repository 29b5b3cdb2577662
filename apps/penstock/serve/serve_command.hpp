#pragma once

#include "apps/penstock/cli/options.hpp"
#include "config/environment.hpp"

#include <string>

namespace penstock::cli {

/// `penstock serve`: the head of a cluster, until SIGINT or SIGTERM. The only line on standard
/// output is "listening on HOST:PORT", or the same as JSON. @returns the exit code: 0 stopped as
/// asked, 2 usage or configuration, 3 the store, the port or the engine failed.
int serve_main(const cluster_command& command, const config::environment& env);

/// `penstock serve --help`.
std::string serve_help();

} // namespace penstock::cli
