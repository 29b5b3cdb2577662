#include "actors/job/coordinator.hpp"

#include "core/pack/pack_canary.hpp"

#include <caf/all.hpp>

namespace penstock::actors {

namespace {

core::packs_in_flight::end end_of(report_kind kind) {
  switch (kind) {
  case report_kind::finished: return core::packs_in_flight::end::finished;
  case report_kind::degraded: return core::packs_in_flight::end::degraded;
  default: return core::packs_in_flight::end::other;
  }
}

} // namespace

void coordinator_state::take_pack(const work_report& report, double cost) {
  const auto pack = packs_.take(report.key.index, end_of(report.kind), report.outcome.get(),
                                options_.pack_entries_max);
  counts_.attempts += pack.attempts;
  counts_.rate_limited += pack.rate_limited;
  counts_.packs += pack.attempts > 0;
  counts_.pack_splits += pack.split;
  if (pack.answered)
    plan_.pack_answered(pack.mostly_wrong);
  for (size_t i = 0; i < pack.size(); ++i)
    take_member(report, pack, i, report.outcome ? 0 : cost);
}

/// Gives request `i` its part of the report of its pack. @param lost_cost The assumed cost of a
/// pack without a report.
void coordinator_state::take_member(const work_report& report, const core::pack_deal& pack,
                                    size_t i, double lost_cost) {
  const auto index = pack.sent.entries[i].index;
  auto& entry = *window_.find(index);
  auto part = report;
  part.key.index = index;
  part.key.epoch = entry.epoch;
  entry.cost += lost_cost / static_cast<double>(pack.size());
  if (ended_by_itself(report))
    core::suspects::cleared(entry);
  const auto* answer = pack.answer(i);
  if (const auto* said = report.outcome.get()) {
    auto out = pack.outcome_of(i, *said, entry.last.get(), entry.what->custom_id);
    entry.packed_attempts += pack.attempts;
    entry.packed_rate_limited += pack.rate_limited;
    if (said->cost)
      entry.cost += *out.cost;
    if (answer)
      budget_.learn(*entry.what, answer->used);
    part.outcome = make_shared_value(std::move(out));
  }
  if (answer) {
    if (phase_ == phase::running && !ending_as_ && !leaving_ &&
        core::is_canary(options_.seed, index, options_.pack_canary)) {
      canaries_.add(index, part.outcome);
      entry.last = part.outcome;
      packable_.limit(index, 1);
      window_.move(index, core::request_state::ready);
    } else {
      finish(index, part.outcome);
    }
    return;
  }
  // A pack may be told to wait for its size: its requests go alone first.
  const auto too_large = report.kind == report_kind::held && pack.size() > 1 && !ending_as_ &&
                         report.outcome && report.outcome->failure->code == errc::rate_limited &&
                         report.resume_in > duration{};
  if (too_large) {
    entry.last = part.outcome;
    packable_.limit(index, 1);
    window_.move(index, core::request_state::ready);
    return;
  }
  if (!pack.divide) {
    apply(part);
    return;
  }
  entry.last = part.outcome;
  entry.excused += pack.attempts > 0; // The last attempt was answered, but not for this request.
  packable_.limit(index, pack.smaller);
  window_.move(index, core::request_state::ready);
  if (ending_as_)
    end_open(index, *ending_as_, counts_.cause);
}

/// A request with an answer of a pack was also sent alone. The answer to it alone is used. If there
/// is none, the answer of the pack is used, without another attempt.
void coordinator_state::end_canary(const work_report& report) {
  const auto index = report.key.index;
  auto end = canaries_.compare(index, report.outcome.get(), report.kind == report_kind::finished);
  counts_.canaries += end.compared;
  counts_.canaries_agreed += end.agreed;
  finish(index, make_shared_value(std::move(end.result)));
  if (report.kind == report_kind::aborting)
    stop(job_state::aborted, *report.outcome->failure);
}

/// The job stops. A request that waits to be sent alone ends with the answer of its pack.
void coordinator_state::end_waiting_canaries() {
  for (auto index : canaries_.all())
    if (window_.find(index)->state != core::request_state::in_flight)
      finish(index, canaries_.take(index));
}

} // namespace penstock::actors
