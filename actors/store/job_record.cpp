#include "actors/store/job_record.hpp"

#include "core/io/store/stored_json.hpp"

#include <algorithm>

namespace penstock::actors {

void apply_totals(job_progress& p, const core::output_totals& t) {
  p.completed = t.completed;
  p.failed = t.failed;
  p.cancelled = t.cancelled;
  p.expired = t.expired;
  p.cached = t.cached;
  p.attempts = t.attempts;
  p.rate_limited = t.rate_limited;
  p.input_tokens = t.input_tokens;
  p.cached_input_tokens = t.cached_input_tokens;
  p.output_tokens = t.output_tokens;
  p.upstream_time = std::chrono::milliseconds{t.upstream_ms};
  p.cost = static_cast<double>(t.cost_nanodollars) / 1e9;
  p.resumed = p.read = t.requests();
}

job_state state_of(io::job_phase phase, uint8_t state) {
  return phase == io::job_phase::receiving ? job_state::receiving : static_cast<job_state>(state);
}

job_progress progress_of(const io::job_row& row) {
  // If `progress` cannot be read, the counts are still in the row.
  job_progress p;
  if (auto last = io::stored_progress(row.progress))
    p = std::move(*last);
  const auto last = p;
  apply_totals(p, row.totals);
  p.state = state_of(row.phase, row.state);
  p.written = row.ordered;
  p.in_flight = p.held = 0;
  if (row.phase == io::job_phase::ended) {
    p.read = std::max(last.read, p.read);
    p.resumed = last.resumed;
    return p;
  }
  p.cause = {};
  p.resume_in = {};
  // A cancel that was not finished: it continues.
  if (row.phase == io::job_phase::open && last.state == job_state::draining) {
    p.state = last.state;
    p.cause = last.cause;
  }
  return p;
}

} // namespace penstock::actors
