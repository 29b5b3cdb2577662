#pragma once

#include "config/environment.hpp"
#include "config/settings.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace penstock::cli {

/// The words of a command line, without the program's name.
using arguments = std::vector<std::string>;

/// What `penstock run` was asked to do.
struct run_command {
  config::loaded_settings settings;
  std::string input;  ///< A file, or "-" for standard input.
  std::string output; ///< A file, or "-" for standard output; see `default_output`.
  bool help = false;  ///< `--help`: print `run_help()`; nothing else is filled.
};

/// What `penstock map` was asked to do.
struct map_command {
  config::loaded_settings settings;
  std::string recipe;   ///< A recipe file.
  std::string input;    ///< A table, or "-" for standard input.
  std::string output;   ///< A file, or "-" for standard output; empty: beside the input.
  std::string group_by; ///< A column; empty: as the recipe says.
  uint64_t limit = 0;   ///< Rows to run; 0: all.
  uint64_t sample = 0;  ///< Rows to try and to project the rest from; 0: no sample.
  bool check = false;   ///< Only looks at recipe and first row.
  bool help = false;    ///< `--help`: print `map_help()`; nothing else is filled.
};

/// What a command of the cluster was asked to do; all of them have this one form.
struct cluster_command {
  std::string name; ///< "serve", "node", "submit" ...
  config::loaded_settings settings;
  std::vector<std::string> positional;
  std::optional<std::string> output; ///< `-o`, where the command has it.
  std::map<std::string, std::string>
    own;             ///< Options that no setting stands behind, without dashes.
  bool help = false; ///< `--help`; only `name` is filled besides.
};

/// What `penstock config` was asked to do: print this.
struct config_command {
  std::string text; ///< The settings, the reference, or help.
};

/// A command that only prints: the overview, help, the version.
struct print_command {
  std::string text;
};

/// A command that has a parser of its own ("mock"); its words, without the name.
struct other_command {
  std::string name;
  arguments args;
};

/// One line of the overview.
struct command_info {
  std::string_view name;
  std::string_view summary;
};

/// All commands of the program, in the order of the overview.
const std::vector<command_info>& commands();

/// Parses what follows "penstock run". Errors are usage errors: print the context, exit with
/// `exit_usage`.
result<run_command> parse_run(const arguments& args, const config::environment& env);

/// Parses what follows "penstock map". Errors are usage errors.
result<map_command> parse_map(const arguments& args, const config::environment& env);

/// Parses what follows "penstock config": `show [--json] [OPTIONS]` or `reference`.
result<config_command> parse_config(const arguments& args, const config::environment& env);

/// Whether this is the name of a command of the cluster.
bool is_cluster_command(std::string_view name);

/// Parses what follows the name of such a command. Errors are usage errors.
/// @pre `is_cluster_command(name)`.
result<cluster_command> parse_cluster(const std::string& name, const arguments& args,
                                      const config::environment& env);

/// A parsed command line.
using parsed_command = std::variant<run_command, map_command, cluster_command, config_command,
                                    print_command, other_command>;

/// Parses a whole command line. No words at all give the overview.
result<parsed_command> parse(const arguments& args, const config::environment& env);

/// Where results go if nobody says: "a.jsonl" and "a.jsonl.gz" give "a.out.jsonl", "-" gives "-".
std::string default_output(std::string_view input);

/// Exit code of a usage or configuration error.
inline constexpr int exit_usage = 2;

} // namespace penstock::cli
