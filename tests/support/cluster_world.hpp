#pragma once

#include "actors/node/worker.hpp"
#include "core/lane/lane.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_job.hpp"
#include "tests/support/process_link.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace penstock::test {

/// The options of a cluster.
struct cluster_options {
  std::vector<uint32_t> slots{4, 4, 4}; ///< Slots of each node.
  core::lane_limits lane;
  /// Delay of a message between processes.
  caf::timespan delay_max = std::chrono::milliseconds{20};
};

/// A head and its nodes, each a simulated process, on the test's scheduler. Engine, coordinator,
/// rate limiter, nodes and workers are real; HTTP clients and files are fakes. Messages between
/// processes go over a `process_link`, with delays. The test cuts and breaks links, and kills,
/// stops and starts processes. The seed decides which message is handled next.
///
/// While it runs, it checks what cannot be checked at the end: permits against the rate of the lane
/// (I7), pauses (I9), exchanges begun by nodes that the head treats as lost, and reports with old
/// epochs (I3).
class cluster_world : public deterministic_system {
public:
  cluster_world(uint32_t seed, cluster_options options);
  ~cluster_world();

  /// Submits a job over `files` to the head.
  void submit(std::shared_ptr<memory_files> files, job_options options);
  /// How the job ended, if it has.
  const std::optional<job_progress>& ended() const { return *ended_; }

  /// Handles one message, or advances the time to the next event. @returns false if there is none.
  bool step();
  /// Steps until the job has ended, but not longer than the given time. @returns whether it has.
  bool run_job(duration span_max);
  /// Steps for a while.
  void pass(duration span);
  /// Does something at a later time.
  void at(time_point when, std::function<void()> what) { events_.emplace(when, std::move(what)); }
  void in(duration span, std::function<void()> what) { at(now() + span, std::move(what)); }

  // Faults. A node is given by its place in `cluster_options::slots`.
  size_t nodes() const { return processes_.size(); }
  void kill_node(size_t i);
  void start_node(size_t i);
  void stop_node(size_t i, bool on) { processes_[i].stopped = on; }
  void drain_node(size_t i, caf::timespan grace_period);
  void cut(size_t i, way w, bool on);
  void break_link(size_t i);
  void kill_worker(size_t i);
  void kill_limiter();
  void kill_part(const caf::actor& part);
  /// @returns false if it was dead.
  bool kill_head();
  void start_head();
  /// Ends all faults of nodes and links.
  void heal();

  core::lane_snapshot lane();
  std::vector<node_info> known_nodes();
  size_t workers() const;
  /// Number of exchanges in flight.
  size_t open_exchanges() const;

  struct exchange {
    size_t node = 0;
    std::string id; ///< The request id in its answer.
    uint64_t request = 0;
    int status = 0;
  };

  std::mt19937 rng;
  std::shared_ptr<memory_files> files;
  std::function<fake_answer(const fake_upstream::call&)> script;
  std::vector<exchange> exchanges;     ///< Exchanges that reached a provider.
  std::set<std::string> stale;         ///< Request ids of answers with an old epoch.
  std::vector<std::string> violations; ///< Violations of the checks, as text.
  uint64_t losses = 0;                 ///< Nodes that the head treated as lost.
  uint64_t fenced = 0;                 ///< Nodes that stopped because their lease was over.
  uint64_t left = 0;                   ///< Nodes that left on request.
  uint64_t head_lives = 0, limiter_lives = 0;

  /// Called by the actor of a host.
  engine_actor connect(size_t i);
  void host_lost(size_t i, const caf::error& why);

private:
  struct process {
    uint32_t slots = 0;
    bool alive = false, stopped = false;
    std::array<bool, 2> cut{};
    std::shared_ptr<process_link> link;
    caf::actor host;
    http_client_actor http;
    std::shared_ptr<fake_upstream> upstream;
  };

  // cluster_world.cpp
  node_actor node_of(const process& p) const;
  /// Its present number at the head; 0: it is not a node.
  uint64_t number_of_node(size_t i) const;
  std::set<caf::resumable*> stopped_jobs() const;
  std::optional<time_point> next_time();
  void run_now();
  // cluster_watch.cpp
  void watch(process_link& link, size_t i);
  void watch_send(size_t i, way w, const caf::message& what);
  void watch_delivery(way w, const caf::message& what);
  void granted(uint64_t permit);
  fake_answer call(size_t i, const fake_upstream::call& what);
  void violation(const std::string& what);
  template <class Result, class Handle, class Atom>
  Result ask_head(const Handle& to, Atom what);

  cluster_options options_;
  std::shared_ptr<actors::worker_setup> setup_;
  std::vector<process> processes_;
  std::multimap<time_point, std::function<void()>> events_;
  engine_actor engine_;
  rate_limiter_actor limiter_;
  bool head_alive_ = false;
  std::shared_ptr<std::optional<job_progress>> ended_;
  std::set<uint64_t> silent_;           ///< Numbers of nodes that the head lost by silence.
  std::map<uint64_t, uint32_t> epochs_; ///< The last epoch of each request.
  /// Of this head's limiters, by permit; without those that were given back unused.
  std::vector<std::pair<time_point, uint64_t>> grants_;
  time_point paused_from_{}, paused_until_{};
};

} // namespace penstock::test
