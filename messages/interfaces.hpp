#pragma once

#include "messages/cache.hpp"
#include "messages/cluster.hpp"
#include "messages/events.hpp"
#include "messages/flow.hpp"
#include "messages/http.hpp"
#include "messages/job.hpp"
#include "messages/submit.hpp"
#include "messages/type_ids.hpp"
#include "messages/work.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

/// What every actor understands, one alias each. Work flows by one-way messages: the answer to a
/// call may take hours (a permit) or never come (a dead node), and a deadline per message would
/// cost more than the message. Whoever waits learns of a death through links, monitors or a
/// `rewire`.
namespace penstock {

/// Whoever asked a rate limiter for a permit; it is answered by exactly one of the two.
using permit_taker_actor = caf::typed_actor<
  // The permit is granted: start the attempt now, settle it in any case.
  caf::reacts_to<atom::granted, core::permit>,
  // It never will be, or not soon (breaker open, daily quota, a pause beyond the asker's patience);
  // the time says when it may be worth asking again, zero: unknown.
  caf::reacts_to<atom::refused, uint64_t, error, caf::timespan>>;

/// The RATE LIMITER actor interface, one per lane.
using rate_limiter_actor = caf::typed_actor<
  // Asks for a permit; the sender must be a `permit_taker_actor`.
  caf::reacts_to<atom::acquire, core::permit_request>,
  // Tells a restarted limiter of a permit that an earlier life granted.
  caf::reacts_to<atom::adopt, core::permit_request>,
  // Ends a permit.
  caf::reacts_to<atom::settle, core::settlement>,
  // Withdraws a request for a permit.
  caf::reacts_to<atom::withdraw, uint64_t>,
  // Everything that `owner` holds or waits for is void: it died.
  caf::reacts_to<atom::release, uint64_t>,
  caf::replies_to<atom::snapshot>::with<core::lane_snapshot>,
  // INTERNAL: permits may be due.
  caf::reacts_to<atom::wake>>;

/// Whoever sent an exchange.
using reply_taker_actor = caf::typed_actor<caf::reacts_to<atom::reply, exchange_reply>>;

/// The HTTP CLIENT actor interface, one per process.
using http_client_actor = caf::typed_actor<
  // Starts an exchange; the sender must be a `reply_taker_actor`.
  caf::reacts_to<atom::send, exchange_call>,
  // Aborts one; its reply says so.
  caf::reacts_to<atom::abort, uint64_t>,
  // INTERNAL: from the loop's thread.
  caf::reacts_to<atom::done, completion_batch>>;

/// Whoever asked a response cache; it is answered by one of the two, at once or when an equal
/// request in flight has ended. After `lead` it owes the cache a `publish` or a `withdraw`.
using cache_taker_actor = caf::typed_actor<
  // Here is the answer.
  caf::reacts_to<atom::found, cache_hit>,
  // Nobody has it: ask the upstream.
  caf::reacts_to<atom::lead, uint64_t>>;

/// The RESPONSE CACHE actor interface, one per head.
using response_cache_actor = caf::typed_actor<
  // Asks for an answer; the sender must be a `cache_taker_actor`.
  caf::reacts_to<atom::look_up, cache_query>,
  // Tells a restarted cache of an asker that an earlier life let lead.
  caf::reacts_to<atom::adopt, cache_query>,
  // The answer of one that leads.
  caf::reacts_to<atom::publish, cache_result>,
  // One that leads or waits goes without an answer; the next may lead.
  caf::reacts_to<atom::withdraw, cache_leave>,
  // Everything of `owner` is void: it died.
  caf::reacts_to<atom::release, uint64_t>, caf::replies_to<atom::snapshot>::with<cache_snapshot>,
  // INTERNAL: answers wait to be written.
  caf::reacts_to<atom::flush>,
  // INTERNAL: a restarted cache has heard of those that lead.
  caf::reacts_to<atom::wake>>;

/// The long-lived actors that workers talk to. Sent again whenever one of them was restarted.
struct wiring {
  http_client_actor http; ///< Of the receiver's own process: null in what goes to another one.
  std::vector<rate_limiter_actor> limiters; ///< By lane, in the order of the settings.
  response_cache_actor cache{};             ///< Null: no job uses one.
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, wiring& x) {
  return f(caf::meta::type_name("penstock.wiring"), x.http, x.limiters, x.cache);
}

/// The WORKER actor interface, one per request in flight.
using worker_actor = permit_taker_actor::extend_with<cache_taker_actor>::extend<
  caf::reacts_to<atom::reply, exchange_reply>,
  // Stop: the request goes back, or ends cancelled.
  caf::reacts_to<atom::abort>,
  // Begin no further attempt: what is being sent finishes, what waits goes back.
  caf::reacts_to<atom::drain>,
  // A neighbour was restarted.
  caf::reacts_to<atom::rewire, wiring>,
  // Nobody needs to ask this lane for this job again: its key is refused, or it wants money.
  caf::reacts_to<atom::dead, uint32_t, error>,
  // Leave to make a second attempt on another lane.
  caf::reacts_to<atom::hedge>,
  // INTERNAL: the exchange of this id has taken long.
  caf::reacts_to<atom::hedge, uint64_t>,
  // INTERNAL: a backoff is over.
  caf::reacts_to<atom::wake>>;

/// Whoever assigned work to a node.
using report_taker_actor = caf::typed_actor<caf::reacts_to<atom::report, report_batch>>;

/// The NODE actor interface, one per process.
using node_actor = caf::typed_actor<
  // Runs requests; the sender must be a `report_taker_actor`.
  caf::reacts_to<atom::assign, assignment>,
  // Aborts what runs for a job; all of it is given back.
  caf::reacts_to<atom::abort, uint64_t>,
  // Begins no further attempt for a job.
  caf::reacts_to<atom::drain, uint64_t>, caf::reacts_to<atom::rewire, wiring>,
  // INTERNAL: from workers.
  caf::reacts_to<atom::done, work_report>,
  // INTERNAL: from workers: this lane takes nothing of this job any more.
  caf::reacts_to<atom::dead, uint64_t, uint32_t, error>,
  // INTERNAL: from workers: may this hand-out make a second attempt? Answered only if so.
  caf::reacts_to<atom::hedge, request_key>,
  // INTERNAL: passes collected reports on.
  caf::reacts_to<atom::flush>,
  // From the engine: it has heard our sign of life of this number.
  caf::reacts_to<atom::heartbeat, uint64_t>,
  // INTERNAL: a sign of life is due.
  caf::reacts_to<atom::heartbeat>,
  // The process is asked to stop: takes nothing more, finishes what is in flight within this time,
  // gives back what never started, says so to the engine and quits.
  caf::reacts_to<atom::leave, caf::timespan>>;

/// Whoever pulls from a source.
using chunk_taker_actor = caf::typed_actor<caf::reacts_to<atom::chunk, request_chunk>,
                                           // The input cannot be read on.
                                           caf::reacts_to<atom::failed, error>>;

/// A SOURCE of requests.
using source_actor = caf::typed_actor<
  // At most so many requests and (beyond the first) bytes; answered by one `chunk` or `failed`.
  caf::reacts_to<atom::pull, uint32_t, uint64_t>>;

/// Whoever writes to a sink and keeps lines in a store.
using written_taker_actor = caf::typed_actor<
  // All indexes below are at the sink.
  caf::reacts_to<atom::written, uint64_t>>;

/// A SINK of results, in order.
using sink_actor = caf::typed_actor<
  // The next results, without a gap; the sender must be a `written_taker_actor`.
  caf::reacts_to<atom::write, std::vector<sink_item>>,
  // Flushes to disk; answers true. `complete` says that nothing is missing.
  caf::replies_to<atom::close, bool>::with<bool>>;

/// A STORE: keeps results that wait for their turn, so that a crash does not lose them.
using store_actor = caf::typed_actor<caf::reacts_to<atom::keep, std::vector<sink_item>>>;

/// The RUN OUTPUT actor interface: the files of one run, sink and store in one.
using run_output_actor = sink_actor::extend_with<store_actor>::extend<
  // INTERNAL: commits the results that wait.
  caf::reacts_to<atom::flush>,
  // INTERNAL: makes the output safe.
  caf::reacts_to<atom::mark>>;

/// The COLLECTOR actor interface, one per job.
using collector_actor =
  written_taker_actor::extend<caf::reacts_to<atom::collect, std::vector<sink_item>>,
                              // Answers true once everything that is due is at the sink.
                              caf::replies_to<atom::close>::with<bool>>;

/// The COORDINATOR actor interface, one per job.
using coordinator_actor = report_taker_actor ::extend_with<chunk_taker_actor>::extend<
  // From the engine: slots to fill.
  caf::reacts_to<atom::slots, node_actor, uint64_t, uint32_t>,
  // From the collector.
  caf::reacts_to<atom::written, collector_progress>,
  // From the engine: what this node had is lost.
  caf::reacts_to<atom::lost, uint64_t>,
  // From the engine: this node went in peace. What it still had is handed out again, and nothing of
  // that counts as a loss.
  caf::reacts_to<atom::leave, uint64_t>,
  // Stop handing out, finish what is in flight, end resumable.
  caf::reacts_to<atom::drain>,
  // Stop at once, end resumable.
  caf::reacts_to<atom::abort>,
  // End every open request as cancelled.
  caf::reacts_to<atom::cancel>, caf::replies_to<atom::status>::with<job_progress>,
  // INTERNAL: deadlines, ends of parking.
  caf::reacts_to<atom::wake>>;

/// Opens the files of a job away from the scheduler's threads.
using opener_actor = caf::typed_actor<caf::reacts_to<atom::open>>;

/// The JOB STORE actor interface, one per engine that takes jobs by value: the one writer. It
/// answers when what it was told is safe; what arrives together is made safe together.
using job_writer_actor = caf::typed_actor<
  caf::replies_to<atom::submit, submission>::with<job_ticket>,
  caf::replies_to<atom::add, submission_part>::with<job_ticket>,
  // Begins another life of a complete job.
  caf::replies_to<atom::open, uint64_t>::with<stored_job>,
  // Outcomes of a job, in any order; those that are there already are left as they are.
  caf::replies_to<atom::write, uint64_t, std::vector<sink_item>>::with<bool>,
  // How a job ended.
  caf::replies_to<atom::finished, uint64_t, job_progress>::with<bool>,
  // Forgets the outcomes that are not completed, so that they can be had anew; answers how many.
  caf::replies_to<atom::retry, uint64_t>::with<uint64_t>,
  // Jobs that are complete and have not ended: to be taken up at the start, oldest first.
  caf::replies_to<atom::jobs>::with<std::vector<uint64_t>>,
  // An engine without a durable store may drop outcomes below this index.
  caf::reacts_to<atom::forget, uint64_t, uint64_t>,
  // INTERNAL: commits what has collected.
  caf::reacts_to<atom::flush>,
  // INTERNAL: removes a little of what is past its retention.
  caf::reacts_to<atom::wake>>;

/// Whoever subscribed to the outcomes of a job.
using outcome_taker_actor = caf::typed_actor<caf::reacts_to<atom::outcomes, results_page>>;

/// The JOB READER actor interface, beside a job store: it reads with a connection of its own.
using job_reader_actor = caf::typed_actor<
  // Requests from this index on, at most so many and (beyond the first) bytes; a null one has its
  // outcome already.
  caf::replies_to<atom::pull, uint64_t, uint64_t, uint32_t, uint64_t>::with<request_chunk>,
  caf::replies_to<atom::results, results_query>::with<results_page>,
  // The sender must be an `outcome_taker_actor`.
  caf::reacts_to<atom::subscribe, subscription>, caf::reacts_to<atom::credit, uint64_t, uint32_t>,
  caf::replies_to<atom::jobs, job_filter>::with<std::vector<job_info>>,
  caf::replies_to<atom::info, uint64_t>::with<job_info>,
  caf::replies_to<atom::tenants>::with<std::vector<tenant_counts>>,
  // From the job store: all outcomes of a job below this index are safe.
  caf::reacts_to<atom::written, uint64_t, uint64_t>,
  // From the job store: the job is in this state now.
  caf::reacts_to<atom::finished, uint64_t, job_state>,
  // INTERNAL: somebody has waited long enough.
  caf::reacts_to<atom::wake>>;

/// Receives the events of jobs that it subscribed to.
using event_taker_actor = caf::typed_actor<caf::reacts_to<atom::events, std::vector<job_event>>>;

/// The JOB EVENTS actor interface, beside an engine that has subscribers.
using job_events_actor = caf::typed_actor<
  // From the engine, for the sender of the subscription.
  caf::reacts_to<atom::subscribe, event_query>, caf::reacts_to<atom::credit, uint32_t>,
  // From the engine: this job has ended.
  caf::reacts_to<atom::finished, uint64_t>,
  // INTERNAL: asks for the running jobs.
  caf::reacts_to<atom::wake>>;

/// The ENGINE actor interface, one per head: the front door, for actors of its own process and, on
/// a head, of others. What it cannot do it answers with an error of category `error_category`.
using engine_actor = caf::typed_actor<
  // Takes a job over files of this process; answers its id once it is admitted.
  caf::replies_to<atom::submit, local_submission>::with<uint64_t>,
  // Takes a job by value, or the beginning of one.
  caf::replies_to<atom::submit, submission>::with<job_ticket>,
  caf::replies_to<atom::add, submission_part>::with<job_ticket>,
  // Where a job stands; also after its end.
  caf::replies_to<atom::status, uint64_t>::with<job_progress>,
  caf::replies_to<atom::info, uint64_t>::with<job_info>,
  caf::replies_to<atom::jobs, job_filter>::with<std::vector<job_info>>,
  // Answers when the job has ended.
  caf::replies_to<atom::wait, uint64_t>::with<job_progress>,
  // Outcomes of a job by value, in order: by question, or by subscription (the sender must be an
  // `outcome_taker_actor`).
  caf::replies_to<atom::results, results_query>::with<results_page>,
  caf::reacts_to<atom::subscribe, subscription>, caf::reacts_to<atom::credit, uint64_t, uint32_t>,
  // Events of jobs: a snapshot first, then changes. The sender must be an `event_taker_actor`. A
  // second subscription of the same actor replaces the first.
  caf::reacts_to<atom::subscribe, event_query>,
  // The sender takes so many events more.
  caf::reacts_to<atom::credit, uint32_t>,
  // Hands out nothing more; the job ends `interrupted`. Job 0 means all, before the process stops:
  // no new ones are taken, and those of the store go on when it starts again. `wait` for job 0 then
  // answers when nothing runs any more.
  caf::reacts_to<atom::drain, uint64_t>,
  // The same at once: transfers are aborted.
  caf::reacts_to<atom::abort, uint64_t>,
  // Ends every open request as cancelled, and what is being sent with it; answers whether there was
  // anything to cancel.
  caf::replies_to<atom::cancel, uint64_t>::with<bool>,
  // Takes an ended job by value up again, for its requests that are not completed; answers how
  // many.
  caf::replies_to<atom::retry, uint64_t>::with<uint64_t>,
  caf::replies_to<atom::nodes>::with<std::vector<node_info>>,
  caf::replies_to<atom::lanes>::with<std::vector<lane_info>>,
  caf::replies_to<atom::tenants>::with<std::vector<tenant_counts>>,
  // A node of this process offers slots.
  caf::reacts_to<atom::join, node_actor, uint64_t, uint32_t>,
  // A node of another process offers slots.
  caf::replies_to<atom::join, node_offer>::with<node_welcome>,
  // It is ready for work.
  caf::reacts_to<atom::join, node_actor, uint64_t>,
  // Its sign of life.
  caf::reacts_to<atom::heartbeat, node_beat>,
  // It has given everything back and goes.
  caf::reacts_to<atom::leave, uint64_t>,
  // From nodes and coordinators.
  caf::reacts_to<atom::freed, slot_return>,
  // From coordinators: so many requests are ready.
  caf::reacts_to<atom::demand, uint64_t, uint32_t>,
  // From coordinators: the job is over.
  caf::reacts_to<atom::finished, uint64_t, job_progress>,
  // From the supervisor: the long-lived actors as they are now.
  caf::reacts_to<atom::rewire, wiring>,
  // INTERNAL: from its views (messages/views.hpp).
  caf::replies_to<atom::snapshot, snapshot_query>::with<engine_snapshot>,
  // INTERNAL: the opener of a job is done.
  caf::reacts_to<atom::open, opened_job>,
  // INTERNAL: looks for nodes that have fallen silent.
  caf::reacts_to<atom::wake>>;

/// The answer to a `node_offer`. A node may work as soon as it has it.
struct node_welcome {
  uint64_t node = 0;          ///< Its number, until the connection ends.
  wiring neighbours;          ///< The limiters in the order of the offer's lanes.
  caf::timespan heartbeat{};  ///< How often it shall give a sign of life.
  caf::timespan lost_after{}; ///< After so much silence each side gives the other up.
  /// The head's number of each lane of the offer. Reports name lanes by these numbers.
  std::vector<uint32_t> lanes{};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_welcome& x) {
  return f(caf::meta::type_name("penstock.node_welcome"), x.node, x.neighbours, x.heartbeat,
           x.lost_after, x.lanes);
}

/// The answer to a `peer_hello`. Its shape never changes.
struct peer_welcome {
  uint32_t protocol = cluster_protocol;
  std::string version; ///< Of the head's program, for people.
  engine_actor engine;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, peer_welcome& x) {
  return f(caf::meta::type_name("penstock.peer_welcome"), x.protocol, x.version, x.engine);
}

/// The VERSION GATE actor interface: the only actor that a head publishes. It answers processes
/// that speak our protocol with the engine, and refuses all others.
using version_gate_actor =
  caf::typed_actor<caf::replies_to<atom::hello, peer_hello>::with<peer_welcome>>;

/// The SUPERVISOR actor interface, one per process.
using supervisor_actor = caf::typed_actor<
  // The engine of this process.
  caf::replies_to<atom::engine>::with<engine_actor>,
  // The long-lived actors as they are now.
  caf::replies_to<atom::rewire>::with<wiring>,
  // Stops everything in order; answers true when all is down.
  caf::replies_to<atom::stop>::with<bool>,
  // INTERNAL: start a child again.
  caf::reacts_to<atom::spawn, uint32_t>>;

} // namespace penstock
