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

/// What a world is made of.
struct world_options {
  uint32_t slots = 8;
  core::lane_limits lane;
};

/// A whole engine on the test's scheduler: engine, coordinator, collector, node, workers and rate
/// limiter are real; the http client and the files are fakes. The test plays the supervisor: it
/// kills actors and starts them again. Every message may overtake those of other actors, as the
/// seed decides.
class engine_world : public deterministic_system {
public:
  explicit engine_world(uint32_t seed, world_options options = {});
  ~engine_world();

  /// Submits a job over `files`; `ended` tells when it is over.
  void submit(std::shared_ptr<memory_files> files, job_options options);
  const std::optional<job_progress>& ended() const { return *ended_; }
  uint64_t job() const { return job_; }

  /// Handles one message, or lets time pass to the next timer. @returns false if neither is there.
  bool step();
  /// Steps until the job has ended. @returns false if it never will.
  bool run_job(size_t steps_max = 2'000'000);
  /// Handles all messages that are there.
  void settle_down();

  /// Each kills one actor (if it lives) and, where a supervisor would, starts the next one.
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
