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
/// end together leave together, one message a job, and free their slots at the engine. It remembers
/// for its workers which lanes are out for a job, and gives leave for second attempts. If the node
/// dies, its workers die with it, and with them their transfers.
///
/// A remote node holds a lease of its head (`core::lease`): it gives signs of life, and when none
/// was answered for too long, or the connection broke, it fences itself: it aborts everything and
/// quits, for by then the head has handed out its work to others. Its workers look at the lease
/// once more just before each attempt: a process that was stopped for ten seconds may read a permit
/// before its node reads the clock.
///
/// `leave`: working -> draining (takes nothing, lets finish what is being sent, at most for the
/// grace period) -> told the engine -> ended.
struct node_state {
  static inline const char* name = "node";
  /// Workers without a request that are kept for the next ones.
  static constexpr size_t idle_workers_max = 1024;
  /// Jobs without work here whose lost lanes are remembered.
  static constexpr size_t idle_notes_max = 64;

  node_state() = default;
  node_state(const node_state&) = delete;
  node_state& operator=(const node_state&) = delete;
  ~node_state();

  /// Begins to give signs of life to a head in another process.
  void hold_lease(core::lease_limits limits);
  void assign(const assignment& work, report_taker_actor from);
  void abort(uint64_t job);
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

  /// What runs now.
  std::vector<worker_actor> workers() const;
  /// Jobs that it knows of.
  size_t notes() const { return jobs_.size(); }

  node_actor::pointer self = nullptr;
  uint64_t id = 0;
  engine_actor engine;
  std::shared_ptr<const worker_setup> setup;
  wiring neighbours;
  core::hedge_policy hedging;
  /// The head's number of each of our lanes; empty: the same as ours.
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
    std::string model; ///< Kept only where second attempts are made.
    assigned_request request;
    core::mode ran_as = core::mode::parallel;
  };
  /// What the answers to one job say about the keys of its lanes.
  class key_doubts {
  public:
    /// The key of `lane` was refused. @returns whether that was about the key, not about a request.
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
      size_t refusals = 0; ///< Since the last success.
    };
    std::map<uint32_t, doubt> keys_;
  };
  struct job_note {
    report_taker_actor to; ///< Who gets its reports.
    size_t running = 0;
    lost_lanes lost;
    key_doubts keys;
    std::vector<work_report> reports; ///< Until the next flush.
  };

  void start(const assignment& work, const assigned_request& req, const job_note& note);
  void report_unstarted(const assigned_request& req, core::mode ran_as, report_kind kind,
                        error why);
  void report(work_report what);
  void forget_idle_jobs();
  void dismiss_idle();
  void send_beat();
  void try_leave();

  std::unordered_map<request_key, running, key_hash, key_equal> workers_;
  std::vector<pooled_worker_actor> idle_; ///< All with the present neighbours.
  std::map<uint64_t, job_note> jobs_;
  uint64_t spawned_ = 0;
  bool flush_pending_ = false;
  bool draining_ = false;
  core::lease_limits limits_;
  core::lease lease_;
  std::shared_ptr<work_lease>
    shared_lease_; ///< The same, for workers; null: the engine is of this process.
};

/// Runs assignments with `slots` workers at once; joins `engine`, of this process, under `id`.
node_actor::behavior_type node(node_actor::stateful_pointer<node_state> self, uint64_t id,
                               uint32_t slots, engine_actor engine,
                               std::shared_ptr<const worker_setup> setup, wiring neighbours);

/// The same for an engine of another process, as agreed in its `welcome`. The http client is ours.
/// Quits with `errc::unavailable` when it has lost the engine; normally after `leave`.
node_actor::behavior_type remote_node(node_actor::stateful_pointer<node_state> self,
                                      node_welcome welcome, engine_actor engine,
                                      std::shared_ptr<const worker_setup> setup,
                                      http_client_actor http);

} // namespace penstock::actors
