#pragma once

#include "actors/worker.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

namespace penstock::actors {

/// The slots of this process: one worker each. Reports of workers that end together leave together,
/// one message a job, and free their slots at the engine. It remembers for its workers which lanes are
/// out for a job, and gives leave for second attempts. If the node dies, its workers die with it.
struct node_state {
  static inline const char* name = "node";
  node_state() = default;
  node_state(const node_state&) = delete;
  node_state& operator=(const node_state&) = delete;
  ~node_state();

  void assign(const assignment& work, report_taker_actor from);
  void abort(uint64_t job);
  void drain(uint64_t job);
  void rewire(const wiring& now);
  void done(work_report report);
  void lose_lane(uint64_t job, uint32_t lane, const error& why);
  void hedge(const request_key& key);
  void flush();

  /// What runs now.
  std::vector<worker_actor> workers() const;

  node_actor::pointer self = nullptr;
  uint64_t id = 0;
  engine_actor engine;
  std::shared_ptr<const worker_setup> setup;
  wiring neighbours;
  core::hedge_policy hedging;

private:
  struct key_hash {
    size_t operator()(const request_key& k) const noexcept {
      return (k.index ^ (uint64_t{k.epoch} << 44)) * 0x9E3779B97F4A7C15u ^ k.job;
    }
  };
  struct key_equal {
    bool operator()(const request_key& a, const request_key& b) const noexcept {
      return a.index == b.index && a.epoch == b.epoch && a.job == b.job;
    }
  };

  struct running {
    worker_actor worker;
    std::string model;             ///< Kept only where second attempts are made.
    uint32_t attempts_before = 0;
  };

  std::unordered_map<request_key, running, key_hash, key_equal> workers_;
  std::map<uint64_t, lost_lanes> lost_;                   ///< By job.
  std::map<uint64_t, report_taker_actor> jobs_;           ///< Who gets the reports of a job.
  std::map<uint64_t, std::vector<work_report>> reports_;  ///< By job, until the next flush.
  uint64_t spawned_ = 0;
  bool flush_pending_ = false;
};

/// Runs assignments with `slots` workers at once; joins `engine` under `id`.
node_actor::behavior_type
node(node_actor::stateful_pointer<node_state> self, uint64_t id, uint32_t slots,
     engine_actor engine, std::shared_ptr<const worker_setup> setup, wiring neighbours);

} // namespace penstock::actors
