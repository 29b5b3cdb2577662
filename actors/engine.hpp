#pragma once

#include "actors/job_launcher.hpp"
#include "core/restart_policy.hpp"
#include "core/slot_scheduler.hpp"
#include "messages/errors.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <memory>
#include <set>
#include <vector>

namespace penstock::actors {

/// The job table, the node table and the distribution of slots.
///
/// Life of a job: submitted -> opening (its launcher runs away from our threads) -> running (its
/// coordinator reports) -> ended. If an actor of a running job dies, its links take the others down;
/// once all are gone the job is opened again from its journal, within a restart budget. Errors that
/// opening again cannot mend (disk, damaged files) end the job instead.
struct engine_state {
  static inline const char* name = "engine";
  /// Ended jobs whose progress is kept for `status`.
  static constexpr size_t ended_max = 1000;

  engine_state() = default;
  engine_state(const engine_state&) = delete;
  engine_state& operator=(const engine_state&) = delete;
  /// Takes the running jobs down; what they wrote lets them be opened again.
  ~engine_state();

  uint64_t submit(local_submission job);
  void opened(const opened_job& what);
  void join(node_actor node, uint64_t id, uint32_t slots);
  void freed(const slot_return& slots);
  void demand(uint64_t job, uint32_t ready);
  void finished(uint64_t job, job_progress progress);
  void down(const caf::down_msg& msg);
  caf::result<job_progress> status(uint64_t job);
  caf::result<job_progress> wait(uint64_t job);
  /// What may be asked of a running job: drain, abort or cancel.
  using wish = void (*)(engine_state&, const coordinator_actor&);
  void tell(uint64_t job, wish what);

  /// What this engine has no store for.
  template <class T>
  caf::result<T> not_here() const {
    return to_caf({errc::invalid_config, "this engine takes no jobs by value"});
  }

  engine_actor::pointer self = nullptr;

private:
  struct job_record {
    job_options options;
    std::shared_ptr<job_launcher> launcher;
    coordinator_actor coordinator;      ///< Null while opening and after the end.
    std::set<caf::actor_addr> alive;    ///< Parts whose death we have not yet seen.
    uint32_t incarnation = 0;
    core::restart_policy restarts;
    std::optional<error> death;         ///< Why the current life ended before its time.
    bool ended = false;
    wish asked = nullptr;               ///< The last one; a job that is opened (again) gets it too.
    job_progress progress;              ///< Final once ended.
    std::vector<caf::typed_response_promise<job_progress>> waiters;
  };

  void open(uint64_t job);
  void watch(job_record& job, const caf::actor_addr& part);
  void parts_down(uint64_t job);
  void end(uint64_t job, job_progress progress);
  void distribute();

  std::map<uint64_t, job_record> jobs_;
  std::map<uint64_t, node_actor> nodes_;
  core::slot_scheduler slots_;
  uint64_t next_job_ = 1;
};

/// The front door of a head.
engine_actor::behavior_type engine(engine_actor::stateful_pointer<engine_state> self);

} // namespace penstock::actors
