#pragma once

#include "actors/engine/engine_setup.hpp"
#include "actors/job/job_launcher.hpp"
#include "core/engine/node_table.hpp"
#include "core/engine/restart_policy.hpp"
#include "core/engine/slot_scheduler.hpp"
#include "messages/errors.hpp"
#include "messages/views.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace penstock::actors {

/// Owns the job table and the node table, and distributes the slots. It takes jobs by value, too.
///
/// Life of a job: submitted -> opening (its launcher runs on another thread, or the store is asked
/// for it) -> running (its coordinator reports) -> ended. If an actor of a running job dies, its
/// links end the others. Then the job is opened again from its journal or from the store, within a
/// restart budget. An error that a new start cannot repair (disk, damaged files) ends the job.
///
/// A job by value belongs to the store. It is started when all of its requests are stored, at the
/// start of the engine, and after a `retry`. It is forgotten here when the store has its end. A job
/// that the store could not save stays in memory as an ended job, so that `status` can explain it.
struct engine_state {
  static inline const char* name = "engine";
  /// Largest number of ended jobs whose progress is kept for `status`.
  static constexpr size_t ended_max = 1000;
  /// First number of jobs over files if there is a store; jobs of the store have lower numbers.
  static constexpr uint64_t local_jobs_begin = uint64_t{1} << 32;
  /// Means all jobs in `drain`, `abort` and `wait`.
  static constexpr uint64_t all_jobs = 0;

  engine_state() = default;
  engine_state(const engine_state&) = delete;
  engine_state& operator=(const engine_state&) = delete;
  /// Ends the actors of running jobs. The jobs can be opened again from what they wrote.
  ~engine_state();

  void start(engine_setup setup);

  // engine.cpp: the life of jobs
  uint64_t submit(local_submission job);
  void opened(const opened_job& what);
  void freed(const slot_return& slots);
  void demand(uint64_t job, uint32_t ready);
  void finished(uint64_t job, job_progress progress);
  void down(const caf::down_msg& msg);
  caf::result<job_progress> wait(uint64_t job);
  /// How to tell a running job to end.
  enum class stop_request : uint8_t { none, drain, abort, cancel };
  void tell(uint64_t job, stop_request what);

  // engine_jobs.cpp: jobs by value
  caf::result<job_ticket> submit(submission job);
  caf::result<job_ticket> add(submission_part part);
  caf::result<bool> cancel(uint64_t job);
  caf::result<uint64_t> retry(uint64_t job);
  void subscribe(const subscription& what);
  void credit(uint64_t job, uint32_t outcomes);
  void subscribe(const event_query& what);
  void credit(uint32_t events);
  caf::result<results_page> results(const results_query& query);

  /// Answers the snapshot for the views.
  engine_snapshot snapshot(const snapshot_query& query) const;
  /// The actor for questions about jobs, lanes and tenants.
  const engine_views_actor& views();

  // engine_nodes.cpp: where the slots are
  void join(node_actor node, uint64_t id, uint32_t slots);
  caf::result<node_welcome> offer(const node_offer& offer);
  void join(node_actor node, uint64_t id);
  void beat(const node_beat& sign);
  void leave(uint64_t id);
  void wake();
  /// A coordinator got a report of this node that cannot be true.
  void doubt(uint64_t node, const error& why);
  void rewire(const wiring& now);
  std::vector<node_info> nodes() const;
  void attach(live_desk_actor desk);

  engine_actor::pointer self = nullptr;

private:
  struct job_record {
    job_options options;
    bool stored = false;                    ///< By value: it is in the store.
    std::shared_ptr<job_launcher> launcher; ///< Null if `stored`.
    coordinator_actor coordinator;          ///< Null while opening and after the end.
    std::set<caf::actor_addr> alive;        ///< Actors of the job that have not died yet.
    uint32_t incarnation = 0;               ///< Number of the current life, for its epochs.
    core::restart_policy restarts;
    std::optional<error> death; ///< Why the current life has died.
    bool ended = false;
    bool ending = false; ///< Ended, but not stored yet.
    /// The last request to stop. A job that is opened again gets it too.
    stop_request asked = stop_request::none;
    job_progress progress; ///< Final when `ended`.
  };

