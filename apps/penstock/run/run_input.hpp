#pragma once

#include "config/settings.hpp"
#include "core/io/file/input_scan.hpp"

#include <optional>
#include <string>

/// The input of a job, before anything is sent.
namespace penstock::cli {

/// Whether there is something to read at `path` ("-": standard input), before anything is made or
/// started.
result<void> check_input(const std::string& path);

/// Whether the input can be read twice.
bool is_regular_file(const std::string& path);

/// Scans the whole input. Refuses duplicate ids, and with `run.strict` unusable lines. Without it,
/// reports on standard error (unless `run.quiet`) that these will be failed results. Refuses an
/// input with a path that leads out of the base URL.
/// @param sends Whether this process sends the requests. Then `upstream.paths` counts, too.
result<io::input_summary> scan_run_input(const std::string& input, const config::settings& s,
                                         bool sends);

/// A budget has no effect without prices.
result<void> check_prices(const config::settings& s, const std::optional<io::input_summary>& input);

} // namespace penstock::cli
