#include "actors/job/coordinator.hpp"
#include "actors/job/report_check.hpp"

#include "core/attempt/retry_policy.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

/// Requests without an outcome that are not in flight.
constexpr core::request_state open_states[]{core::request_state::ready,
                                            core::request_state::carried, core::request_state::held,
                                            core::request_state::suspected};

/// Keeps the outcome of a hand-out. If it made no attempt, the outcome of an earlier one stays.
void remember(core::window_entry& entry, const work_report& report) {
  if (report.outcome && (!entry.last || report.outcome->attempts > entry.last->attempts))
    entry.last = report.outcome;
}

/// Whether the provider caused the failure, not the request: another time or mode may do better.
bool is_degradable(const core::outcome& o) {
  if (o.state != core::outcome_state::failed)
    return false;
  switch (o.failure->code) {
  case errc::rate_limited:
  case errc::server_error:
  case errc::overloaded:
  case errc::timeout:
  case errc::connection_failed:
  case errc::bad_response:
  case errc::unavailable: return true;
  default: return false;
  }
}

/// Whether the provider has judged the content of the request.
bool is_answer(const core::outcome& o) {
  if (o.cached)
    return false;
  return o.state == core::outcome_state::completed ||
         (o.failure && o.failure->code == errc::bad_request);
}

/// Whether no attempt reached a provider: a wrong address, no network, no listener.
bool is_unreached(const core::outcome& o) {
  return o.failure && o.failure->code == errc::connection_failed && o.status_code == 0;
}

/// `o` with the cost of all hand-outs of its request.
shared_outcome with_cost(shared_outcome o, double cost) {
  if (o->cost.value_or(0) == cost)
    return o;
  auto out = *o;
  out.cost = cost;
  return make_shared_value(std::move(out));
}

/// `o` with the number of its attempts in the text of a temporary failure, because only the
/// coordinator knows all of them.
shared_outcome with_attempts(shared_outcome o) {
  if (!is_degradable(*o) || o->attempts == 0)
    return o;
  auto out = *o;
  out.failure = core::after_attempts(std::move(*out.failure), out.attempts);
  return make_shared_value(std::move(out));
}

/// A copy of `last` (or a new outcome of `req`) with the end `state` because of `why`.
shared_outcome ended(const core::request& req, const std::shared_ptr<const core::outcome>& last,
                     core::outcome_state state, error why) {
  auto out = last ? *last : core::outcome{};
  out.index = req.index;
  out.custom_id = req.custom_id;
  out.state = state;
  out.failure = std::move(why);
  return make_shared_value(std::move(out));
}

} // namespace

void coordinator_state::take_reports(const report_batch& batch) {
  const auto sender = self->current_sender();
  const auto is_sender = [&](const auto& node) {
    return caf::actor_cast<caf::strong_actor_ptr>(node.second) == sender;
  };
  auto node = nodes_.find(batch.node);
  if (node == nodes_.end() || !is_sender(*node))
    node = std::ranges::find_if(nodes_, is_sender);
  for (auto& report : batch.reports)
    if (node != nodes_.end())
      check_report(report, node->first);
    else if (!window_.is_current(report.key.index, report.key.epoch))
      take_report(report); // Its node was lost before.
  step();
}

/// Takes a report of `node` if it can be true. Else tells the engine, and counts the hand-out as
/// lost.
void coordinator_state::check_report(const work_report& report, uint64_t node) {
  const auto index = report.key.index;
  std::string fault;
  if (report.key.job != job_)
    fault = "it is about another job";
  else if (window_.is_current(index, report.key.epoch))
    fault = report_fault(report, *window_.find(index), node, packs_.has(index));
  if (fault.empty()) {
    take_report(report);
    return;
  }
  self->send(engine_, atom::refused_v, node,
             error{errc::invalid_input, "a report was refused: " + fault});
  if (window_.is_current(index, report.key.epoch) && window_.find(index)->node == node)
    take_report({report.key, report_kind::lost, {}, {}, {}});
}

