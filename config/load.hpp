#pragma once

#include "config/environment.hpp"
#include "config/keys.hpp"

#include <optional>
#include <string>
#include <vector>

namespace penstock::config {

/// One option as it stood on the command line.
struct command_line_value {
  const key_row* row = nullptr; ///< The setting it is for.
  std::string flag;             ///< As written, for messages: "--in-flight-max".
  std::string text;
};

/// Everything that settings can come from.
struct load_request {
  std::optional<std::string> file; ///< From `--config`; else PENSTOCK_CONFIG, else penstock.toml.
  std::string directory = ".";     ///< Where penstock.toml is looked for.
  environment env;
  std::vector<command_line_value> command_line;
};

/// Settings from all sources: the command line wins over the environment, that over the file, that
/// over what is built in. An empty environment variable counts as unset.
///
/// Everything is checked and all faults are reported together, one line each, with their place
/// ("penstock.toml:12:9", "environment PENSTOCK_RPM", "--rpm"), key, value and what is allowed.
/// Unknown keys and unknown PENSTOCK_* variables are faults: a misspelt limit must not cost money.
///
/// A lane that is silent about headroom, adaptive or burst takes what holds for `[upstream.limits]`
/// in the end; the rates of a lane are its own. A window that nobody sets grows with
/// `in_flight_max`.
result<loaded_settings> load(const load_request& from);

/// Whether a PENSTOCK_* variable is left alone although it is no setting: PENSTOCK_CONFIG,
/// PENSTOCK_API_KEY, test and benchmark variables, and what Kubernetes puts into every pod beside a
/// service called "penstock".
bool is_reserved_variable(std::string_view name);

} // namespace penstock::config
