#pragma once

#include "core/io/store/job_rows.hpp"
#include "messages/job.hpp"

/// The rows of a job store as values of core.
namespace penstock::actors {

/// Takes over what the output lines of a job say.
void apply_totals(job_progress& to, const core::output_totals& totals);

/// The state of a job for people.
job_state state_of(io::job_phase phase, uint8_t state);

/// Where a job stands, as far as its row tells: how it ended, or what is there of its earlier
/// lives.
job_progress progress_of(const io::job_row& row);

} // namespace penstock::actors
