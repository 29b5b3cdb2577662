#pragma once

#include "apps/penstock/cli/options.hpp"
#include "config/environment.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::cli {

/// The command line of a command: its words, options and settings.
struct command_form {
  uint32_t scope = 0;                   ///< Bits of `config::setting_scope`: settings of the help.
  bool every_setting = false;           ///< The command line accepts every setting.
  std::string_view without = {};        ///< A setting in the scope that the command does not have.
  std::string_view word = {};           ///< The name of its one word, "JOB"; empty: it has none.
  bool output = false;                  ///< `-o FILE`.
  std::vector<std::string> flags = {};  ///< Its own switches, without dashes.
  std::vector<std::string> values = {}; ///< Its own options with a value.
};

/// One command of the program. apps/penstock/commands.cpp lists all of them.
struct command_entry {
  std::string_view name;
  std::string_view summary; ///< One line of the overview.
  command_form form;
  std::string_view about;    ///< The help before the settings: meaning, usage, own options.
  std::string_view examples; ///< The help after the settings; may be empty.
  /// Runs the command with the words after its name; prints its help if they ask for it.
  int (*run)(const command_entry&, const arguments&, const config::environment&);
};

using command_table = std::span<const command_entry* const>;

/// The meaning of a command line: a command, or only a text.
struct chosen_command {
  const command_entry* entry = nullptr; ///< Null: print `text`.
  arguments args;                       ///< The words after the name.
  std::string text;
};

/// Finds the command of a command line. Without words: the overview.
result<chosen_command> choose(command_table table, const arguments& args);

/// The help of a command: about, settings by group, examples.
std::string help_of(const command_entry& entry, help_extent extent);

/// Prints a usage error. @returns its exit code.
int complain_usage(const error& e);
/// Prints a text on standard output. @returns 0.
int print_text(const std::string& text);

/// Handles the result of a parser: prints the error or the help, or calls `main`.
template <class Command>
int run_parsed(const command_entry& entry, const result<Command>& command,
               int (*main)(const Command&, const config::environment&),
               const config::environment& env) {
  if (!command)
    return complain_usage(command.error());
  if (command->help != help_extent::none)
    return print_text(help_of(entry, command->help));
  return main(*command, env);
}

/// Parses the words after the name of a command of the cluster.
result<cluster_command> parse_cluster(const command_entry& entry, const arguments& args,
                                      const config::environment& env);

/// The `run` of such a command.
template <int (*Main)(const cluster_command&, const config::environment&)>
int run_cluster(const command_entry& entry, const arguments& args, const config::environment& env) {
  return run_parsed(entry, parse_cluster(entry, args, env), Main, env);
}

} // namespace penstock::cli
