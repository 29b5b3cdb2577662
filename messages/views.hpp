#pragma once

#include "messages/interfaces.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What the views of an engine ask the engine for. Stays in one process.
namespace penstock {

/// Which jobs the views of an engine want to know about.
struct snapshot_query {
  std::vector<uint64_t> jobs; ///< These jobs, if the engine knows them,
  bool by_value = false;      ///< and all running jobs by value,
  job_filter files;           ///< and the jobs over files that this takes, the newest first.
};

/// What an engine knows of itself and of some jobs at one moment.
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
  std::vector<rate_limiter_actor> limiters; ///< In the order of the lanes; null: not there yet.
  bool stopping = false;                    ///< No job is taken up any more.
  std::string why_no_slots;                 ///< Empty: a node can take work.
  uint64_t free_slots = 0;

  const job* find(uint64_t id) const {
    for (auto& one : jobs)
      if (one.id == id)
        return &one;
    return nullptr;
  }
};

/// The ENGINE VIEWS actor interface, beside an engine: it answers who looks at jobs, lanes and
/// tenants. The engine delegates these questions to it.
using engine_views_actor =
  caf::typed_actor<caf::replies_to<atom::status, uint64_t>::with<job_progress>,
                   caf::replies_to<atom::info, uint64_t>::with<job_info>,
                   caf::replies_to<atom::jobs, job_filter>::with<std::vector<job_info>>,
                   caf::replies_to<atom::lanes>::with<std::vector<lane_info>>,
                   caf::replies_to<atom::tenants>::with<std::vector<tenant_counts>>>;

} // namespace penstock

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::snapshot_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::engine_snapshot)
