#pragma once

#include "messages/inspect.hpp"

#include <caf/timespan.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace penstock {

using shared_request = shared<core::request>;
using shared_outcome = shared<core::outcome>;

/// One hand-out of one request. A result that carries an older epoch than the coordinator's is
/// refused: that request has been handed out again since.
struct request_key {
  uint64_t job = 0;
  uint64_t index = 0;
  uint32_t epoch = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, request_key& x) {
  return f(caf::meta::type_name("penstock.request_key"), x.job, x.index, x.epoch);
}

/// A request with what earlier hand-outs already spent on it.
struct assigned_request {
  request_key key;
  shared_request what;
  uint32_t attempts_before = 0;     ///< HTTP exchanges made in earlier modes or lives.
  uint32_t rate_limited_before = 0; ///< Of these, answered 429.
  caf::timespan queued_before{}; ///< From the first hand-out to the first permit, if that is past.
  caf::timespan upstream_before{}; ///< Time inside earlier exchanges.
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, assigned_request& x) {
  return f(caf::meta::type_name("penstock.assigned_request"), x.key, x.what, x.attempts_before,
           x.rate_limited_before, x.queued_before, x.upstream_before);
}

/// Coordinator to node: run these. Every request of it comes back in exactly one `work_report`,
/// unless the node dies.
struct assignment {
  uint64_t job = 0;
  std::string tenant;
  core::priority priority = core::priority::normal;
  core::mode ran_as = core::mode::parallel;
  uint32_t attempts_max = 5; ///< Per request, earlier hand-outs included, 429s left out.
  caf::timespan time_left{}; ///< Until the job's deadline; zero: none.
  uint64_t seed = 0;         ///< Of the jitter.
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
  aborting,   ///< An error that ends the job (key, money); the request itself stays open.
  held,       ///< The lane takes nothing now: breaker open (try again soon), or out of its daily
              ///< quota (after `resume_in`). The request stays open.
  given_back, ///< Cancelled or drained before an end; the request stays open.
  lost,       ///< Its worker died.
};

/// Node to coordinator: what became of one hand-out. The outcome is always set, but final only if
/// the kind says so.
struct work_report {
  request_key key;
  report_kind kind = report_kind::lost;
  shared_outcome outcome;
  caf::timespan resume_in{}; ///< For `held`: zero if nobody knows.
  /// Duration of the last exchange, for statistics; if two ran at once, since the first began.
  caf::timespan last_attempt{};
  bool joined = false;    ///< Answered by an equal request in flight.
  uint32_t hedged = 0;    ///< Second attempts on another lane.
  bool hedge_won = false; ///< One of these answered.
  /// For `held`: all lanes of the route that may take the request later. Else the lane of the last
  /// attempt. Numbers in the order of the settings of the head.
  std::vector<uint32_t> lanes{};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, work_report& x) {
  return f(caf::meta::type_name("penstock.work_report"), x.key, x.kind, x.outcome, x.resume_in,
           x.last_attempt, x.joined, x.hedged, x.hedge_won, x.lanes);
}

/// The reports of one node that came up together.
struct report_batch {
  uint64_t node = 0;
  std::vector<work_report> reports;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, report_batch& x) {
  return f(caf::meta::type_name("penstock.report_batch"), x.node, x.reports);
}

/// A job that is opened again after a crash is a new life of it. The epochs of each life are a
/// range of their own, so that what a dead one handed out is never taken for the work of its
/// successor.
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
