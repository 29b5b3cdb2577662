#pragma once

#include "core/job/job_counters.hpp"
#include "core/job/job_options.hpp"
#include "messages/inspect.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace penstock {

namespace actors {
class job_launcher; // actors/job/job_launcher.hpp
struct job_parts;
} // namespace actors

using core::job_options;
using core::job_progress;
using core::job_state;

/// A job for an engine of the same process. `launcher` opens its source and sink, also again after
/// a crash of one of its actors.
struct local_submission {
  job_options options;
  std::shared_ptr<actors::job_launcher> launcher;
};

/// The result of opening a job: its parts, or null and the reason.
struct opened_job {
  uint64_t job = 0;
  std::shared_ptr<actors::job_parts> parts;
  error cause;
};

} // namespace penstock

namespace penstock::core {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_options& x) {
  return f(caf::meta::type_name("penstock.job_options"), x.tenant, x.priority, x.mode,
           x.in_flight_max, x.attempts_max, x.window_requests, x.window_bytes, x.deadline,
           x.grace_period, x.outage_patience, x.first_patience, x.seed, x.client_id, x.cache,
           x.budget, x.prices, x.pack, x.pack_entries_max, x.pack_tokens_max, x.pack_canary);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, mode_change& x) {
  return f(caf::meta::type_name("penstock.mode_change"), x.from, x.to, x.code, x.text, x.finished,
           x.degraded);
}

/// All counters of `job_counters.hpp`, then the rest.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_progress& x) {
  return [&]<size_t... I>(std::index_sequence<I...>) {
    return f(caf::meta::type_name("penstock.job_progress"), x.state, x.*(job_counters[I].member)...,
             x.upstream_time, x.attempt_p50, x.attempt_p99, x.attempt_mean, x.resume_in,
             x.mode_asked, x.mode_used, x.changes, x.cause, x.cost);
  }
  (std::make_index_sequence<job_counters.size()>{});
}

} // namespace penstock::core

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::local_submission)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::opened_job)
