#pragma once

#include "apps/penstock/cli/command_entry.hpp"

namespace penstock::cli {

// The commands for a head, with their help.
extern const command_entry submit_entry;
extern const command_entry jobs_entry;
extern const command_entry status_entry;
extern const command_entry results_entry;
extern const command_entry cancel_entry;
extern const command_entry retry_entry;
extern const command_entry nodes_entry;
extern const command_entry lanes_entry;
extern const command_entry tenants_entry;
extern const command_entry top_entry;

} // namespace penstock::cli
