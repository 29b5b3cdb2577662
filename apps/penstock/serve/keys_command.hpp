#pragma once

#include "apps/penstock/cli/command_entry.hpp"

namespace penstock::cli {

/// The command `keys`: makes, lists and revokes the keys of the HTTP service.
extern const command_entry keys_entry;

} // namespace penstock::cli
