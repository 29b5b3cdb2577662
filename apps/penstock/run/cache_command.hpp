#pragma once

#include "apps/penstock/cli/command_entry.hpp"

#include <string>

namespace penstock::cli {

/// What `penstock cache` was asked to do.
struct cache_command {
  enum class action : uint8_t { help, info, clear };
  action what = action::help;
  std::string file;                   ///< Of the cache.
  bool json = false;                  ///< Of `info`.
  std::optional<duration> older_than; ///< Of `clear`; unset: everything.
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
