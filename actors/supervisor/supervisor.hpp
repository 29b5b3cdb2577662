#pragma once

#include "actors/engine/engine_setup.hpp"
#include "actors/cache/response_cache.hpp"
#include "actors/node/worker.hpp"
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

/// What a process runs.
struct supervisor_setup {
  std::shared_ptr<const worker_setup> workers;
  std::vector<core::lane_limits> lanes; ///< As the lanes of `worker_setup::routes`.
  io::curl_loop_settings http;
  uint32_t slots = 256;                      ///< Of this process's node; 0: no node.
  core::restart_limits restarts;             ///< Of each child, and of a job whose actors die.
  std::optional<response_cache_setup> cache; ///< Unset: no job uses one.
  std::shared_ptr<io::job_store> jobs;       ///< Null: the engine takes no jobs by value.
  duration retention =
    std::chrono::hours{24 * 7}; ///< How long that keeps an ended job; zero: for ever.
  duration heartbeat = std::chrono::milliseconds{500}; ///< Between signs of life of remote nodes.
  duration lost_after = std::chrono::seconds{3};       ///< Their silence after which they are lost.
  std::function<void(std::string)> announce;           ///< As in `engine_setup`.
  /// What blocks on a disk gets a thread of its own; tests run it like the others.
  bool own_threads = true;
};

/// The long-lived actors of this process, started in the order http client, rate limiters, response
/// cache, job reader and store, engine, node, and stopped in the opposite one.
///
/// A child that dies is started again within its restart budget, and its neighbours are told
/// (`rewire`): workers ask a new limiter again, adopt the permits they hold, tell a new
/// cache what they lead, and take an exchange of
/// a dead http client for a broken connection; a dead node's requests are handed out again by the
/// engine, which passes on to remote nodes what they need. The engine itself owns the job table,
/// and the job store knows what is safe: these are not started again. Their death, or a budget used
/// up, ends the supervisor, and with it everything, so that the process can stop with one clear
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
  job_writer_actor store;  ///< Null if `supervisor_setup::jobs` is.
  job_reader_actor reader; ///< The same.
  wiring handles;

private:
  enum class role : uint8_t { http, limiter, cache, job_reader, job_writer, engine, node };
  struct child {
    role what = role::http;
    uint32_t lane = 0; ///< Of a limiter.
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
  std::vector<child> children_; ///< In the order of their start.
  node_actor node_;
  uint64_t next_node_ = 1;
  bool stopping_ = false;
  bool failed_ = false;
  std::vector<caf::typed_response_promise<bool>> stop_waiters_;
};

/// Runs one process's share of Penstock.
/// @pre every `core::validate(setup.lanes[i])` succeeds.
supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<supervisor_state> self, supervisor_setup setup);

} // namespace penstock::actors
