#pragma once

#include "apps/penstock/cli/command_entry.hpp"

#include <string>

namespace penstock::cli {

/// The command line of `penstock cache`.
struct cache_command {
  enum class action : uint8_t { help, info, clear };
  action what = action::help;
  std::string file;                   ///< File of the cache.
  bool json = false;                  ///< For `info`.
  std::optional<duration> older_than; ///< For `clear`; unset: everything.
};

/// Parses what follows "penstock cache"; the file comes from the configuration if no option names
/// it.
result<cache_command> parse_cache(const arguments& args, const config::environment& env);

/// `penstock cache`: shows or empties the response cache. @returns the exit code: 0, 2 (bad
/// options, a file that is no cache, a damaged one), 3 (the disk).
int cache_main(const arguments& args, const config::environment& env);

/// The command `cache`.
extern const command_entry cache_entry;

} // namespace penstock::cli
