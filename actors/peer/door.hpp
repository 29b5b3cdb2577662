#pragma once

#include "config/settings.hpp"
#include "messages/interfaces.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <string>

namespace penstock::actors {

/// What a head lets others in by: shows those that speak our protocol to `engine`, and tells the
/// others which versions do not fit.
/// @param announce Told of each in one line; empty: silent.
door_actor::behavior_type door(door_actor::pointer self, engine_actor engine,
                               std::function<void(std::string)> announce);

/// Lets other processes find `door` at `settings.listen`; the actor system must have been made with
/// a `cluster_config` of the same settings.
/// @returns the port: a free one if the settings say 0. `invalid_config` if the address needs
/// certificates that are not there, `io_error` if it cannot be had.
result<uint16_t> publish(caf::actor_system& sys, const config::cluster_settings& settings,
                         const door_actor& door);

} // namespace penstock::actors
