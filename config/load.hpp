#pragma once

#include "config/environment.hpp"
#include "config/keys.hpp"

#include <optional>
#include <string>
#include <vector>

namespace penstock::config {

/// One option of the command line.
struct command_line_value {
  const key_row* row = nullptr; ///< The setting of this option.
  std::string flag;             ///< As written, for messages: "--in-flight-max".
  std::string text;
};

/// All sources of settings.
struct load_request {
  std::optional<std::string> file; ///< From `--config`; else PENSTOCK_CONFIG, else penstock.toml.
  std::string directory = ".";     ///< Folder in which to look for penstock.toml.
  environment env;
  std::vector<command_line_value> command_line;
};

/// Settings from all sources. The command line wins over the environment, the environment over the
/// file, and the file over the built-in values. An empty environment variable counts as unset.
///
/// All faults are reported together, one line each, with place ("penstock.toml:12:9", "environment
/// PENSTOCK_RPM", "--rpm"), key, value and the allowed values. Unknown keys and unknown PENSTOCK_*
/// variables are faults, because a misspelt limit must not cost money.
///
/// A lane without headroom, adaptive or burst takes the final values of `[upstream.limits]`, but
/// not its rates. An unset window grows with `in_flight_max`.
result<loaded_settings> load(const load_request& from);

/// Whether a PENSTOCK_* variable is allowed although it is not a setting: PENSTOCK_CONFIG,
/// PENSTOCK_API_KEY, variables of tests and benchmarks, and the variables that Kubernetes sets in
/// each pod for a service called "penstock".
bool is_reserved_variable(std::string_view name);

} // namespace penstock::config
