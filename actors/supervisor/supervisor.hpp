#pragma once

#include "actors/engine/engine_setup.hpp"
#include "actors/cache/response_cache.hpp"
#include "actors/node/worker.hpp"
#include "core/base/defaults.hpp"
#include "core/io/http/curl_loop.hpp"
#include "core/io/store/job_store.hpp"
#include "core/engine/restart_policy.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace penstock::actors {

/// The setup of a process.
struct supervisor_setup {
  std::shared_ptr<const worker_setup> workers;
  std::vector<core::lane_limits> lanes; ///< In the order of the lanes of `worker_setup::routes`.
  io::curl_loop_settings http;
  uint32_t slots = core::defaults::slots;    ///< Slots of the node of this process; 0: no node.
  core::restart_limits restarts;             ///< For each child, and for each job whose actors die.
  std::optional<response_cache_setup> cache; ///< Unset: no job uses a cache.
  std::shared_ptr<io::job_store> jobs;       ///< Null: the engine takes no jobs by value.
  /// How long `jobs` keeps an ended job; zero: for ever.
  duration retention = core::defaults::retention;
  core::lease_limits lease;                  ///< For remote nodes.
  std::function<void(std::string)> announce; ///< As in `engine_setup`.
  /// Actors that block on a disk get their own thread; tests run them like the others.
  bool own_threads = true;
};

/// The long-lived actors of this process. They start in the order HTTP client, rate limiters,
/// response cache, job reader and writer, engine, node, and stop in the opposite order.
///
/// A child that dies is restarted within its restart budget, and the others get a `rewire`. Workers
/// then ask a new limiter again and tell it about their permits; they tell a new cache about the
/// requests that they send; they treat the exchanges of a dead HTTP client as broken connections.
/// The engine hands out the requests of a dead node again, and sends new handles to remote nodes.
/// The engine and the job writer are not restarted, because they own the job table and the
/// knowledge which data is safe. If one of them dies, or a budget is used up, the supervisor quits
/// and ends everything: the process stops with one clear error and can be resumed.
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
  job_writer_actor store;  ///< Null if `supervisor_setup::jobs` is null.
  job_reader_actor reader; ///< Null if `supervisor_setup::jobs` is null.
  wiring handles;

private:
  enum class role : uint8_t { http, limiter, cache, job_reader, job_writer, engine, node };
  struct child {
    role what = role::http;
    uint32_t lane = 0; ///< Lane of a limiter.
    caf::actor actor;
    core::restart_policy restarts;
    uint32_t lives = 0;
  };
  static const char* name_of(role what);
  static bool is_restarted(role what);
  template <class F, class... Args>
  auto spawn_blocking(F what, Args... args);
  void start_child(child& c);
  engine_setup make_engine_setup() const;
  void rewire();
  void fail(const error& why);
  void stop_next();

  supervisor_setup setup_;
  std::vector<child> children_; ///< In the order of start.
  node_actor node_;
  uint64_t next_node_ = 1;
  bool stopping_ = false;
  bool failed_ = false;
  std::vector<caf::typed_response_promise<bool>> stop_waiters_;
};

/// Runs the actors of one process. @pre Every `core::validate(setup.lanes[i])` succeeds.
supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<supervisor_state> self, supervisor_setup setup);

} // namespace penstock::actors
