#pragma once

#include "core/base/error.hpp"
#include "core/load/load_script.hpp"

#include <string>
#include <string_view>

namespace penstock::config {

/// Reads a load script (config/load has examples): TOML of at most 1 MiB.
/// @returns `errc::invalid_config` with all faults, one per line: file, line, key, allowed values
/// and the nearest known name. Options of processes and of the engine are not checked here.
result<core::load_script> read_load_script(const std::string& path);

/// `read_load_script` of a text. @param name For messages.
result<core::load_script> parse_load_script(std::string_view text, const std::string& name);

} // namespace penstock::config
