#include "messages/system_config.hpp"

#include "messages/add_messages.hpp"
#include "messages/views.hpp"
#include "messages/map.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <thread>

namespace penstock {

void add_messages(caf::actor_system_config& config) {
  config.add_message_types<caf::id_block::penstock>();
  config.add_message_types<caf::id_block::penstock_map>();
  // A handle that is an element of a message must be registered by name; one inside a struct need
  // not.
  config.add_message_type<node_actor>("penstock.node_actor");
}

system_config::system_config() {
  add_messages(*this);
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", std::max<size_t>(2, std::thread::hardware_concurrency()));
}

} // namespace penstock
