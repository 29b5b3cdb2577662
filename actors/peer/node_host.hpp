#pragma once

#include "actors/node/worker_setup.hpp"
#include "config/settings.hpp"
#include "core/io/http/curl_loop.hpp"
#include "core/engine/restart_policy.hpp"
#include "messages/interfaces.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace penstock::actors {

/// What a process that works for a head is told.
struct node_host_setup {
  config::cluster_settings cluster; ///< Where the head is, our name and slots.
  std::shared_ptr<const worker_setup> workers;
  std::vector<std::string> lanes; ///< Of `workers->routes`, in their order.
  io::curl_loop_settings http;
  core::restart_limits restarts;             ///< Of the http client.
  std::function<void(std::string)> announce; ///< Told of each change in one line; empty: silent.
};

/// A process that works for a head: its http client, its connection, and a node actor for each time
/// that it is connected.
///
/// looking (tries again after 0.1 s, 0.2 s ... 1 s, jittered, for ever) -> joined (works) ->
/// looking again when the head is lost, with everything of before given up and under a new number
/// -> ended, when it was told to leave and has given back what it had, or when the head will never
/// take it.
class node_host {
public:
  /// @pre `sys` was made with a `cluster_config` of `setup.cluster`.
  node_host(caf::actor_system& sys, node_host_setup setup);
  ~node_host();
  node_host(const node_host&) = delete;
  node_host& operator=(const node_host&) = delete;

  /// Works until it is told to leave; on the caller's thread, which may block.
  /// @returns `incompatible` or `invalid_config` if the head will never take this node, `internal`
  /// if the http client died too often.
  result<void> run();

  /// Takes nothing more, lets what is in flight finish within `grace_period`, gives back the rest,
  /// and ends. Zero: at once. Callable from any thread, also again with less time.
  void leave(duration grace_period);

private:
  enum class next_step : uint8_t { look_again, end };
  result<node_welcome> join(const engine_actor& engine);
  result<next_step> work(const engine_actor& engine, node_welcome welcome);
  result<void> http_died(const node_actor& node);
  void spawn_http();
  /// Waits before the next try. @returns false if it was told to leave meanwhile.
  result<next_step> wait_before_next_try();
  void announce(const std::string& text) const;

  caf::actor_system& sys_;
  const node_host_setup setup_;
  caf::scoped_actor self_;
  http_client_actor http_;
  core::restart_policy restarts_;
  duration pause_{};
  std::minstd_rand random_;
  std::string complaint_; ///< Why the last try failed, said already.
};

} // namespace penstock::actors
