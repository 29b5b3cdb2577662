#pragma once

#include "apps/penstock/cli/command_entry.hpp"

#include <optional>
#include <string>

namespace penstock::cli {

/// The command line of `penstock load`.
struct load_command {
  std::string script; ///< A file.
  std::optional<std::string>
    head;                       ///< Address of a head to use instead of the engine of the script.
  std::optional<uint64_t> seed; ///< Seed to use instead of that of the script.
  double scale = 1;             ///< Factor for the length of all phases.
  double seconds = 0;     ///< Length of all phases together; 0: as the script and `scale` say.
  std::string json, html; ///< Files for reports; empty: none.
  std::string keep;       ///< Folder for logs and stores that stays; empty: a temporary one.
  bool check = false;     ///< Only checks the script.
  bool quiet = false;     ///< No progress.
  bool help = false;      ///< `--help`: nothing else is filled.
};

/// Parses the words after "penstock load". Errors are usage errors.
result<load_command> parse_load(const arguments& args);

/// Runs a load script. @returns the exit code: 0 all expectations were met, 1 some were not, 2
/// usage or script, 3 it could not run, 130 and 143 interrupted.
int load_main(const arguments& args, const config::environment& env);

/// The command `load`.
extern const command_entry load_entry;

} // namespace penstock::cli
