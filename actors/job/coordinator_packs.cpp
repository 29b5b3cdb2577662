#include "actors/job/coordinator.hpp"

#include "core/pack/pack_canary.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

/// Whether a failure of a whole pack may be the fault of one of its requests, or of their number.
bool is_divisible(const core::outcome& o) {
  if (o.state != core::outcome_state::failed)
    return false;
  switch (o.failure->code) {
  case errc::bad_request:
  case errc::invalid_input:
  case errc::request_too_large:
  case errc::response_too_large: return true;
  default: return false;
  }
}

std::string_view bytes_of(const core::payload& body) {
  return body ? std::string_view{*body} : std::string_view{};
}

} // namespace

/// What a report says about a pack, before it is dealt out.
struct coordinator_state::pack_result {
  sent_pack sent;
  core::pack_reply reply;      ///< Empty unless the pack was answered.
  bool divide = false;         ///< Who has no answer goes into a smaller pack,
  uint32_t smaller = 1;        ///< of so many entries at most.
  uint32_t attempts = 0;       ///< Exchanges of this hand-out.
  uint32_t rate_limited = 0;   ///< Of these, answered 429.
  double lost_cost = 0;        ///< What a hand-out that never reported may have cost.
  std::vector<uint64_t> times; ///< Shares of the nanoseconds in them.
};

void coordinator_state::take_pack(const work_report& report, double cost) {
  pack_result pack;
  pack.lost_cost = report.outcome ? 0 : cost;
  auto node = packs_.extract(report.key.index);
  pack.sent = std::move(node.mapped());
  const auto& entries = pack.sent.what.entries;
  in_packs_ -= entries.size() - 1;
  const auto* said = report.outcome.get();
  const auto answered =
    report.kind == report_kind::finished && said->state == core::outcome_state::completed;
  std::vector<uint64_t> even(entries.size(), 1);
  if (said) {
    pack.attempts = said->attempts - std::min(said->attempts, pack.sent.attempts_before);
    pack.rate_limited = said->rate_limited;
    pack.times = core::share_out(static_cast<uint64_t>(said->upstream.count()), even);
  }
  counts_.attempts += pack.attempts;
  counts_.rate_limited += pack.rate_limited;
  counts_.packs += pack.attempts > 0;
  if (report.kind == report_kind::finished || report.kind == report_kind::degraded)
    pace_.answered(!answered || pack.attempts - pack.rate_limited > 1);

  const auto schema = pack.sent.what.style == core::pack_style::schema;
  if (answered) {
    pack.reply = core::take_apart(pack.sent.what, bytes_of(said->body), said->used);
    plan_.pack_answered(2 * pack.reply.right < entries.size());
    schema_worked_ = schema_worked_ || schema;
    pack.divide = pack.reply.right < entries.size();
  } else if (report.kind == report_kind::finished) {
    pack.divide = is_divisible(*said);
  }
  pack.smaller = std::max<uint32_t>(1, static_cast<uint32_t>(entries.size() / 2));
  if (pack.divide && !answered && schema && !schema_worked_ &&
      said->failure->code == errc::bad_request && pack.sent.what.form == core::answer_form::text) {
    // Perhaps the upstream does not know schemas: the same once more without.
    pack_style_ = core::pack_style::plain;
    pack.smaller = options_.pack_entries_max;
  } else {
    counts_.pack_splits += pack.divide;
  }
  for (size_t i = 0; i < entries.size(); ++i)
    take_member(report, pack, i);
}

/// Deals entry `i` its part of what a report says about its pack.
void coordinator_state::take_member(const work_report& report, const pack_result& pack, size_t i) {
  const auto& entries = pack.sent.what.entries;
  const auto index = entries[i].index;
  auto& entry = *window_.find(index);
  auto part = report;
  part.key.index = index;
  part.key.epoch = entry.epoch;
  entry.cost += pack.lost_cost / static_cast<double>(entries.size());
  if (ended_by_itself(report))
    core::suspects::cleared(entry);
  const auto* answer =
    i < pack.reply.answers.size() && pack.reply.answers[i] ? &*pack.reply.answers[i] : nullptr;
  if (const auto* said = report.outcome.get()) {
    auto out = *said;
    const auto* last = entry.last.get();
    out.index = index;
    out.custom_id = entry.what->custom_id;
    out.pack_size = static_cast<uint32_t>(entries.size());
    out.attempts = pack.attempts + (last ? last->attempts : 0);
    out.rate_limited = pack.rate_limited + (last ? last->rate_limited : 0);
    out.upstream =
      duration{static_cast<int64_t>(pack.times[i])} + (last ? last->upstream : duration{});
    out.queued = last ? last->queued : said->queued;
    out.used = {};
    entry.packed_attempts += pack.attempts;
    entry.packed_rate_limited += pack.rate_limited;
    if (said->cost) {
      out.cost = *said->cost / static_cast<double>(entries.size());
      entry.cost += *out.cost;
    }
    if (answer) {
      out.body = core::make_payload(answer->body);
      out.used = answer->used;
      budget_.learn(*entry.what, answer->used);
    } else if (pack.divide && out.state == core::outcome_state::completed) {
      out.state = core::outcome_state::failed;
      out.failure = error{pack.reply.code, "in a pack: " + pack.reply.fault};
      out.body = {};
    }
    part.outcome = make_shared_value(std::move(out));
  }
  if (answer) {
    if (phase_ == phase::running && !ending_as_ && !leaving_ &&
        core::is_canary(options_.seed, index, options_.pack_canary)) {
      canaries_[index] = part.outcome;
      entry.last = part.outcome;
      packable_.limit(index, 1);
      window_.move(index, core::request_state::ready);
    } else {
      finish(index, part.outcome);
    }
    return;
  }
  if (!pack.divide) {
    apply(part);
    return;
  }
  entry.last = part.outcome;
  entry.excused += pack.attempts > 0; // The last exchange was answered, though not for this one.
  packable_.limit(index, pack.smaller);
  window_.move(index, core::request_state::ready);
  if (ending_as_)
    end_open(index, *ending_as_, counts_.cause);
}

/// A request that a pack has answered was also sent alone. Its own answer wins; without one, that
/// of the pack stands and nothing is tried again.
void coordinator_state::end_canary(const work_report& report) {
  const auto index = report.key.index;
  auto node = canaries_.extract(index);
  auto out = *node.mapped();
  if (const auto* alone = report.outcome.get()) {
    if (report.kind == report_kind::finished && alone->state == core::outcome_state::completed) {
      const auto agreed = core::answers_agree(bytes_of(out.body), bytes_of(alone->body));
      ++counts_.canaries;
      counts_.canaries_agreed += agreed;
      if (!agreed)
        out = *alone;
    }
    out.attempts = std::max(out.attempts, alone->attempts);
    out.rate_limited = std::max(out.rate_limited, alone->rate_limited);
    out.upstream = std::max(out.upstream, alone->upstream);
  }
  finish(index, make_shared_value(std::move(out)));
  if (report.kind == report_kind::aborting)
    stop(job_state::aborted, *report.outcome->failure);
}

/// The job stops: what waits to be asked again has its answer already.
void coordinator_state::end_waiting_canaries() {
  for (auto it = canaries_.begin(); it != canaries_.end();) {
    const auto index = it->first;
    const auto waits = window_.find(index)->state != core::request_state::in_flight;
    auto next = std::next(it);
    if (waits) {
      auto outcome = std::move(it->second);
      canaries_.erase(it);
      finish(index, std::move(outcome));
    }
    it = next;
  }
}

} // namespace penstock::actors
