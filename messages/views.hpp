#pragma once

#include "messages/interfaces.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Messages between an engine and its views. They stay inside one process.
namespace penstock {

/// Views to engine: which jobs the answer must contain.
struct snapshot_query {
  std::vector<uint64_t> jobs; ///< These jobs, if the engine knows them.
  bool by_value = false;      ///< True: also all running jobs by value.
  job_filter files;           ///< Also the jobs over files that match this filter, newest first.
};

/// Engine to views: the state of the engine and of some jobs at one moment.
struct engine_snapshot {
  struct job {
    uint64_t id = 0;
    std::string tenant;
    core::priority priority = core::priority::normal;
    bool by_value = false;
    bool ended = false;
    coordinator_actor coordinator; ///< Null while the job opens, and after its end.
    job_progress progress;         ///< Final once the job has ended.
  };
  std::vector<job> jobs;
  std::vector<rate_limiter_actor> limiters; ///< In the order of the lanes; null: not started yet.
  bool stopping = false;                    ///< The engine starts no more jobs.
  std::string why_no_slots;                 ///< Empty: a node can get work.
  uint64_t free_slots = 0;

  const job* find(uint64_t id) const {
    for (auto& one : jobs)
      if (one.id == id)
        return &one;
    return nullptr;
  }
};

/// The ENGINE VIEWS actor interface, beside an engine. The engine delegates these questions to it.
using engine_views_actor = caf::typed_actor<
  // Answers the counts of a job; also after its end.
  caf::replies_to<atom::status, uint64_t>::with<job_progress>,
  // Answers one job.
  caf::replies_to<atom::info, uint64_t>::with<job_info>,
  // Lists jobs, newest first.
  caf::replies_to<atom::jobs, job_filter>::with<std::vector<job_info>>,
  // Lists the lanes.
  caf::replies_to<atom::lanes>::with<std::vector<lane_info>>,
  // Answers the counts of each tenant.
  caf::replies_to<atom::tenants>::with<std::vector<tenant_counts>>>;

} // namespace penstock

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::snapshot_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::engine_snapshot)
