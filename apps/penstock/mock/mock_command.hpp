#pragma once

#include "apps/penstock/cli/command_entry.hpp"
#include "core/base/error.hpp"

#include <string>
#include <vector>

namespace penstock::cli {

/// `penstock mock`: runs the mock provider until SIGINT or SIGTERM. `args` come after the word
/// "mock". The first line on stdout is "listening on http://HOST:PORT".
/// @returns the exit code: 0, 1 (cannot listen, cannot write), 2 (bad options).
int mock_main(const std::vector<std::string>& args);

/// The command `mock`.
extern const command_entry mock_entry;

} // namespace penstock::cli
