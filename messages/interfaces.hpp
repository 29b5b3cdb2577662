#pragma once

#include "messages/cache.hpp"
#include "messages/cluster.hpp"
#include "messages/events.hpp"
#include "messages/flow.hpp"
#include "messages/http.hpp"
#include "messages/job.hpp"
#include "messages/job_interfaces.hpp"
#include "messages/live.hpp"
#include "messages/submit.hpp"
#include "messages/type_ids.hpp"
#include "messages/work.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

/// The messages that each actor understands, one alias for each actor.
///
/// Work flows by one-way messages, because an answer may take hours (a permit) or never come (the
/// node died), and a timeout for each message would cost more than the message. An actor that waits
/// learns of the death of another one by a link, a monitor or a `rewire`.
namespace penstock {

/// An actor that asked a rate limiter for a permit. It gets exactly one of the two answers.
using permit_taker_actor = caf::typed_actor<
  // The permit is granted. Start the attempt now; settle the permit in any case.
  caf::reacts_to<atom::granted, core::permit>,
  // The permit is not granted, or not soon: the breaker is open, the daily quota is used up, or the
  // lane pauses for longer than the request may wait. The time says when to ask again; zero:
  // unknown.
  caf::reacts_to<atom::refused, uint64_t, error, caf::timespan>>;

/// The RATE LIMITER actor interface, one per lane.
using rate_limiter_actor = caf::typed_actor<
  // Asks for a permit; the sender must be a `permit_taker_actor`.
  caf::reacts_to<atom::acquire, core::permit_request>,
  // Tells a restarted limiter about a permit that was granted before the restart.
  caf::reacts_to<atom::adopt, core::permit_request>,
  // Gives a permit back and says how its attempt ended.
  caf::reacts_to<atom::settle, core::settlement>,
  // The request of this id no longer needs a permit.
  caf::reacts_to<atom::withdraw, uint64_t>,
  // This node died: take back its permits and forget its requests.
  caf::reacts_to<atom::release, uint64_t>,
  // Answers the present state of the lane.
  caf::replies_to<atom::snapshot>::with<core::lane_snapshot>,
  // INTERNAL: grants the permits that are due.
  caf::reacts_to<atom::wake>>;

/// An actor that sent an exchange to the HTTP client.
using reply_taker_actor = caf::typed_actor<
  // The exchange has ended.
  caf::reacts_to<atom::reply, exchange_reply>>;

/// An actor that takes an answer in parts, before the `reply` of its exchange.
using part_taker_actor = caf::typed_actor<
  // Status and content type of the answer of this exchange.
  caf::reacts_to<atom::head, uint64_t, int32_t, std::string>,
  // The next bytes of its body.
  caf::reacts_to<atom::part, uint64_t, std::string>>;

/// The HTTP CLIENT actor interface, one per process.
using http_client_actor = caf::typed_actor<
  // Starts an exchange; the sender must be a `reply_taker_actor`.
  caf::reacts_to<atom::send, exchange_call>,
  // Aborts the exchange of this id. Its reply says that it was aborted.
  caf::reacts_to<atom::abort, uint64_t>,
  // So many more bytes of an answer in parts may come.
  caf::reacts_to<atom::credit, uint64_t, uint64_t>,
  // INTERNAL: exchanges that ended; from the thread of the curl loop.
  caf::reacts_to<atom::done, completion_batch>>;

/// An actor that asked the response cache. It gets one of the two answers, at once or when an equal
/// request in flight has ended. After `lead` it must send `publish` or `withdraw` to the cache.
using cache_taker_actor = caf::typed_actor<
  // The cache has the answer.
  caf::reacts_to<atom::found, cache_hit>,
  // The cache has no answer: send the request of this id upstream.
  caf::reacts_to<atom::lead, uint64_t>>;

/// The RESPONSE CACHE actor interface, one per head.
using response_cache_actor = caf::typed_actor<
  // Asks for an answer; the sender must be a `cache_taker_actor`.
  caf::reacts_to<atom::look_up, cache_query>,
  // Tells a restarted cache that the sender is already sending this request upstream.
  caf::reacts_to<atom::adopt, cache_query>,
  // The answer of a request that was sent upstream after `lead`.
  caf::reacts_to<atom::publish, cache_result>,
  // The sender brings no answer and needs none. If it had `lead`, the next request in line gets it.
  caf::reacts_to<atom::withdraw, cache_leave>,
  // This node died: forget its requests.
  caf::reacts_to<atom::release, uint64_t>,
  // Answers what the cache has done since its start.
  caf::replies_to<atom::snapshot>::with<cache_snapshot>,
  // INTERNAL: writes the collected answers to the store.
  caf::reacts_to<atom::flush>,
  // INTERNAL: the workers had time to report requests in flight; a restarted cache answers now.
  caf::reacts_to<atom::wake>>;

/// The long-lived actors that workers talk to. Sent again after each restart of one of them.
struct wiring {
  http_client_actor http; ///< Of the receiver's process: null in a message to another process.
  std::vector<rate_limiter_actor> limiters; ///< By lane, in the order of the settings.
  response_cache_actor cache{};             ///< Null: no job uses a cache.
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, wiring& x) {
  return f(caf::meta::type_name("penstock.wiring"), x.http, x.limiters, x.cache);
}

/// The WORKER actor interface, one per request in flight.
using worker_actor =
  permit_taker_actor::extend_with<cache_taker_actor>::extend_with<part_taker_actor>::extend<
    // From the HTTP client: the exchange has ended.
    caf::reacts_to<atom::reply, exchange_reply>,
    // From the node: so many bytes of the stream have reached their reader.
    caf::reacts_to<atom::credit, uint64_t>,
    // Stops now: the request is given back, or ends as cancelled.
    caf::reacts_to<atom::abort>,
    // Begins no further attempt. A running attempt finishes; a waiting request is given back.
    caf::reacts_to<atom::drain>,
    // The long-lived actors as they are after a restart.
    caf::reacts_to<atom::rewire, wiring>,
    // This lane is closed for the job of this worker: it refuses the key, or an account needs
    // money.
    caf::reacts_to<atom::dead, uint32_t, error>,
    // From the node: a second attempt on another lane is allowed.
    caf::reacts_to<atom::hedge>,
    // INTERNAL: the exchange of this id takes long; a second attempt may help.
    caf::reacts_to<atom::hedge, uint64_t>,
    // INTERNAL: the pause before the next attempt is over.
    caf::reacts_to<atom::wake>>;

/// An actor that assigned work to a node.
using report_taker_actor = caf::typed_actor<
  // How hand-outs ended.
  caf::reacts_to<atom::report, report_batch>>;

/// An actor that assigned a request whose answer is a stream.
using stream_taker_actor = caf::typed_actor<
  // The next part of the answer.
  caf::reacts_to<atom::part, stream_part>>;

/// The NODE actor interface, one per process.
using node_actor = caf::typed_actor<
  // Runs requests; the sender must be a `report_taker_actor`.
  caf::reacts_to<atom::assign, assignment>,
  // Aborts all requests of this job and gives them back.
  caf::reacts_to<atom::abort, uint64_t>,
  // Aborts this request and gives it back.
  caf::reacts_to<atom::abort, request_key>,
  // From the live desk: so many bytes of this stream have reached their reader.
  caf::reacts_to<atom::credit, request_key, uint64_t>,
  // Begins no further attempt for this job.
  caf::reacts_to<atom::drain, uint64_t>,
  // The long-lived actors as they are after a restart.
  caf::reacts_to<atom::rewire, wiring>,
  // INTERNAL: from a worker: its hand-out has ended.
  caf::reacts_to<atom::done, work_report>,
  // INTERNAL: from a worker: this lane accepts no more requests of this job, for this reason.
  caf::reacts_to<atom::dead, uint64_t, uint32_t, error>,
  // INTERNAL: from a worker: may this hand-out make a second attempt? Answered only if it may.
  caf::reacts_to<atom::hedge, request_key>,
  // INTERNAL: sends the collected reports.
  caf::reacts_to<atom::flush>,
  // From the engine: it has received our heartbeat of this number.
  caf::reacts_to<atom::heartbeat, uint64_t>,
  // INTERNAL: a heartbeat is due.
  caf::reacts_to<atom::heartbeat>,
  // The process is asked to stop. The node accepts no more work, finishes what is in flight within
  // this time, gives back the rest, tells the engine and quits.
  caf::reacts_to<atom::leave, caf::timespan>>;

/// An actor that reads from a source.
using chunk_taker_actor = caf::typed_actor<
  // The next requests.
  caf::reacts_to<atom::chunk, request_chunk>,
  // The rest of the input cannot be read.
  caf::reacts_to<atom::failed, error>>;

/// A SOURCE of requests.
using source_actor = caf::typed_actor<
  // Asks for at most so many requests and so many bytes, but for at least one request. Answered by
  // one `chunk` or `failed`.
  caf::reacts_to<atom::pull, uint32_t, uint64_t>>;

/// An actor that sends results to a sink and waits until they are safe.
using written_taker_actor = caf::typed_actor<
  // The sink has written all results below this index.
  caf::reacts_to<atom::written, uint64_t>>;

/// A SINK of results, in order.
using sink_actor = caf::typed_actor<
  // The next results, without a gap; the sender must be a `written_taker_actor`.
  caf::reacts_to<atom::write, std::vector<sink_item>>,
  // Flushes to disk; answers true. The flag says that no result is missing.
  caf::replies_to<atom::close, bool>::with<bool>>;

/// A STORE of results that wait for their turn, so that a crash does not lose them.
using store_actor = caf::typed_actor<
  // Keeps these results, in any order.
  caf::reacts_to<atom::keep, std::vector<sink_item>>>;

/// The RUN OUTPUT actor interface: sink and store of one run, over its files.
using run_output_actor = sink_actor::extend_with<store_actor>::extend<
  // INTERNAL: commits the collected results.
  caf::reacts_to<atom::flush>,
  // INTERNAL: syncs the output to disk.
  caf::reacts_to<atom::mark>>;

/// The COLLECTOR actor interface, one per job.
using collector_actor = written_taker_actor::extend<
  // Results of the job, in any order.
  caf::reacts_to<atom::collect, std::vector<sink_item>>,
  // Answers true when all results without a gap before them are written.
  caf::replies_to<atom::close>::with<bool>>;

/// The COORDINATOR actor interface, one per job.
using coordinator_actor = report_taker_actor ::extend_with<chunk_taker_actor>::extend<
  // From the engine: so many slots of this node (actor and number) to fill.
  caf::reacts_to<atom::slots, node_actor, uint64_t, uint32_t>,
  // From the collector: how far the results are written.
  caf::reacts_to<atom::written, collector_progress>,
  // From the engine: this node died. Hand its work out again and count a loss for each request.
  caf::reacts_to<atom::lost, uint64_t>,
  // From the engine: this node left on request. Hand its work out again; do not count a loss.
  caf::reacts_to<atom::leave, uint64_t>,
  // Stop handing out, finish what is in flight, end so that the job can be resumed.
  caf::reacts_to<atom::drain>,
  // Stop at once, end so that the job can be resumed.
  caf::reacts_to<atom::abort>,
  // End every open request as cancelled.
  caf::reacts_to<atom::cancel>,
  // Answers the counts of the job.
  caf::replies_to<atom::status>::with<job_progress>,
  // INTERNAL: a deadline has passed, or a pause is over.
  caf::reacts_to<atom::wake>>;

/// The LIVE DESK actor interface, one per head that serves HTTP: requests whose answers somebody
/// waits for. It sends them to the nodes by itself, in slots of its own, so that jobs never make
/// them wait for a slot.
using live_desk_actor = report_taker_actor::extend_with<stream_taker_actor>::extend<
  // Takes a request; its waiter hears of it.
  caf::reacts_to<atom::submit, live_request>,
  // The client of this request has left.
  caf::reacts_to<atom::cancel, uint64_t>,
  // So many bytes of the stream of this request have reached the client.
  caf::reacts_to<atom::credit, uint64_t, uint64_t>,
  // From the engine: a node takes work, with so many slots.
  caf::reacts_to<atom::slots, node_actor, uint64_t, uint32_t>,
  // From the engine: this node died, or gets no more work for now.
  caf::reacts_to<atom::lost, uint64_t>,
  // From the engine: this node leaves: it gives back what it has.
  caf::reacts_to<atom::leave, uint64_t>,
  // INTERNAL: a time limit may have passed.
  caf::reacts_to<atom::wake>>;

/// Opens the files of a job in a thread of its own, because that may block.
using opener_actor = caf::typed_actor<
  // Opens them; the engine gets an `opened_job`.
  caf::reacts_to<atom::open>>;

/// The ENGINE actor interface, one per head. It serves actors of its own process and, on a head,
/// of other processes. A request that fails is answered with an error of category `error_category`.
using engine_actor = caf::typed_actor<
  // Takes a job over files of this process; answers its id once it is admitted.
  caf::replies_to<atom::submit, local_submission>::with<uint64_t>,
  // Takes a job by value, or the beginning of one.
  caf::replies_to<atom::submit, submission>::with<job_ticket>,
  // Takes more requests of a job by value.
  caf::replies_to<atom::add, submission_part>::with<job_ticket>,
  // Answers the counts of a job; also after its end.
  caf::replies_to<atom::status, uint64_t>::with<job_progress>,
  // Answers one job.
  caf::replies_to<atom::info, uint64_t>::with<job_info>,
  // Lists jobs, newest first.
  caf::replies_to<atom::jobs, job_filter>::with<std::vector<job_info>>,
  // Answers when the job has ended.
  caf::replies_to<atom::wait, uint64_t>::with<job_progress>,
  // Answers outcomes of a job by value, in order.
  caf::replies_to<atom::results, results_query>::with<results_page>,
  // Sends outcomes as they come; the sender must be an `outcome_taker_actor`.
  caf::reacts_to<atom::subscribe, subscription>,
  // The sender accepts so many more outcomes of this job.
  caf::reacts_to<atom::credit, uint64_t, uint32_t>,
  // Sends events of jobs: a snapshot first, then changes. The sender must be an
  // `event_taker_actor`. A second subscription of the same actor replaces the first.
  caf::reacts_to<atom::subscribe, event_query>,
  // The sender accepts so many more events.
  caf::reacts_to<atom::credit, uint32_t>,
  // Hands out no more requests of this job; the job ends as `interrupted`. Job 0 means all jobs,
  // before the process stops: the engine then refuses new jobs, and goes on with the stored ones
  // at its next start. `wait` for job 0 then answers when no job runs any more.
  caf::reacts_to<atom::drain, uint64_t>,
  // As `drain`, but aborts the transfers too.
  caf::reacts_to<atom::abort, uint64_t>,
  // Ends every open request of the job as cancelled and aborts its transfers. Answers whether there
  // was an open request.
  caf::replies_to<atom::cancel, uint64_t>::with<bool>,
  // Runs the requests of an ended job by value again that are not completed; answers how many.
  caf::replies_to<atom::retry, uint64_t>::with<uint64_t>,
  // Lists the nodes.
  caf::replies_to<atom::nodes>::with<std::vector<node_info>>,
  // Lists the lanes.
  caf::replies_to<atom::lanes>::with<std::vector<lane_info>>,
  // Answers the counts of each tenant.
  caf::replies_to<atom::tenants>::with<std::vector<tenant_counts>>,
  // A node of this process, with this number, offers so many slots.
  caf::reacts_to<atom::join, node_actor, uint64_t, uint32_t>,
  // A node of another process offers slots.
  caf::replies_to<atom::join, node_offer>::with<node_welcome>,
  // The node of this number is ready for work.
  caf::reacts_to<atom::join, node_actor, uint64_t>,
  // The heartbeat of a node.
  caf::reacts_to<atom::heartbeat, node_beat>,
  // The node of this number has given everything back and leaves.
  caf::reacts_to<atom::leave, uint64_t>,
  // From nodes and coordinators: slots that a job no longer uses.
  caf::reacts_to<atom::freed, slot_return>,
  // From coordinators: so many requests of this job are ready.
  caf::reacts_to<atom::demand, uint64_t, uint32_t>,
  // From coordinators: this node sent a report that cannot be true.
  caf::reacts_to<atom::refused, uint64_t, error>,
  // From coordinators: the job has ended.
  caf::reacts_to<atom::finished, uint64_t, job_progress>,
  // From the supervisor: the long-lived actors as they are now.
  caf::reacts_to<atom::rewire, wiring>,
  // From the program: tells this desk which nodes there are.
  caf::reacts_to<atom::attach, live_desk_actor>,
  // INTERNAL: from its views (messages/views.hpp): answers the present state.
  caf::replies_to<atom::snapshot, snapshot_query>::with<engine_snapshot>,
  // INTERNAL: the opener of a job is done.
  caf::reacts_to<atom::open, opened_job>,
  // INTERNAL: looks for nodes without a recent heartbeat.
  caf::reacts_to<atom::wake>>;

/// The answer to a `node_offer`. The node may work as soon as it has this answer.
struct node_welcome {
  uint64_t node = 0;         ///< Number of the node, until the connection ends.
  wiring neighbours;         ///< The limiters are in the order of the offer's lanes.
  caf::timespan heartbeat{}; ///< Time between two heartbeats of the node.
  caf::timespan
    lost_after{}; ///< After so long without a message each side treats the other as lost.
  /// The head's number of each lane of the offer. Reports name lanes by these numbers.
  std::vector<uint32_t> lanes{};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_welcome& x) {
  return f(caf::meta::type_name("penstock.node_welcome"), x.node, x.neighbours, x.heartbeat,
           x.lost_after, x.lanes);
}

/// The answer to a `peer_hello`. Its members never change, so that every version can read it.
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
using version_gate_actor = caf::typed_actor<
  // A process has connected.
  caf::replies_to<atom::hello, peer_hello>::with<peer_welcome>>;

/// The SUPERVISOR actor interface, one per process.
using supervisor_actor = caf::typed_actor<
  // Answers the engine of this process.
  caf::replies_to<atom::engine>::with<engine_actor>,
  // Answers the long-lived actors as they are now.
  caf::replies_to<atom::rewire>::with<wiring>,
  // Stops everything in order; answers true when all actors have ended.
  caf::replies_to<atom::stop>::with<bool>,
  // INTERNAL: start this child again.
  caf::reacts_to<atom::spawn, uint32_t>>;

} // namespace penstock
