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

/// Options of an engine, beside the settings. The defaults are for host programs.
struct engine_options {
  /// API keys by the name of the upstream ("default" for `settings.upstream`). Unset: from the
  /// environment variables and files in the settings. Upstreams without an entry are called without
  /// a key.
  std::optional<std::map<std::string, std::string>> keys;
  /// Environment variables for the keys and the folder of the response cache. Unset: those of the
  /// process.
  std::optional<config::environment> env;
  /// File with jobs, requests and outcomes. Unfinished jobs go on when an engine opens the file
  /// again. Empty: jobs are kept in memory and end with the engine.
  std::string store;
  /// An open store to use instead of `store`.
  std::shared_ptr<io::job_store> jobs;
  /// False: the engine takes only jobs of this process that bring their own files
  /// (`local_submission`). It then has no store.
  bool has_store = true;
  /// The response cache. Unset: that of the settings.
  std::optional<actors::response_cache_setup> cache;
  /// Slots of this process. Unset: `run.in_flight_max`. 0: only nodes send.
  std::optional<uint32_t> slots;
  /// True: a lane that names no width is as wide as all nodes together. False: as
  /// `run.in_flight_max`.
  bool nodes_bound_width = false;
  /// True: the caller runs a server for each upstream whose `mock` is set, and its `base_url` is
  /// the address of that server. False: such an upstream is refused.
  bool mocks_run = false;
  /// Receives log lines. An actor calls it, so it must not block.
  std::function<void(std::string)> announce;
};

/// A lane of an engine.
struct engine_lane {
  std::string name;
  core::lane_limits limits;
};

/// A running engine.
struct running_engine {
  /// Accepts the public messages of messages/interfaces.hpp from actors of the system.
  engine_actor engine;
  /// Owns the engine and its actors. It quits after a failure that it cannot repair (a full disk);
  /// its exit reason, or that of `engine`, is the cause. `atom::stop` stops everything in order.
  supervisor_actor supervisor;
  std::vector<engine_lane> lanes; ///< In the order of the rate limiters.
};

/// The names of its lanes, in order.
std::vector<std::string> lane_names(const running_engine& running);

/// Starts an engine in the actor system `sys`, with the limits, slots and keys of `settings`.
/// `load` reads settings from a file; a program may fill the struct itself. The configuration of
/// `sys` must have our messages (`add_messages`). Its scheduler policy should be `sharing`, because
/// other threads send most messages.
///
/// Blocks for a few milliseconds until the engine runs: do not call it from a message handler. The
/// actor system cannot end before the engine: stop the engine first.
/// @returns `invalid_config` with the key if settings or keys are wrong; `locked`, `corrupt`,
/// `disk_full` or `io_error` if the store cannot be opened.
result<running_engine> spawn_engine(caf::actor_system& sys, const config::settings& settings,
                                    engine_options options = {});

/// Stops an engine. Requests in flight may finish within `grace`; the rest is aborted. Jobs of a
/// store in a file can be resumed. Blocks until all actors have ended, which takes milliseconds if
/// nothing is in flight. Safe if the engine has died already.
/// @returns false if it did not end within `grace` and ten more seconds.
bool stop_engine(caf::actor_system& sys, const running_engine& running, duration grace = {});

} // namespace penstock
