#pragma once

#include "config/endpoint.hpp"
#include "config/settings.hpp"
#include "messages/interfaces.hpp"

#include <caf/actor_system.hpp>

#include <string>

namespace penstock::actors {

/// Finds the engine of the head at `settings.head`, from a thread that may block. The actor system
/// must have been made with a `cluster_config`.
/// @param role "node" or "client". @param name Of this process, for the head's lists.
/// @returns `invalid_config` if the address needs certificates that are not there,
/// `connection_failed` if nobody answers within `timeout`, `incompatible` if the head speaks
/// another version of the cluster's protocol.
result<engine_actor> connect(caf::actor_system& sys, const config::cluster_settings& settings,
                             const std::string& role, const std::string& name, duration timeout);

} // namespace penstock::actors
