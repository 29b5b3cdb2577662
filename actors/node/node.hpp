#pragma once

#include "core/job/first_refusals.hpp"
#include "actors/node/worker.hpp"
#include "core/engine/lease_table.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace penstock::actors {

/// The slots of this process: one worker each, kept for the next request. Reports of workers that
/// end together are sent together, one message per job; the engine gets the free slots. The node
/// remembers which lanes are lost for a job, and allows second attempts. If the node dies, its
/// workers and their transfers die with it.
///
/// A remote node has a lease from its head (`core::lease`) and sends heartbeats. If no heartbeat
/// was answered for too long, or the connection broke, it aborts everything and quits, because by
/// then the head has handed out its work to others. Each worker checks the lease again just before
/// an attempt: a process that was stopped for ten seconds may read a permit before its node reads
/// the clock.
///
/// `leave`: working -> draining (accepts no work; attempts in flight may finish within the grace
/// period) -> has told the engine -> ended.
struct node_state {
  static inline const char* name = "node";
  /// Largest number of idle workers that are kept.
  static constexpr size_t idle_workers_max = 1024;
  /// Largest number of jobs without work here whose lost lanes are remembered.
  static constexpr size_t idle_notes_max = 64;
  /// Bytes of answers in one message to a coordinator.
  static constexpr size_t report_bytes_max = 16u << 20;

  node_state() = default;
  node_state(const node_state&) = delete;
  node_state& operator=(const node_state&) = delete;
  ~node_state();

  /// Begins to send heartbeats to a head in another process.
  void hold_lease(core::lease_limits limits);
  void assign(const assignment& work, report_taker_actor from);
  void abort(uint64_t job);
  void abort(const request_key& key);
  void credit(const request_key& key, uint64_t bytes);
  void drain(uint64_t job);
  void rewire(const wiring& now);
  void done(work_report report);
  void worker_down(const caf::actor_addr& who);
  void lose_lane(uint64_t job, uint32_t lane, const error& why);
  void hedge(const request_key& key);
  void flush();
  void answered(uint64_t beat);
  void beat();
  void leave(duration grace_period);
  /// Aborts everything and quits.
  void fence(const std::string& why);

  /// Number of requests that run now.
  std::vector<worker_actor> workers() const;
  /// Number of known jobs.
  size_t notes() const { return jobs_.size(); }

  node_actor::pointer self = nullptr;
  uint64_t id = 0;
  engine_actor engine;
  std::shared_ptr<const worker_setup> setup;
  wiring neighbours;
  core::hedge_policy hedging;
  /// The head's number of each of our lanes; empty: the numbers are equal.
  std::vector<uint32_t> head_lanes;

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
    pooled_worker_actor worker;
    std::string model; ///< Set only if second attempts are made.
    assigned_request request;
    core::mode ran_as = core::mode::parallel;
  };
  /// What the answers of one lane say about its API key, for one job.
  class key_doubts {
  public:
    /// The key of `lane` was refused. @returns whether the key is bad, not only the request.
    bool refused(uint32_t lane) {
      using bounds = core::first_refusals;
      auto& key = keys_[lane];
      return ++key.refusals >=
             (key.has_worked ? bounds::enough_of_working_key : bounds::enough_of_key);
    }
    void answered(uint32_t lane) { keys_[lane] = {true, 0}; }

  private:
    struct doubt {
      bool has_worked = false;
      size_t refusals = 0; ///< Refusals since the last success.
    };
    std::map<uint32_t, doubt> keys_;
  };
  struct job_note {
    report_taker_actor to; ///< Gets the reports.
    size_t running = 0;
    lost_lanes lost;
    key_doubts keys;
    std::vector<work_report> reports; ///< Reports until the next flush.
  };

  void start(const assignment& work, const assigned_request& req, const job_note& note);
  void report_unstarted(const assigned_request& req, core::mode ran_as, report_kind kind,
                        error why);
  void report(work_report what);
  void send_reports(job_note& note);
  void forget_idle_jobs();
  void dismiss_idle();
  void send_beat();
  void try_leave();

  std::unordered_map<request_key, running, key_hash, key_equal> workers_;
  std::vector<pooled_worker_actor> idle_; ///< All have the present wiring.
  std::map<uint64_t, job_note> jobs_;
  uint64_t spawned_ = 0;
  bool flush_pending_ = false;
  bool draining_ = false;
  core::lease_limits limits_;
  core::lease lease_;
  /// The lease for the workers; null: the engine is in this process.
  std::shared_ptr<work_lease> shared_lease_;
};

/// Runs assignments with `slots` workers at once; joins `engine`, of this process, under `id`.
node_actor::behavior_type node(node_actor::stateful_pointer<node_state> self, uint64_t id,
                               uint32_t slots, engine_actor engine,
                               std::shared_ptr<const worker_setup> setup, wiring neighbours);

/// The same for an engine of another process, with the terms of its `welcome`. The HTTP client is
/// ours.
/// Quits with `errc::unavailable` if it has lost the engine, and normally after `leave`.
node_actor::behavior_type remote_node(node_actor::stateful_pointer<node_state> self,
                                      node_welcome welcome, engine_actor engine,
                                      std::shared_ptr<const worker_setup> setup,
                                      http_client_actor http);

} // namespace penstock::actors
