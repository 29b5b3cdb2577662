#pragma once

#include <span>
#include <string>
#include <string_view>

namespace penstock::cli {

/// What `penstock` alone prints: what it is, its commands, a first example.
std::string overview();

/// `penstock run --help`: every option by group, with its variable and default, and examples.
std::string run_help();

/// `penstock map --help`: what it does, its own options, then those of the table of keys.
std::string map_help();

/// `penstock config --help`.
std::string config_help();

/// The entries of a help for these settings: option, meaning, variable and default.
std::string option_entries(std::span<const std::string_view> keys);

/// The entries for all options of `penstock run`, by group. @param without A key that means nothing
/// here.
std::string run_options(std::string_view without = {});

/// "penstock 0.1.0".
std::string version_line();

} // namespace penstock::cli
