#pragma once

#include "apps/penstock/options.hpp"
#include "config/keys.hpp"
#include "config/load.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace penstock::cli {

/// What a command line says, before any value is judged: CLI11 splits it, the table of keys knows what
/// the words mean.
struct raw_options {
  std::vector<config::command_line_value> values;
  std::optional<std::string> config_file, output;
  std::vector<std::string> positional;
  std::map<std::string, std::string> own; ///< Options that only `penstock map` has, without dashes.
  bool help = false;
  bool json = false; ///< Of `config show`.
};

/// Whose options are meant.
enum class option_set { run, map, cluster, config_show };

/// A usage error.
error usage(std::string text);
/// Splits the words of `command` ("penstock run"); an unknown option is told its nearest neighbour.
result<raw_options> split(const arguments& args, option_set set, const std::string& command);
/// The settings in force with these words.
result<config::loaded_settings> load(raw_options raw, const config::environment& env);

} // namespace penstock::cli
