#pragma once

#include <caf/actor_system_config.hpp>

namespace penstock {

/// The configuration of an actor system with Penstock's messages. Policy `sharing` and one thread
/// per core, because other threads (HTTP, disk) send most messages and idle threads must not poll.
struct system_config : caf::actor_system_config {
  system_config();
};

} // namespace penstock
