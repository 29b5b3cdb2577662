#pragma once

#include "messages/inspect.hpp"

#include <caf/timespan.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace penstock {

using shared_request = shared<core::request>;
using shared_outcome = shared<core::outcome>;

/// One hand-out of one request. The coordinator refuses a result with an older epoch than its own,
/// because it has handed that request out again since.
struct request_key {
  uint64_t job = 0;
  uint64_t index = 0;
  uint32_t epoch = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, request_key& x) {
  return f(caf::meta::type_name("penstock.request_key"), x.job, x.index, x.epoch);
}

/// A request with the attempts and times of its earlier hand-outs.
struct assigned_request {
  request_key key;
  shared_request what;
  uint32_t attempts_before = 0;     ///< HTTP exchanges made in earlier modes or lives.
  uint32_t rate_limited_before = 0; ///< Of these, answered 429.
  caf::timespan queued_before{}; ///< From the first hand-out to the first permit, if there was one.
  caf::timespan upstream_before{}; ///< Time inside earlier exchanges.
  bool streams = false;            ///< Its answer goes on in parts, as `stream_part`.
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, assigned_request& x) {
  return f(caf::meta::type_name("penstock.assigned_request"), x.key, x.what, x.attempts_before,
           x.rate_limited_before, x.queued_before, x.upstream_before, x.streams);
}

/// Coordinator to node: run these requests. Each of them comes back in exactly one `work_report`,
/// unless the node dies.
struct assignment {
  uint64_t job = 0;
  std::string tenant;
  core::priority priority = core::priority::normal;
  core::mode ran_as = core::mode::parallel;
  uint32_t attempts_max = 5; ///< Per request, with earlier hand-outs, without 429s.
  caf::timespan time_left{}; ///< Until the deadline of the job; zero: no deadline.
  uint64_t seed = 0;         ///< For the jitter of pauses.
  std::string client_id;     ///< As in the job's options.
  core::cache_mode cache = core::cache_mode::off;
  std::vector<assigned_request> requests;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, assignment& x) {
  return f(caf::meta::type_name("penstock.assignment"), x.job, x.tenant, x.priority, x.ran_as,
           x.attempts_max, x.time_left, x.seed, x.client_id, x.cache, x.requests);
}

/// How a hand-out ended.
enum class report_kind : uint8_t {
  finished,   ///< The outcome is final.
  degraded,   ///< All attempts of this mode failed; the next mode may try.
  aborting,   ///< An error that ends the job (key, money). The request stays open.
  held,       ///< The lane is closed for now: its breaker is open (try again soon), or its daily
              ///< quota is used up (try again after `resume_in`). The request stays open.
  given_back, ///< Cancelled or drained before it ended. The request stays open.
  lost,       ///< The worker died.
};

/// Node to coordinator: how one hand-out ended. The outcome is always set, but it is final only for
/// the kind `finished`.
struct work_report {
  request_key key;
  report_kind kind = report_kind::lost;
  shared_outcome outcome;
  caf::timespan resume_in{}; ///< For `held`; zero: unknown.
  /// Duration of the last exchange, for statistics. If two ran at once: since the first one began.
  caf::timespan last_attempt{};
  bool joined = false;    ///< Answered by an equal request in flight.
  uint32_t hedged = 0;    ///< Second attempts on another lane.
  bool hedge_won = false; ///< The answer came from a second attempt.
  /// For `held`: all lanes of the route that may accept the request later. Else: the lane of the
  /// last attempt. Numbers follow the order of the head's settings.
  std::vector<uint32_t> lanes{};
  /// Attempts that tested a lane which was down. They do not use up the attempts of the request.
  uint32_t excused = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, work_report& x) {
  return f(caf::meta::type_name("penstock.work_report"), x.key, x.kind, x.outcome, x.resume_in,
           x.last_attempt, x.joined, x.hedged, x.hedge_won, x.lanes, x.excused);
}

/// Reports that one node sends together.
struct report_batch {
  uint64_t node = 0;
  std::vector<work_report> reports;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, report_batch& x) {
  return f(caf::meta::type_name("penstock.report_batch"), x.node, x.reports);
}

/// A job that is opened again after a crash begins a new life. Each life has its own range of
/// epochs, so that a result from an earlier life is never taken for one of the present life.
constexpr uint32_t epoch_bits = 20;
constexpr uint32_t first_epoch_of(uint32_t life) { return life << epoch_bits; }
constexpr uint32_t life_of(uint32_t epoch) { return epoch >> epoch_bits; }

/// Slots of a node that one life of a job no longer uses.
struct slot_return {
  uint64_t job = 0;
  uint64_t node = 0;
  uint32_t slots = 0;
  uint32_t life = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, slot_return& x) {
  return f(caf::meta::type_name("penstock.slot_return"), x.job, x.node, x.slots, x.life);
}

} // namespace penstock
