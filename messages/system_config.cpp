#include "messages/system_config.hpp"

#include "messages/interfaces.hpp"
#include "messages/map.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <thread>

namespace penstock {

system_config::system_config() {
  add_message_types<caf::id_block::penstock>();
  add_message_types<caf::id_block::penstock_map>();
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", std::max<size_t>(2, std::thread::hardware_concurrency()));
}

} // namespace penstock
