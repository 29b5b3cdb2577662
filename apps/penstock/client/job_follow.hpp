#pragma once

#include "apps/penstock/client/client.hpp"
#include "apps/penstock/client/outcome_output.hpp"

namespace penstock::cli {

/// Result of following a job.
struct follow_end {
  bool ended = false;                   ///< The job has ended, and all outcomes are written.
  job_state state = job_state::running; ///< Of the job.
};

/// Writes the outcomes of a job from the end of `out` on: as they come until the job ends (`wait`),
/// or those that are there now. It asks for the next page while it writes one. It connects again
/// after a broken connection.
/// @param job From the head. A head with another job of this number is refused.
result<follow_end> follow_job(head_session& head, const job_info& job, outcome_output& out,
                              bool wait);

/// The progress of a job; asked again after a broken connection.
result<job_info> info_of(head_session& head, uint64_t job);

/// The error if the number of a job now means another job, or none.
error another_job(const head_session& head, uint64_t job);

} // namespace penstock::cli
