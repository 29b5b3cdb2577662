#pragma once

#include "messages/type_ids.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

/// The actors beside an engine that takes jobs by value: they store jobs, read them, and send their
/// events. The other interfaces are in `interfaces.hpp`.
namespace penstock {

/// The JOB WRITER actor interface, one per engine that takes jobs by value. It alone writes to the
/// job store. It answers when the data is safe on disk; messages that arrive together are committed
/// together.
using job_writer_actor = caf::typed_actor<
  // Stores a job, or the beginning of one.
  caf::replies_to<atom::submit, submission>::with<job_ticket>,
  // Stores more requests of a job.
  caf::replies_to<atom::add, submission_part>::with<job_ticket>,
  // Begins the next life of a job that has all of its requests.
  caf::replies_to<atom::open, uint64_t>::with<stored_job>,
  // Stores outcomes of a job, in any order. An outcome that is stored already stays as it is.
  caf::replies_to<atom::write, uint64_t, std::vector<sink_item>>::with<bool>,
  // Stores how a job ended.
  caf::replies_to<atom::finished, uint64_t, job_progress>::with<bool>,
  // Removes the outcomes that are not completed, so that these requests run again; answers how
  // many.
  caf::replies_to<atom::retry, uint64_t>::with<uint64_t>,
  // Answers the jobs to go on with after a start: all requests stored, not ended; oldest first.
  caf::replies_to<atom::jobs>::with<std::vector<uint64_t>>,
  // The outcomes of this job below this index are no longer needed. A store in memory drops them.
  caf::reacts_to<atom::forget, uint64_t, uint64_t>,
  // INTERNAL: commits the collected writes.
  caf::reacts_to<atom::flush>,
  // INTERNAL: removes some of the jobs whose retention is over.
  caf::reacts_to<atom::wake>>;

/// An actor that subscribed to the outcomes of a job.
using outcome_taker_actor = caf::typed_actor<
  // The next outcomes.
  caf::reacts_to<atom::outcomes, results_page>>;

/// The JOB READER actor interface, beside a job writer: it reads with its own connection.
using job_reader_actor = caf::typed_actor<
  // Requests of a job from this index on, at most so many and so many bytes, but at least one. A
  // null request has its outcome already.
  caf::replies_to<atom::pull, uint64_t, uint64_t, uint32_t, uint64_t>::with<request_chunk>,
  // Answers outcomes of a job, in order.
  caf::replies_to<atom::results, results_query>::with<results_page>,
  // Sends outcomes as they come; the sender must be an `outcome_taker_actor`.
  caf::reacts_to<atom::subscribe, subscription>,
  // The sender accepts so many more outcomes of this job.
  caf::reacts_to<atom::credit, uint64_t, uint32_t>,
  // Lists jobs, newest first.
  caf::replies_to<atom::jobs, job_filter>::with<std::vector<job_info>>,
  // Answers one job.
  caf::replies_to<atom::info, uint64_t>::with<job_info>,
  // Answers the counts of each tenant.
  caf::replies_to<atom::tenants>::with<std::vector<tenant_counts>>,
  // From the job writer: all outcomes of this job below this index are safe.
  caf::reacts_to<atom::written, uint64_t, uint64_t>,
  // From the job writer: the job is in this state now.
  caf::reacts_to<atom::finished, uint64_t, job_state>,
  // INTERNAL: a `results` query has waited as long as it may.
  caf::reacts_to<atom::wake>>;

/// An actor that subscribed to the events of jobs.
using event_taker_actor = caf::typed_actor<
  // The next events.
  caf::reacts_to<atom::events, std::vector<job_event>>>;

/// The JOB EVENTS actor interface, beside an engine that has subscribers.
using job_events_actor = caf::typed_actor<
  // From the engine, for the sender of the subscription.
  caf::reacts_to<atom::subscribe, event_query>,
  // From the engine: the subscriber accepts so many more events.
  caf::reacts_to<atom::credit, uint32_t>,
  // From the engine: this job has ended.
  caf::reacts_to<atom::finished, uint64_t>,
  // INTERNAL: asks for the running jobs.
  caf::reacts_to<atom::wake>>;

} // namespace penstock
