#pragma once

#include "actors/job/job_launcher.hpp"
#include "actors/node/worker.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_job.hpp"

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace penstock::test {

/// The options of a world.
struct world_options {
  uint32_t slots = 8;
  core::lane_limits lane;
};

/// A whole engine on the test's scheduler: engine, coordinator, collector, node, workers and rate
/// limiter are real; the HTTP client and the files are fakes. The test acts as the supervisor: it
/// kills actors and starts them again. The seed decides the order of messages of different actors.
class engine_world : public deterministic_system {
public:
  explicit engine_world(uint32_t seed, world_options options = {});
  ~engine_world();

  /// Submits a job over `files`; see `ended`.
  void submit(std::shared_ptr<memory_files> files, job_options options);
  const std::optional<job_progress>& ended() const { return *ended_; }
  uint64_t job() const { return job_; }

  /// Handles one message, or advances the time to the next timer. @returns false if there is
  /// neither.
  bool step();
  /// Steps until the job has ended. @returns false if it cannot end.
  bool run_job(size_t steps_max = 2'000'000);
  /// Handles all waiting messages.
  void settle_down();

  /// Each of these kills one actor (if it lives) and restarts it if a supervisor would.
  void kill_worker();
  void kill_limiter();
  void kill_http();
  void kill_node();
  void kill_part(const caf::actor& part);
  void kill_collector();

  core::lane_snapshot lane() { return ask<core::lane_snapshot>(limiter, atom::snapshot_v); }
  size_t workers() const;

  std::shared_ptr<fake_upstream> upstream = std::make_shared<fake_upstream>();
  std::shared_ptr<memory_files> files;
  std::mt19937 rng;
  engine_actor engine;
  rate_limiter_actor limiter;
  http_client_actor http;
  node_actor node;
  time_point began;

private:
  void start_node();
  void rewire();

  world_options options_;
  std::shared_ptr<actors::worker_setup> setup_;
  std::shared_ptr<std::optional<job_progress>> ended_;
  uint64_t job_ = 0, nodes_ = 0;
};

} // namespace penstock::test
