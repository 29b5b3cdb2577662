#pragma once

#include "actors/host/head_session.hpp"
#include "actors/host/host.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace penstock {

/// The state that a host shares with the handles of its jobs. It lives as long as the last of them,
/// because any thread may use it. `stop` ends its work.
struct host_core : std::enable_shared_from_this<host_core> {
  explicit host_core(std::unique_ptr<caf::actor_system_config> c)
      : config{std::move(c)}, system{*config} {}
  ~host_core() { stop(); }

  /// Ends everything; running calls return `cancelled`. Returns when no callback runs any more.
  void stop();
  /// Tells the session why the engine of this process has ended.
  void watch();
  /// Returns the engine of this process, or why it has ended.
  result<engine_actor> find_engine();
  result<job_ticket> submit(submission what);
  void call_back(std::function<void()> run);
  /// The error for a caller, from an error of the session.
  error told(error e) const;
  template <class T>
  result<T> told(result<T> r) const {
    return r ? std::move(r) : result<T>{told(r.error())};
  }
  /// Asks a question that is safe to repeat, if necessary over several connections.
  template <class T, class... Ts>
  result<T> ask(duration within, Ts... words) {
    return told(session->persist([&] { return session->ask<T>(within, words...); }));
  }
  bool is_remote() const noexcept { return !running; }

  struct callback {
    std::thread thread;
    std::shared_ptr<std::atomic<bool>> done;
  };

  std::unique_ptr<caf::actor_system_config> config;
  caf::actor_system system;
  config::settings settings;
  duration grace{};
  std::optional<running_engine> running; ///< Unset: the engine is at a head.
  std::unique_ptr<actors::head_session> session;

  mutable std::mutex mutex;    ///< Guards the members below.
  std::optional<error> broken; ///< Why the engine of this process has ended.
  std::vector<callback> callbacks;
  bool stopped = false;
};

} // namespace penstock