  /// The error for a call that needs a store.
  template <class T>
  caf::result<T> not_here() const {
    return to_caf({errc::invalid_config, "this engine takes no jobs by value"});
  }

  /// The job runs, or its end is not stored yet.
  static bool is_under_way(const job_record& job) { return !job.ended || job.ending; }

  // engine.cpp
  static uint32_t incarnation_of(uint32_t life);
  void send_stop(stop_request what, const coordinator_actor& to);
  job_record* find_running(uint64_t job);
  void open(uint64_t job);
  void begin(uint64_t job, std::shared_ptr<job_parts> parts);
  void end_unopened(uint64_t job, error why);
  void watch(uint64_t job, const caf::actor_addr& part);
  void parts_down(uint64_t job);
  void end(uint64_t job, job_progress progress);
  void close(uint64_t job, job_progress progress);
  void tell_waiters(uint64_t job, const job_progress& progress);
  void tell_waiters(uint64_t job, const caf::error& why);
  void tell_if_idle();
  void distribute();
  // engine_jobs.cpp
  template <class Atom, class Part>
  caf::result<job_ticket> pass_on(Atom what, Part part);
  void take_up_all();
  void take_up(uint64_t job, stop_request asked = stop_request::none);
  void take_up_if_open(uint64_t job);
  void open_stored(uint64_t job);
  void opened(const stored_job& what);
  void end_stored(uint64_t job, job_progress progress);
  void ask_store_for_end(uint64_t job);
  void end_receiving(uint64_t job, uint64_t first, caf::typed_response_promise<bool> answer);
  void note_cancel(uint64_t job, job_progress progress, caf::typed_response_promise<bool> answer,
                   std::function<void()> then);
  // engine_nodes.cpp
  void announce(const std::string& text) const;
  wiring wiring_for(const core::node_entry& node) const;
  void note_freed(const slot_return& slots);
  bool is_from(uint64_t node) const;
  void schedule_node_wake();
  void release(uint64_t node);
  void tell_desk(uint64_t node, bool is_open);
  template <class Atom>
  void forget_node(uint64_t id, Atom said);
  void lose(uint64_t id, const std::string& why);
  bool lose(const caf::down_msg& msg);

  engine_setup setup_;
  wiring wiring_; ///< The long-lived actors, from the supervisor.
  std::map<uint64_t, job_record> jobs_;
  /// Calls of `wait`, for one job or for all.
  std::map<uint64_t, std::vector<caf::typed_response_promise<job_progress>>> waiters_;
  std::map<caf::actor_addr, uint64_t> parts_; ///< The job of each actor.
  std::deque<uint64_t> ended_;                ///< Jobs in the order of their ends.
  core::node_table nodes_;
  std::map<uint64_t, node_actor> node_actors_; ///< Actors of the joined nodes, by number.
  /// Nodes lost by silence whose actors have not died yet: messages of their workers may still
  /// come.
  std::map<caf::actor_addr, uint64_t> ghosts_;
  std::set<caf::node_id> sent_away_; ///< Processes that may not join again.
  core::slot_scheduler slots_;
  live_desk_actor desk_;     ///< Null: nobody waits for live requests.
  job_events_actor events_;  ///< Null until the first subscription.
  engine_views_actor views_; ///< Null until the first question.
  uint64_t next_job_ = 1;
  std::mt19937_64 random_; ///< For jobs without a name or seed.
  bool stopping_ = false;  ///< All jobs were told to stop: no job is started.
};

/// The engine of a head. It accepts jobs and runs them on the nodes.
engine_actor::behavior_type engine(engine_actor::stateful_pointer<engine_state> self,
                                   engine_setup setup);

} // namespace penstock::actors
