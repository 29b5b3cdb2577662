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

/// A command line before its values are checked. CLI11 splits it; the table of settings gives the
/// meaning of the options.
struct raw_options {
  std::vector<config::command_line_value> values;
  std::optional<std::string> config_file, output;
  std::vector<std::string> positional;
  /// Options that no setting stands behind, without dashes.
  std::map<std::string, std::string> own;
  help_extent help = help_extent::none;
  bool json = false; ///< Of `config show`.
};

/// The command whose options are parsed.
enum class option_set { run, map, cluster, config_show };

/// The options that one command accepts.
struct option_form {
  std::function<bool(const config::key_row&)> takes; ///< Settings that may stand there.
  std::vector<std::string> flags;                    ///< Switches of its own.
  std::vector<std::string> values;                   ///< Its own options with a value.
  bool output = true;                                ///< `-o FILE`.
  bool words = true;                                 ///< Words without dashes.
  bool plain_json = false; ///< `--json` is a plain option, not the setting.
};
option_form form_of(option_set set);

/// A usage error.
error usage(std::string text);
/// Splits the words of `command` ("penstock run"). The error for an unknown option suggests a
/// similar one.
result<raw_options> split(const arguments& args, const option_form& form,
                          const std::string& command);
result<raw_options> split(const arguments& args, option_set set, const std::string& command);
/// The settings with these options.
result<config::loaded_settings> load(raw_options raw, const config::environment& env);

} // namespace penstock::cli
