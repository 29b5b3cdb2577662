#pragma once

#include "actors/cache/response_cache.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"
#include "core/io/store/job_store.hpp"
#include "core/lane/lane.hpp"
#include "messages/interfaces.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock {

/// What an engine is told beside the settings. The defaults suit a host program.
struct engine_options {
  /// API keys by the name of their upstream ("default" for `settings.upstream`). Unset: from the
  /// environment variables and files that the settings name. Upstreams without an entry are called
  /// without a key.
  std::optional<std::map<std::string, std::string>> keys;
  /// Variables to look the keys up in, and the folder of the response cache. Unset: those of the
  /// process.
  std::optional<config::environment> env;
  /// File of jobs, requests and outcomes: unfinished jobs go on when an engine starts on it again.
  /// Empty: they are kept in memory and end with the engine.
  std::string store;
  /// A store that is open already. It takes the place of `store`.
  std::shared_ptr<io::job_store> jobs;
  /// False: the engine takes only jobs of this process that bring their own files
  /// (`local_submission`). It then has no store.
  bool has_store = true;
  /// A response cache that was found already. Unset: the one of the settings.
  std::optional<actors::response_cache_setup> cache;
  /// Slots of this process. Unset: `run.in_flight_max`. 0: only nodes send.
  std::optional<uint32_t> slots;
  /// True: the caller runs a server for each upstream whose `mock` is set, and its `base_url` is
  /// the address of that server. False: such an upstream is refused.
  bool mocks_run = false;
  /// Told what people may want to know, one line each; called by an actor, must not block.
  std::function<void(std::string)> announce;
};

/// A lane of an engine.
struct engine_lane {
  std::string name;
  core::lane_limits limits;
};

/// An engine in somebody's actor system.
struct running_engine {
  /// Takes the public messages of messages/interfaces.hpp from actors of the system.
  engine_actor engine;
  /// Owns it and all that belongs to it. Quits if something breaks that cannot be mended (a full
  /// disk): its exit reason, or that of `engine`, says why. `atom::stop` ends it in order.
  supervisor_actor supervisor;
  std::vector<engine_lane> lanes; ///< In the order of the rate limiters.
};

/// The names of its lanes, in their order.
std::vector<std::string> lane_names(const running_engine& running);

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
/// store in a file stay resumable. Blocks until all is down, which takes milliseconds when nothing
/// is in flight. Safe if the engine has died already.
/// @returns false if it was not down within `grace` and another ten seconds.
bool stop_engine(caf::actor_system& sys, const running_engine& running, duration grace = {});

} // namespace penstock
