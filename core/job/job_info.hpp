#pragma once

#include "core/job/job_progress.hpp"

#include <cstdint>
#include <string>

namespace penstock::core {

/// A job as lists and `status` show it.
struct job_info {
  uint64_t id = 0;
  std::string name, idempotency_key;
  std::string tenant;
  core::priority priority = core::priority::normal;
  uint64_t requests = 0; ///< Requests received so far; all, unless the state is `receiving`.
  int64_t created = 0, ended = 0; ///< Milliseconds since 1970; 0: not yet.
  /// Why no request of the job is sent, for example "no node has joined". Empty: requests are sent.
  std::string waits_for;
  job_progress progress;
};

/// The requests of one tenant and priority.
struct tenant_counts {
  std::string tenant;
  core::priority priority = core::priority::normal;
  uint64_t jobs = 0;       ///< Jobs that have not ended.
  uint64_t pending = 0;    ///< Stored, and not yet handed out.
  uint64_t scheduled = 0;  ///< Held: a lane is closed now, or the present mode must end first.
  uint64_t processing = 0; ///< In flight.
  uint64_t completed = 0, failed = 0, cancelled = 0, expired = 0;
};

} // namespace penstock::core
