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

/// The job table, the node table and the distribution of slots; the front door for jobs by value.
///
/// Life of a job: submitted -> opening (its launcher runs away from our threads, or the store is
/// asked for it) -> running (its coordinator reports) -> ended. If an actor of a running job dies,
/// its links take the others down; once all are gone the job is opened again from its journal or
/// from the store, within a restart budget. Errors that opening again cannot mend (disk, damaged
/// files) end the job instead.
///
/// A job by value is the store's: it is taken up once all of it is there, at the start of the
/// engine and after a `retry`, and forgotten here once the store knows how it ended. What the store
/// does not know of (it cannot be written or read) stays here as an ended job, so that people can
/// be told.
struct engine_state {
  static inline const char* name = "engine";
  /// Ended jobs whose progress is kept for `status`.
  static constexpr size_t ended_max = 1000;
  /// Jobs over files begin here where there is a store; its own jobs have lower numbers.
  static constexpr uint64_t local_jobs_begin = uint64_t{1} << 32;
  /// Stands for all jobs in `drain`, `abort` and `wait`.
  static constexpr uint64_t all_jobs = 0;

  engine_state() = default;
  engine_state(const engine_state&) = delete;
  engine_state& operator=(const engine_state&) = delete;
  /// Takes the running jobs down; what they wrote lets them be opened again.
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
  /// How a running job is told to end.
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

  /// What its views have to know.
  engine_snapshot snapshot(const snapshot_query& query) const;
  /// Answers who looks at jobs, lanes and tenants.
  const engine_views_actor& views();

  // engine_nodes.cpp: where the slots are
  void join(node_actor node, uint64_t id, uint32_t slots);
  caf::result<node_welcome> offer(const node_offer& offer);
  void join(node_actor node, uint64_t id);
  void beat(const node_beat& sign);
  void leave(uint64_t id);
  void wake();
  void rewire(const wiring& now);
  std::vector<node_info> nodes() const;

  engine_actor::pointer self = nullptr;

private:
  struct job_record {
    job_options options;
    bool stored = false;                    ///< By value: the store's.
    std::shared_ptr<job_launcher> launcher; ///< Null if stored.
    coordinator_actor coordinator;          ///< Null while opening and after the end.
    std::set<caf::actor_addr> alive;        ///< Parts whose death we have not yet seen.
    uint32_t incarnation = 0;               ///< Begins the epochs of the current life.
    core::restart_policy restarts;
    std::optional<error> death; ///< Why the current life ended before its time.
    bool ended = false;
    bool ending = false; ///< Ended, but the store does not know it yet.
    /// The last request to stop. A job that is opened again gets it too.
    stop_request asked = stop_request::none;
    job_progress progress; ///< Final once ended.
  };

  /// What this engine has no store for.
  template <class T>
  caf::result<T> not_here() const {
    return to_caf({errc::invalid_config, "this engine takes no jobs by value"});
  }

  /// Runs, or ended in a way that the store does not know yet.
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
  void schedule_node_wake();
  void release(uint64_t node);
  template <class Atom>
  void forget_node(uint64_t id, Atom said);
  void lose(uint64_t id, const std::string& why);
  bool lose(const caf::down_msg& msg);

  engine_setup setup_;
  wiring wiring_; ///< The long-lived actors as the supervisor told last.
  std::map<uint64_t, job_record> jobs_;
  /// Whoever waits for the end of a job, or of all.
  std::map<uint64_t, std::vector<caf::typed_response_promise<job_progress>>> waiters_;
  std::map<caf::actor_addr, uint64_t> parts_; ///< Whose part an actor is.
  std::deque<uint64_t> ended_;                ///< Jobs, the one that ended first in front.
  core::node_table nodes_;
  std::map<uint64_t, node_actor> node_actors_; ///< Of the joined nodes, by number.
  /// Nodes lost by silence whose death is still to come: until then their workers may be heard.
  std::map<caf::actor_addr, uint64_t> ghosts_;
  core::slot_scheduler slots_;
  job_events_actor events_;  ///< Null until somebody subscribes.
  engine_views_actor views_; ///< Null until somebody looks.
  uint64_t next_job_ = 1;
  std::mt19937_64 random_; ///< For names and seeds of jobs that bring none.
  bool stopping_ = false;  ///< All jobs were told to stop: none is taken up.
};

/// The front door of a head.
engine_actor::behavior_type engine(engine_actor::stateful_pointer<engine_state> self,
                                   engine_setup setup);

} // namespace penstock::actors
