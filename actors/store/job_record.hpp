#pragma once

#include "core/io/store/job_rows.hpp"
#include "messages/job.hpp"

/// Converts rows of a job store to values of core.
namespace penstock::actors {

/// Adds the sums over the output lines of a job.
void apply_totals(job_progress& to, const core::output_totals& totals);

/// The state of a job.
job_state state_of(io::job_phase phase, uint8_t state);

/// The progress of a job from its row: its end, or the sums of its earlier lives.
job_progress progress_of(const io::job_row& row);

} // namespace penstock::actors
