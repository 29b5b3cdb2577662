#pragma once

#include "apps/penstock/process/engine_setup.hpp"
#include "core/io/file/output_paths.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::cli {

/// Prints an error on standard error. @returns the exit code of its kind.
int complain(const error& e);

/// Raises the limit of open files for `connections` and `others`.
/// @param what What needs them: "requests in flight". @param option The one to lower.
/// @returns an error with the remedy if there is no room for the connections and a few files more.
result<void> need_files(size_t connections, std::string_view what, std::string_view option,
                        size_t others = 0);

/// The resources of an engine of this process, found before any thread starts.
struct engine_needs {
  upstream_keys keys;
  std::optional<actors::response_cache_setup> cache; ///< Unset: no job uses the response cache.
};

/// Finds keys, open files and, with `uses_cache`, the response cache of `run` and `map`.
result<engine_needs> find_needs(const config::settings& s, const config::environment& env,
                                bool uses_cache);

/// Refuses an output that would replace a file which the settings name: the configuration, the
/// cache, the store, keys and certificates; and what `io::check_output_path` refuses. @param read
/// Other files that the command reads.
result<void> check_output(const std::string& output, const config::loaded_settings& s,
                          const config::environment& env, std::vector<io::kept_file> read = {});

} // namespace penstock::cli
