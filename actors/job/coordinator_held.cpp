#include "actors/job/coordinator.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <limits>

namespace penstock::actors {

// --- refusals that may be about the whole job ---

/// Withholds a refusal that may be about the whole job, or stops the job because of it.
/// @returns false if it is about its own request (as in a job of one request), or not a refusal.
bool coordinator_state::withhold(uint64_t index, const work_report& report) {
  using advice = core::first_refusals::advice;
  const auto& o = *report.outcome;
  if (ending_as_ || !o.failure || o.cached || o.status_code < 400)
    return false;
  if (phase_ != phase::running) {
    // The job stops because of such refusals: requests that were in flight stay open, too.
    if (counts_.state != job_state::aborted || refusals_.waiting() == 0 ||
        (o.failure->code != errc::unauthorized && o.failure->code != errc::bad_request))
      return false;
    window_.find(index)->last = report.outcome;
    window_.move(index, core::request_state::ready);
    return true;
  }
  auto what = advice::is_final;
  if (o.failure->code == errc::unauthorized)
    what = refusals_.key_refused(index, turn_, o.status_code == 401);
  else if (o.failure->code == errc::bad_request && parts_.total != 1 && !core::is_about_content(o))
    what = refusals_.refused(index, core::kind_of_refusal(o));
  release_withheld();
  if (what == advice::is_final)
    return false;
  window_.find(index)->last = report.outcome;
  window_.move(index, core::request_state::held);
  if (what == advice::stop_job)
    stop(job_state::aborted, *o.failure);
  return true;
}

/// Ends the requests whose withheld refusals are final now.
void coordinator_state::release_withheld() {
  for (auto index : refusals_.release())
    if (auto* entry = window_.find(index); entry && entry->last)
      finish(index, entry->last);
}

/// Whether only `of_them` held requests are left of the job, or can be read of it now.
bool coordinator_state::only_held(size_t of_them) const {
  if (phase_ != phase::running || pull_pending_ ||
      window_.count(core::request_state::held) != of_them)
    return false;
  for (auto s : {core::request_state::in_flight, core::request_state::ready,
                 core::request_state::carried, core::request_state::suspected})
    if (window_.count(s) > 0)
      return false;
  return true;
}

/// Only withheld refusals are left of the job. They are final if the key has worked before. If no
/// request ever succeeded, all requests were refused in the same way, and the job stops.
void coordinator_state::settle_withheld() {
  const auto waiting = refusals_.waiting();
  if (waiting == 0 || !only_held(waiting))
    return;
  const auto some = window_.lowest(core::request_state::held);
  auto why = *window_.find(*some)->last->failure;
  if (refusals_.settle())
    release_withheld();
  else
    stop(job_state::aborted, std::move(why));
}

/// Stops the job if only requests are left that the provider told to wait for hours. It can be
/// resumed later. If one of them blocks a full window, nothing can be done either.
void coordinator_state::settle_told_to_wait() {
  const auto waiting = held_.alone();
  if (waiting == 0 || !only_held(waiting + refusals_.waiting()))
    return;
  if (!source_ended_ && counts_.written < *window_.lowest(core::request_state::held))
    return; // Results that are being written will make room.
  const auto first = held_.first_alone();
  stop(job_state::aborted,
       core::come_back_later(waiting, first.cause, first.retry_at - self->clock().now(),
                             std::chrono::system_clock::now()));
}

// --- lanes that refuse all requests ---

void coordinator_state::hold(uint64_t index, const work_report& report) {
  const auto now = self->clock().now();
  window_.move(index, core::request_state::held);
  const auto& why = *report.outcome->failure;
  if (why.code == errc::rate_limited && report.resume_in > duration{}) {
    held_.hold_alone(index, why, now + report.resume_in);
    schedule_wake(report.resume_in);
    return;
  }
  const auto retry_at =
    held_.hold(index, {report.lanes, why, report.resume_in, report.last_attempt > duration{}}, now);
  schedule_wake(retry_at - now);
}

void coordinator_state::retry_held(time_point now) {
  auto due = held_.retry(now, [this](uint64_t index) {
    // On a detour no other request can ask the lanes.
    const bool waits = plan_.on_detour() && !detour_.contains(index);
    return waits ? std::numeric_limits<uint32_t>::max() : window_.find(index)->last->attempts;
  });
  for (auto index : due.ready)
    window_.move(index, core::request_state::ready);
  if (due.give_up)
    give_up(std::move(*due.give_up));
}

/// The provider is down for longer than we wait. No failure is final while another attempt could
/// change it (invariant I10): open requests stay open, and the job stops and can be resumed.
void coordinator_state::give_up(error why) {
  held_.clear();
  stop(job_state::aborted, std::move(why));
}

} // namespace penstock::actors