void coordinator_state::take_report(const work_report& report) {
  const auto index = report.key.index;
  auto cost = cost_in(report);
  if (!window_.is_current(index, report.key.epoch)) {
    ++counts_.refused_late;
    budget_.spend(cost); // The answer is refused, but was paid for.
    return;
  }
  // The node died without reporting its cost: assume the reserved cost.
  if (!report.outcome && report.kind == report_kind::lost)
    cost = budget_.reserved(index);
  budget_.settle(index, cost);
  suspects_.end(index);
  if (report.last_attempt > duration{})
    attempts_.record(report.last_attempt);
  note(report);
  if (packs_.has(index)) {
    take_pack(report, cost);
    return;
  }
  auto& entry = *window_.find(index);
  entry.cost += cost;
  if (report.outcome && !report.outcome->cached)
    budget_.learn(*entry.what, report.outcome->used);
  if (report.outcome && entry.excused > 0) {
    auto whole = report;
    auto out = *report.outcome;
    out.attempts += entry.excused; // Its worker does not know about them.
    whole.outcome = make_shared_value(std::move(out));
    canaries_.has(index) ? end_canary(whole) : apply(whole);
    return;
  }
  canaries_.has(index) ? end_canary(report) : apply(report);
}

/// Whether an attempt of the hand-out has ended, so that worker and node have survived it.
bool coordinator_state::ended_by_itself(const work_report& report) {
  switch (report.kind) {
  case report_kind::finished:
  case report_kind::degraded:
  case report_kind::aborting: return true;
  case report_kind::held: return report.last_attempt > duration{};
  case report_kind::given_back:
  case report_kind::lost: return false;
  }
  return false;
}

/// Notes what a report of a request or a pack says about mode, lanes and nodes.
void coordinator_state::note(const work_report& report) {
  counts_.hedged += report.hedged;
  counts_.hedges_won += report.hedge_won;
  switch (report.kind) {
  case report_kind::finished: {
    const auto& o = *report.outcome;
    // Earlier modes carry such failures to the next mode. In the last mode they are final, and
    // count.
    plan_.finished(is_degradable(o), o.failure ? o.failure->code : errc::internal);
    counts_.joined += report.joined;
    counts_.rerouted += !o.lane_reason.empty() && !report.hedge_won;
    if (o.state == core::outcome_state::completed) {
      const auto* entry = window_.find(report.key.index);
      refusals_.answered(entry ? entry->turn : 0);
      release_withheld();
    }
    if (is_answer(o)) {
      for (auto index : held_.answered(report.lanes))
        window_.move(index, core::request_state::ready);
    }
    break;
  }
  case report_kind::degraded:
    plan_.finished(true, report.outcome->failure->code);
    held_.failed(report.outcome->failure->context);
    break;
  case report_kind::lost: ++counts_.lost; break;
  default: break;
  }
}

/// Handles the report of a hand-out for one request.
void coordinator_state::apply(const work_report& report) {
  const auto index = report.key.index;
  auto& entry = *window_.find(index);
  entry.excused += report.excused;
  if (ended_by_itself(report))
    core::suspects::cleared(entry);
  // A job that ends sends no request again: unfinished requests end with it.
  if (ending_as_ && report.kind != report_kind::finished) {
    remember(entry, report);
    end_open(index, *ending_as_, counts_.cause);
    return;
  }
  switch (report.kind) {
  case report_kind::finished:
    if (!held_.any_answered() && is_unreached(*report.outcome)) {
      remember(entry, report);
      window_.move(index, core::request_state::ready);
      give_up(*report.outcome->failure);
      return;
    }
    if (!withhold(index, report))
      finish(index, report.outcome);
    return;
  case report_kind::degraded:
    entry.last = report.outcome;
    if (!plan_.is_last())
      window_.move(index, core::request_state::carried);
    else if (used_up(entry))
      finish(index, report.outcome);
    else // Handed out in an earlier mode. No mode follows, but attempts are left.
      window_.move(index, core::request_state::ready);
    break;
  case report_kind::lost:
    remember(entry, report);
    switch (core::suspects::lost(entry)) {
    case core::suspects::verdict::failed:
      end_open(index, core::outcome_state::failed,
               {errc::poison, "the worker or the node of this request died " +
                                std::to_string(core::suspects::losses_max) +
                                " times in a row, the last time while no other suspect ran; it "
                                "is not sent again"});
      return;
    case core::suspects::verdict::alone: packable_.limit(index, 1); break;
    case core::suspects::verdict::again: break;
    }
    window_.move(index, core::request_state::ready);
    break;
  case report_kind::aborting:
    if (withhold(index, report))
      return;
    remember(entry, report);
    window_.move(index, core::request_state::ready);
    stop(job_state::aborted, *report.outcome->failure);
    return;
  case report_kind::held:
    remember(entry, report);
    hold(index, report);
    break;
  case report_kind::given_back:
    remember(entry, report);
    window_.move(index, core::request_state::ready);
    break;
  }
}

