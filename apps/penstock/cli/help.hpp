#pragma once

#include "apps/penstock/cli/command_entry.hpp"

#include <string>

namespace penstock::cli {

/// What `penstock` alone prints: what it is, its commands, a first example.
std::string overview(command_table table);

/// "penstock 0.1.0".
std::string version_line();

} // namespace penstock::cli
