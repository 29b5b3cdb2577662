#pragma once

#include <caf/actor_system_config.hpp>

namespace penstock {

/// The configuration of an actor system that speaks Penstock's messages. Policy `sharing` and one
/// thread a core: foreign threads (HTTP, disk) feed the actors, and idle workers must not poll.
struct system_config : caf::actor_system_config {
  system_config();
};

} // namespace penstock
