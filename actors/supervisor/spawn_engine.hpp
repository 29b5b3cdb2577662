#pragma once

#include "config/environment.hpp"
#include "config/settings.hpp"
#include "messages/interfaces.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace penstock {

/// What an engine in a host program is told beside the settings.
struct engine_options {
  /// API keys by the name of their upstream ("default" for `settings.upstream`). Unset: from the
  /// environment variables and files that the settings name.
  std::optional<std::map<std::string, std::string>> keys;
  /// Variables to look the keys up in, and the folder of the response cache. Unset: those of the
  /// process.
  std::optional<config::environment> env;
  /// File of jobs, requests and outcomes: unfinished jobs go on when an engine starts on it again.
  /// Empty: they are kept in memory and end with the engine.
  std::string store;
  /// Told what people may want to know, one line each; called by an actor, must not block.
  std::function<void(std::string)> announce;
};

/// An engine in somebody's actor system.
struct running_engine {
  /// Takes the public messages of messages/interfaces.hpp from actors of the system.
  engine_actor engine;
  /// Owns it and all that belongs to it. Quits if something breaks that cannot be mended (a full
  /// disk): its exit reason, or that of `engine`, says why. `atom::stop` ends it in order.
  supervisor_actor supervisor;
};

/// Starts an engine beside the actors of `sys`, with limits, slots and keys as `settings` say
/// (`load` reads them from a file; a program may as well fill the struct). The configuration of
/// `sys` must know our messages
/// (`add_messages`); scheduler policy `sharing` suits best, as threads of ours feed its actors.
///
/// Blocks until the engine is there, a few milliseconds: not to be called from a message handler.
/// The system does not end before the engine: stop it first.
/// @returns `invalid_config` naming the key if settings or keys are wrong; `locked`, `corrupt`,
/// `disk_full` or `io_error` if the store cannot be opened.
result<running_engine> spawn_engine(caf::actor_system& sys, const config::settings& settings,
                                    engine_options options = {});

/// Stops an engine: what is in flight may finish within `grace`, the rest is aborted. Jobs of a
/// store in a file stay resumable. Blocks until all is down.
/// @returns false if it was not down within `grace` and another ten seconds.
bool stop_engine(caf::actor_system& sys, const running_engine& running, duration grace = {});

} // namespace penstock