/// Whether a temporary failure may be final: the request has used all its attempts.
bool coordinator_state::used_up(const core::window_entry& entry) const {
  if (!entry.last)
    return false;
  const auto& last = *entry.last;
  return last.attempts - std::min(last.attempts, last.rate_limited + entry.excused) >=
         options_.attempts_max;
}

void coordinator_state::finish(uint64_t index, shared_outcome outcome) {
  auto& entry = *window_.find(index);
  auto whole = with_attempts(with_cost(std::move(outcome), entry.cost));
  count(*whole, entry);
  packable_.forget(index);
  window_.finish(index);
  deliver(std::move(whole));
}

void coordinator_state::end_open(uint64_t index, core::outcome_state state, error why) {
  if (auto answer = canaries_.take(index)) {
    finish(index, std::move(answer));
    return;
  }
  auto& entry = *window_.find(index);
  finish(index, ended(*entry.what, entry.last, state, std::move(why)));
}

void coordinator_state::end_open_as(core::outcome_state state, error why) {
  ending_as_ = state;
  counts_.cause = why;
  for (auto s : open_states)
    for (auto index : window_.all(s))
      end_open(index, state, why);
  held_.clear();
  abort_in_flight();
  step();
}

void coordinator_state::count(const core::outcome& outcome, const core::window_entry& entry) {
  switch (outcome.state) {
  case core::outcome_state::completed: ++counts_.completed; break;
  case core::outcome_state::failed: ++counts_.failed; break;
  case core::outcome_state::cancelled: ++counts_.cancelled; break;
  case core::outcome_state::expired: ++counts_.expired; break;
  }
  counts_.cached += outcome.cached;
  // Attempts of packs were counted at their end, once for all their requests.
  counts_.attempts += outcome.attempts - std::min(outcome.attempts, entry.packed_attempts);
  counts_.rate_limited +=
    outcome.rate_limited - std::min(outcome.rate_limited, entry.packed_rate_limited);
  counts_.packed += outcome.state == core::outcome_state::completed && outcome.pack_size > 0;
  if (!outcome.cached) { // The cost of a cached answer is not paid again.
    counts_.input_tokens += outcome.used.input_tokens;
    counts_.output_tokens += outcome.used.output_tokens;
    counts_.cached_input_tokens += outcome.used.cached_input_tokens;
  }
  counts_.upstream_time += outcome.upstream;
}

void coordinator_state::lose_node(uint64_t node) { take_back(node, report_kind::lost); }

void coordinator_state::part_from(uint64_t node) { take_back(node, report_kind::given_back); }

/// Ends the hand-outs of a node that cannot report them any more.
void coordinator_state::take_back(uint64_t node, report_kind kind) {
  nodes_.erase(node);
  for (auto index : window_.on_node(node)) {
    const auto& entry = *window_.find(index);
    if (entry.state == core::request_state::in_flight) // Else it ended with its pack.
      take_report({{job_, index, entry.epoch}, kind, {}, {}, {}});
  }
  step();
}

} // namespace penstock::actors
