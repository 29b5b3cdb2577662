#pragma once

#include "apps/penstock/client/client.hpp"
#include "apps/penstock/client/outcome_output.hpp"

namespace penstock::cli {

/// Result of following a job.
struct follow_end {
  bool ended = false;                   ///< The job has ended, and all outcomes are written.
  job_state state = job_state::running; ///< Of the job.
};

/// Writes the outcomes of a job from where `out` stands: as they come until the job has ended
/// (`wait`), or those that are there now. Reads as `actors::page_stream` does.
/// @param job As the head described it; a head that has another job of this number is refused.
result<follow_end> follow_job(head_session& head, const job_info& job, outcome_output& out,
                              bool wait);

/// The same output of a job, opened anew where the job knows other results by now than the lines
/// that did not complete (after a retry): these lines are then fetched again.
/// @param place What `out` was opened with.
result<outcome_output> made_current(head_session& head, const job_info& job, outcome_place place,
                                    outcome_output out);

/// Where a job stands; asked again after a broken connection.
result<job_info> info_of(head_session& head, uint64_t job);

} // namespace penstock::cli
