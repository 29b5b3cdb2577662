#pragma once

#include "apps/penstock/cli/command_entry.hpp"

namespace penstock::cli {

/// `penstock config show [--json] [OPTIONS]` and `penstock config reference`.
extern const command_entry config_entry;

/// What `penstock config` prints with these words. Errors are usage errors.
result<std::string> config_text(const arguments& args, const config::environment& env);

} // namespace penstock::cli
