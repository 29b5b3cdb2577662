#pragma once

#include "config/endpoint.hpp"
#include "config/settings.hpp"
#include "messages/interfaces.hpp"

#include <caf/actor_system.hpp>

#include <string>

namespace penstock::actors {

/// Finds the engine of the head at `settings.head`, from a thread that may block. The actor system
/// must have been made with a `cluster_config`.
/// @param role "node" or "client". @param name Name of this process in the lists of the head.
/// @returns `invalid_config` if the address needs certificates that are missing,
/// `connection_failed` if there is no answer within `timeout`, `incompatible` if the head speaks
/// another version of the protocol.
result<engine_actor> connect(caf::actor_system& sys, const config::cluster_settings& settings,
                             const std::string& role, const std::string& name, duration timeout);

} // namespace penstock::actors
