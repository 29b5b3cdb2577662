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

/// The options of a process that works for a head.
struct node_host_setup {
  config::cluster_settings cluster; ///< Address of the head, our name and slots.
  std::shared_ptr<const worker_setup> workers;
  std::vector<std::string> lanes; ///< Names of the lanes of `workers->routes`, in order.
  io::curl_loop_settings http;
  core::restart_limits restarts; ///< Restarts of the HTTP client.
  /// Gets one line for each change; empty: nothing is logged.
  std::function<void(std::string)> announce;
};

/// A process that works for a head. It owns the HTTP client, the connection, and one node actor per
/// connection.
///
/// looking: tries to connect, again after 0.1 s, 0.2 s ... 1 s with jitter, without end.
/// joined: works. If the head is lost, the node gives up its work and looks again; it then joins
/// with a new number. ended: it was told to leave and has given back its work, or the head refuses
/// it for good.
class node_host {
public:
  /// @pre `sys` was made with the `cluster_config` of `setup.cluster`.
  node_host(caf::actor_system& sys, node_host_setup setup);
  ~node_host();
  node_host(const node_host&) = delete;
  node_host& operator=(const node_host&) = delete;

  /// Works on the caller's thread until it is told to leave. It may block.
  /// @returns `incompatible` or `invalid_config` if the head refuses this node for good, `internal`
  /// if the HTTP client died too often.
  result<void> run();

  /// Accepts no more work, lets requests in flight finish within `grace_period` (zero: aborts
  /// them), gives back the rest, and ends. Call it from any thread, also again with less time.
  void leave(duration grace_period);

private:
  enum class next_step : uint8_t { look_again, end };
  result<node_welcome> join(const engine_actor& engine);
  result<next_step> work(const engine_actor& engine, node_welcome welcome);
  result<void> http_died(const node_actor& node);
  void spawn_http();
  /// Waits before the next try. @returns false if it was told to leave in the meantime.
  result<next_step> wait_before_next_try();
  void announce(const std::string& text) const;

  caf::actor_system& sys_;
  const node_host_setup setup_;
  caf::scoped_actor self_;
  http_client_actor http_;
  core::restart_policy restarts_;
  duration pause_{};
  std::minstd_rand random_;
  std::string complaint_; ///< The last logged reason of a failed try.
};

} // namespace penstock::actors
