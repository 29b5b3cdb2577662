#pragma once

#include "messages/submit.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Events of jobs, for programs that follow jobs without polling.
namespace penstock {

/// What changed in a job since the last event; the bits of several changes are added.
namespace job_change {
constexpr uint8_t snapshot = 1;       ///< The first event of this job for this subscriber.
constexpr uint8_t state = 2;          ///< The job is in another state.
constexpr uint8_t counts = 4;         ///< Any count, the cost, or the reason why it waits.
constexpr uint8_t mode = 8;           ///< The job runs in another mode.
constexpr uint8_t first_outcome = 16; ///< The first request of the job has its outcome.
constexpr uint8_t end = 32;           ///< The job has ended. Nothing follows until a retry.
} // namespace job_change

/// Asks the engine for the events of one job, of the jobs of a tenant, or of all jobs.
struct event_query {
  uint64_t job = 0;      ///< 0: all jobs.
  std::string tenant;    ///< Of the jobs; empty: all tenants.
  uint32_t credit = 256; ///< Events that may be sent before the subscriber gives more credit.
};

/// The state of a job after a change. While a subscriber has no credit, the changes of a job are
/// merged into one event. So a subscriber may miss steps, but never the end.
struct job_event {
  uint64_t job = 0;
  uint64_t number = 0; ///< Counts the changes of this job, from 1. Merged events leave gaps.
  uint8_t changes = 0; ///< Bits of `job_change`.
  job_info info;
  bool has(uint8_t change) const noexcept { return (changes & change) != 0; }
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, event_query& x) {
  return f(caf::meta::type_name("penstock.event_query"), x.job, x.tenant, x.credit);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_event& x) {
  return f(caf::meta::type_name("penstock.job_event"), x.job, x.number, x.changes, x.info);
}

} // namespace penstock
