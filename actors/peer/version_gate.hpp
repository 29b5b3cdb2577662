#pragma once

#include "config/settings.hpp"
#include "messages/interfaces.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <string>

namespace penstock::actors {

/// The only actor that a head publishes. It gives `engine` to processes that speak our protocol,
/// and tells all others which versions do not match.
/// @param announce Receives one line for each process that connects; empty: nothing is logged.
version_gate_actor::behavior_type version_gate(version_gate_actor::pointer self,
                                               engine_actor engine,
                                               std::function<void(std::string)> announce);

/// Makes `gate` reachable for other processes at `settings.listen`.
/// @pre The actor system was made with a `cluster_config` of the same settings.
/// @returns the port: a free one if the settings say 0. `invalid_config` if the address needs
/// certificates that are missing, `io_error` if the address cannot be used.
result<uint16_t> publish(caf::actor_system& sys, const config::cluster_settings& settings,
                         const version_gate_actor& gate);

} // namespace penstock::actors
