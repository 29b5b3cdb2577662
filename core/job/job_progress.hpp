#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/job/job_plan.hpp"
#include "core/job/job_state.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace penstock::core {

/// Counts of a job. Each request is in exactly one of the states at any time.
/// `job_counters.hpp` says what each counter means and where it is shown.
struct job_progress {
  job_state state = job_state::running;
  uint64_t read = 0;
  uint64_t completed = 0, failed = 0, cancelled = 0, expired = 0;
  uint64_t in_flight = 0, in_flight_peak = 0, held = 0, written = 0;
  uint64_t resumed = 0, cached = 0, joined = 0;
  uint64_t attempts = 0, rate_limited = 0, refused_late = 0, lost = 0, restarts = 0;
  uint64_t input_tokens = 0, output_tokens = 0, cached_input_tokens = 0;
  uint64_t packs = 0, packed = 0, pack_splits = 0, canaries = 0, canaries_agreed = 0;
  uint64_t hedged = 0, hedges_won = 0, rerouted = 0;
  duration upstream_time{}; ///< Sum over all answered exchanges: the time of a sequential run.
  duration attempt_p50{}, attempt_p99{}, attempt_mean{};
  duration resume_in{}; ///< In state `parked`: time until the job goes on.
  std::string mode_asked, mode_used;
  std::vector<mode_change> changes;
  error cause;     ///< Why the job was aborted.
  double cost = 0; ///< US dollars, as far as prices are known.

  /// Requests with an outcome.
  uint64_t done() const noexcept { return completed + failed + cancelled + expired; }
};

} // namespace penstock::core
