#include "apps/penstock/commands.hpp"
#include "apps/penstock/cli/config_command.hpp"
#include "apps/penstock/client/client_entries.hpp"
#include "apps/penstock/load/load_command.hpp"
#include "apps/penstock/map/map_command.hpp"
#include "apps/penstock/mock/mock_command.hpp"
#include "apps/penstock/run/cache_command.hpp"
#include "apps/penstock/run/run_command.hpp"
#include "apps/penstock/serve/keys_command.hpp"
#include "apps/penstock/serve/node_command.hpp"
#include "apps/penstock/serve/serve_command.hpp"

namespace penstock::cli {

command_table commands() {
  static constexpr const command_entry* all[] = {
    &run_entry,   &map_entry,    &serve_entry,   &node_entry,   &submit_entry,
    &jobs_entry,  &status_entry, &results_entry, &cancel_entry, &retry_entry,
    &nodes_entry, &lanes_entry,  &tenants_entry, &top_entry,    &mock_entry,
    &load_entry,  &keys_entry,   &cache_entry,   &config_entry,
  };
  return all;
}

} // namespace penstock::cli
