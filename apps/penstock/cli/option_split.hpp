#pragma once

#include "apps/penstock/cli/options.hpp"
#include "config/keys.hpp"
#include "config/load.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace penstock::cli {

/// What a command line says, before any value is judged: CLI11 splits it, the table of keys knows
/// what the words mean.
struct raw_options {
  std::vector<config::command_line_value> values;
  std::optional<std::string> config_file, output;
  std::vector<std::string> positional;
  std::map<std::string, std::string>
    own; ///< Options that no setting stands behind, without dashes.
  help_extent help = help_extent::none;
  bool json = false; ///< Of `config show`.
};

/// Whose options are meant.
enum class option_set { run, map, cluster, config_show };

/// What one command takes on its command line, besides words without dashes.
struct option_form {
  std::function<bool(const config::key_row&)> takes; ///< Settings that may stand there.
  std::vector<std::string> flags;                    ///< Switches of its own.
  std::vector<std::string> values;                   ///< Options of its own that have a value.
  bool output = true;                                ///< `-o FILE`.
  bool words = true;                                 ///< Words without dashes.
  bool plain_json = false; ///< `--json` is about this output, and no setting.
};
option_form form_of(option_set set);

/// A usage error.
error usage(std::string text);
/// Splits the words of `command` ("penstock run"); an unknown option is told its nearest neighbour.
result<raw_options> split(const arguments& args, const option_form& form,
                          const std::string& command);
result<raw_options> split(const arguments& args, option_set set, const std::string& command);
/// The settings in force with these words.
result<config::loaded_settings> load(raw_options raw, const config::environment& env);

} // namespace penstock::cli
