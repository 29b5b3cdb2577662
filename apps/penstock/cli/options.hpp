#pragma once

#include "config/environment.hpp"
#include "config/settings.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::cli {

/// The words of a command line, without the program's name.
using arguments = std::vector<std::string>;

/// The requested help.
enum class help_extent : uint8_t {
  none,
  page, ///< `--help`: what most people need.
  all,  ///< `--help-all`: every setting.
};

/// The command line of `penstock run`.
struct run_command {
  config::loaded_settings settings;
  std::string input;         ///< A file, or "-" for standard input.
  std::string output;        ///< A file, or "-" for standard output; see `default_output`.
  bool retry_failed = false; ///< Sends the requests again that were not completed.
  help_extent help = help_extent::none; ///< Unless none, nothing else is filled.
};

/// The command line of `penstock map`.
struct map_command {
  config::loaded_settings settings;
  std::string recipe;        ///< A recipe file.
  std::string input;         ///< A table, or "-" for standard input.
  std::string output;        ///< A file, or "-" for standard output; empty: beside the input.
  std::string group_by;      ///< A column; empty: as the recipe says.
  uint64_t limit = 0;        ///< Rows to run; 0: all.
  uint64_t sample = 0;       ///< Rows of a sample, to estimate the rest; 0: no sample.
  bool check = false;        ///< Only checks recipe and first row.
  bool retry_failed = false; ///< Sends rows again that were not completed.
  help_extent help = help_extent::none; ///< Unless none, the other members are empty.
};

/// The command line of a command of the cluster; all of them have this form.
struct cluster_command {
  std::string name; ///< "serve", "node", "submit" ...
  config::loaded_settings settings;
  std::vector<std::string> positional;
  std::optional<std::string> output; ///< `-o`, where the command has it.
  std::map<std::string, std::string>
    own;                                ///< Options that no setting stands behind, without dashes.
  help_extent help = help_extent::none; ///< Unless none, only `name` is filled besides.
};

/// Parses the words after "penstock run". Errors are usage errors: print the context, exit with
/// `exit_usage`.
result<run_command> parse_run(const arguments& args, const config::environment& env);

/// Parses the words after "penstock map". Errors are usage errors.
result<map_command> parse_map(const arguments& args, const config::environment& env);

/// The default output: "a.jsonl" and "a.jsonl.gz" give "a.out.jsonl", "-" gives "-".
std::string default_output(std::string_view input);

/// Exit code of a usage or configuration error.
inline constexpr int exit_usage = 2;

} // namespace penstock::cli
