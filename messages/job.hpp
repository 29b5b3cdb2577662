#pragma once

#include "core/job/job_plan.hpp"
#include "core/job/price_table.hpp"
#include "messages/inspect.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/timespan.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

namespace actors {
class job_launcher; // actors/job/job_launcher.hpp
struct job_parts;
} // namespace actors

/// How a job wants to be run.
struct job_options {
  std::string tenant = "default";
  core::priority priority = core::priority::normal;
  core::mode mode = core::mode::automatic;
  uint32_t in_flight_max = 256;
  uint32_t attempts_max = 5;         ///< HTTP attempts per request; two more after falling back.
  uint32_t window_requests = 4096;   ///< Requests read and not yet written.
  uint64_t window_bytes = 32u << 20; ///< Bytes of bodies and results among them.
  caf::timespan deadline{};          ///< Of the whole job, from its start; zero: none.
  caf::timespan grace_period = std::chrono::seconds{30}; ///< How long a drain waits.
  /// How long a job whose lane's breaker stays open waits for a success before it gives up; half
  /// again the breaker's own time if the upstream has never answered well.
  caf::timespan outage_patience = std::chrono::minutes{5};
  caf::timespan first_patience = std::chrono::seconds{90};
  uint64_t seed = 0;     ///< Of jitter.
  std::string client_id; ///< Begins the client request id of every request; stable over restarts.
  core::cache_mode cache = core::cache_mode::off;
  double budget = 0;                   ///< Dollars that the job may cost; 0: no bound.
  std::vector<core::price_row> prices; ///< What its models cost.
  bool pack = true; ///< Lets the planner pack a parallel job when requests per minute bind.
  uint32_t pack_entries_max = 10;    ///< Requests of one pack.
  uint32_t pack_tokens_max = 16'000; ///< Estimated input and output tokens of one pack.
  double pack_canary = 0; ///< Share of packed requests that is also sent alone, to compare.
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_options& x) {
  return f(caf::meta::type_name("penstock.job_options"), x.tenant, x.priority, x.mode,
           x.in_flight_max, x.attempts_max, x.window_requests, x.window_bytes, x.deadline,
           x.grace_period, x.outage_patience, x.first_patience, x.seed, x.client_id, x.cache,
           x.budget, x.prices, x.pack, x.pack_entries_max, x.pack_tokens_max, x.pack_canary);
}

/// A job for an engine of the same process: its options, and what opens its source and sink, again
/// after a crash of one of its actors.
struct local_submission {
  job_options options;
  std::shared_ptr<actors::job_launcher> launcher;
};

/// What came of opening a job: its parts, or the reason why there are none.
struct opened_job {
  uint64_t job = 0;
  std::shared_ptr<actors::job_parts> parts;
  error cause;
};

/// Where a job stands, or how it ended.
/// Append only: the numbers reach the store of a head.
enum class job_state : uint8_t {
  running,
  parked,      ///< Waits for a quota; it goes on by itself.
  draining,    ///< Hands out nothing more, and ends resumable.
  completed,   ///< Every request has its outcome.
  aborted,     ///< An error ended it (key, money, disk); it can be taken up again.
  interrupted, ///< It was stopped; it can be taken up again.
  receiving,   ///< Not all of its requests have come yet; none was sent.
  cancelled,   ///< Somebody cancelled it: every request has its outcome, the open ones `cancelled`.
};

constexpr std::string_view to_string(job_state s) noexcept {
  switch (s) {
  case job_state::running: return "running";
  case job_state::parked: return "parked";
  case job_state::draining: return "draining";
  case job_state::completed: return "completed";
  case job_state::aborted: return "aborted";
  case job_state::interrupted: return "interrupted";
  case job_state::receiving: return "receiving";
  case job_state::cancelled: return "cancelled";
  }
  return "unknown";
}

/// Whether a job in this state has ended: nothing more happens unless somebody takes it up again.
constexpr bool has_ended(job_state s) noexcept {
  return s == job_state::completed || s == job_state::aborted || s == job_state::interrupted ||
         s == job_state::cancelled;
}

/// Counts of a job. The sums hold at any time: a request is in exactly one of the states.
struct job_progress {
  job_state state = job_state::running;
  uint64_t read = 0; ///< Requests taken from the source, earlier lives included.
  uint64_t completed = 0, failed = 0, cancelled = 0, expired = 0;
  uint64_t in_flight = 0, in_flight_peak = 0;
  uint64_t held = 0;    ///< Held back by their lane, or until the next mode.
  uint64_t written = 0; ///< Lines at the sink.
  uint64_t resumed = 0; ///< Outcomes taken over from an earlier life.
  uint64_t cached = 0;  ///< Answered by the cache or by an equal request in flight.
  uint64_t joined = 0;  ///< The latter part of these.
  uint64_t attempts = 0, rate_limited = 0;
  uint64_t refused_late = 0; ///< Results of an older epoch, dropped.
  uint64_t lost = 0;         ///< Hand-outs whose worker or node died.
  uint64_t restarts = 0;     ///< Of the job's own actors.
  uint64_t input_tokens = 0, output_tokens = 0, cached_input_tokens = 0;
  caf::timespan
    upstream_time{}; ///< Of the exchanges that answered, summed: the sequential estimate.
  caf::timespan attempt_p50{}, attempt_p99{}, attempt_mean{};
  caf::timespan resume_in{}; ///< While parked.
  std::string mode_asked, mode_used;
  std::vector<core::mode_change> changes;
  error cause;              ///< Why it was aborted.
  double cost = 0;          ///< Dollars, where prices are known.
  uint64_t packs = 0;       ///< Packs sent.
  uint64_t packed = 0;      ///< Requests answered by a pack.
  uint64_t pack_splits = 0; ///< Packs that came back wrong and were halved.
  uint64_t canaries = 0,
           canaries_agreed = 0; ///< Packed requests also sent alone; with the same answer.
  uint64_t hedged = 0,
           hedges_won = 0; ///< Second attempts on another lane; those that answered first.
  uint64_t rerouted = 0;   ///< Requests answered by another lane than the first of their route.
};

} // namespace penstock

namespace penstock::core {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, mode_change& x) {
  return f(caf::meta::type_name("penstock.mode_change"), x.from, x.to, x.code, x.text, x.finished,
           x.degraded);
}

} // namespace penstock::core

namespace penstock {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_progress& x) {
  return f(caf::meta::type_name("penstock.job_progress"), x.state, x.read, x.completed, x.failed,
           x.cancelled, x.expired, x.in_flight, x.in_flight_peak, x.held, x.written, x.resumed,
           x.cached, x.attempts, x.rate_limited, x.refused_late, x.lost, x.restarts, x.input_tokens,
           x.output_tokens, x.cached_input_tokens, x.upstream_time, x.attempt_p50, x.attempt_p99,
           x.attempt_mean, x.resume_in, x.mode_asked, x.mode_used, x.changes, x.cause, x.joined,
           x.cost, x.packs, x.packed, x.pack_splits, x.canaries, x.canaries_agreed, x.hedged,
           x.hedges_won, x.rerouted);
}

} // namespace penstock

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::local_submission)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::opened_job)
