#pragma once

#include "actors/response_cache.hpp"
#include "actors/worker.hpp"
#include "core/io/curl_loop.hpp"
#include "core/restart_policy.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace penstock::actors {

/// What a process runs.
struct supervisor_setup {
  std::shared_ptr<const worker_setup> workers;
  std::vector<core::lane_limits> lanes; ///< As the lanes of `worker_setup::routes`.
  io::curl_loop_settings http;
  uint32_t slots = 256;                 ///< Of this process's node; 0: no node.
  core::restart_limits restarts;        ///< Of each child.
  std::optional<response_cache_setup> cache; ///< Unset: no job uses one.
  bool cache_thread = true;             ///< The cache blocks on the disk; tests run it like the others.
};

/// The long-lived actors of this process, started in the order http client, rate limiters, response
/// cache, engine, node, and stopped in the opposite one.
///
/// A child that dies is started again within its restart budget, and its neighbours are told
/// (`rewire`): workers ask a new limiter again, adopt the permits they hold, tell a new
/// cache what they lead, and take an exchange of
/// a dead http client for a broken connection; a dead node's requests are handed out again by the
/// engine. The engine itself owns the job table and is not started again: its death, or a budget
/// used up, ends the supervisor, and with it everything, so that the process can stop with one clear
/// error and be resumed.
struct supervisor_state {
  static inline const char* name = "supervisor";
  supervisor_state() = default;
  supervisor_state(const supervisor_state&) = delete;
  supervisor_state& operator=(const supervisor_state&) = delete;
  ~supervisor_state();

  void start(supervisor_setup setup);
  void spawn_child(uint32_t child);
  void down(const caf::down_msg& msg);
  caf::result<bool> stop();

  supervisor_actor::pointer self = nullptr;
  engine_actor engine;
  wiring handles;

private:
  // Children by number: 0 http client, 1..n limiters, then cache (if any), engine, node.
  struct child {
    const char* name = "";
    caf::actor actor;
    core::restart_policy restarts;
    uint32_t lives = 0;
  };
  uint32_t cache_at() const { return static_cast<uint32_t>(setup_.lanes.size()) + 1; }
  uint32_t engine_at() const { return cache_at() + (setup_.cache ? 1 : 0); }
  uint32_t node_at() const { return engine_at() + 1; }
  void rewire();
  void stop_next();

  supervisor_setup setup_;
  std::vector<child> children_;
  uint64_t next_node_ = 1;
  std::optional<caf::typed_response_promise<bool>> stopping_;
};

/// Runs one process's share of Penstock.
/// @pre every `core::validate(setup.lanes[i])` succeeds.
supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<supervisor_state> self, supervisor_setup setup);

} // namespace penstock::actors
