#pragma once

#include "apps/penstock/client/client.hpp"
#include "apps/penstock/client/outcome_output.hpp"

namespace penstock::cli {

/// How far a job was followed.
struct follow_end {
  bool ended = false; ///< The job has ended, and no outcome of it comes after the last one.
  job_state state = job_state::running; ///< Of the job.
};

/// Writes the outcomes of a job from where `out` stands: as they come until the job has ended
/// (`wait`), or those that are there now. One page is on its way while the one before is being
/// written. A connection that breaks is made anew.
/// @param job As the head described it; a head that has another job of this number is refused.
result<follow_end> follow_job(head_session& head, const job_info& job, outcome_output& out,
                              bool wait);

/// Where a job stands; asked again after a broken connection.
result<job_info> info_of(head_session& head, uint64_t job);

/// What to say of a job whose number means another one now, or none.
error another_job(const head_session& head, uint64_t job);

} // namespace penstock::cli
