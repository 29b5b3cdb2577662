#pragma once

#include <string>

namespace penstock::cli {

/// What `penstock` alone prints: what it is, its commands, a first example.
std::string overview();

/// `penstock run --help`: every option by group, with its variable and default, and examples.
std::string run_help();

/// `penstock map --help`: what it does, its own options, then those of the table of keys.
std::string map_help();

/// `penstock config --help`.
std::string config_help();

/// "penstock 0.1.0".
std::string version_line();

} // namespace penstock::cli
