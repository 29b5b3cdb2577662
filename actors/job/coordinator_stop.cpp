#include "actors/job/coordinator.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

/// Time limit for the flush of sink and store at the end, because a disk can be slow.
constexpr auto close_timeout = std::chrono::minutes{10};

} // namespace

void coordinator_state::drain() {
  if (phase_ != phase::running)
    return;
  grace_end_ = self->clock().now() + options_.grace_period;
  schedule_wake(options_.grace_period);
  stop(job_state::interrupted, {errc::cancelled, "interrupted"});
  step();
}

void coordinator_state::abort() {
  if (phase_ == phase::running)
    stop(job_state::interrupted, {errc::cancelled, "interrupted"});
  abort_in_flight();
  step();
}

void coordinator_state::cancel() {
  if (phase_ == phase::running && !ending_as_)
    end_open_as(core::outcome_state::cancelled, {errc::cancelled, "the job was cancelled"});
}

void coordinator_state::fail(error why) {
  pull_pending_ = false;
  stop(job_state::aborted, std::move(why));
  step();
}

/// Hands out no more requests, and stops those that wait for a permit or a pause: with a low limit
/// all of them would still be sent. The first reason counts.
void coordinator_state::stop(job_state as, error why) {
  if (phase_ != phase::running)
    return;
  phase_ = phase::stopping;
  counts_.state = as;
  counts_.cause = std::move(why);
  end_waiting_canaries();
  for (auto& [id, node] : nodes_)
    self->send(node, atom::drain_v, job_);
}

void coordinator_state::abort_in_flight() {
  for (auto& [id, node] : nodes_)
    self->send(node, atom::abort_v, job_);
}

void coordinator_state::schedule_wake(duration after) {
  const auto at = self->clock().now() + after;
  if (wake_at_ && *wake_at_ <= at)
    return;
  wake_at_ = at;
  self->delayed_send(self, after, atom::wake_v);
}

void coordinator_state::wake() {
  const auto now = self->clock().now();
  // This `wake` is out of date: the right one is scheduled already.
  if (wake_at_ && now < *wake_at_)
    return;
  wake_at_.reset();
  if (grace_end_ && now >= *grace_end_) {
    grace_end_.reset();
    abort_in_flight();
  }
  if (deadline_ && now >= *deadline_ && phase_ == phase::running) {
    deadline_.reset();
    end_open_as(core::outcome_state::expired, {errc::expired, "the job's deadline passed"});
  }
  if (phase_ == phase::running)
    retry_held(now);
  step();
  schedule_next_wake();
}

/// Only the earliest `wake` is scheduled, so each one schedules the next.
void coordinator_state::schedule_next_wake() {
  auto next =
    std::min(grace_end_.value_or(time_point::max()), deadline_.value_or(time_point::max()));
  next = std::min(next, held_.next_retry().value_or(time_point::max()));
  if (next != time_point::max())
    schedule_wake(std::max(duration{1}, next - self->clock().now()));
}

job_progress coordinator_state::status() const {
  auto p = counts_;
  p.in_flight = window_.count(core::request_state::in_flight);
  p.held = window_.count(core::request_state::held) + window_.count(core::request_state::carried);
  p.cost = budget_.spent();
  p.mode_used = plan_.mode_used();
  p.changes = plan_.changes();
  p.attempt_p50 = attempts_.percentile(50);
  p.attempt_p99 = attempts_.percentile(99);
  p.attempt_mean = attempts_.mean();
  if (p.state == job_state::running)
    if (const auto wait = held_.reason()) {
      p.cause = wait->cause;
      if (wait->quota) {
        p.state = job_state::parked;
        p.resume_in = std::max(duration{}, wait->retry_at - self->clock().now());
      }
    }
  // The kind of the end may be known before the end.
  if (phase_ != phase::ended && has_ended(p.state))
    p.state = p.state == job_state::interrupted || p.state == job_state::aborted
                ? job_state::draining
                : job_state::running;
  return p;
}

/// Ends the job if everything is written, or if it was stopped and nothing is in flight.
void coordinator_state::try_close() {
  const auto idle = window_.count(core::request_state::in_flight) == 0;
  const auto whole = source_ended_ && window_.size() == 0;
  if (phase_ == phase::running && whole) {
    counts_.state =
      ending_as_ == core::outcome_state::cancelled ? job_state::cancelled : job_state::completed;
  } else if (phase_ != phase::stopping || !idle) {
    return;
  }
  phase_ = phase::closing;
  close_next(0);
}

/// Closes the collector, then the sink with the store: each has sent its data before the next
/// closes.
void coordinator_state::close_next(int stage) {
  const auto complete = source_ended_ && window_.size() == 0;
  auto next = [this, stage](bool) { close_next(stage + 1); };
  auto give_up = [this](const caf::error& why) { self->quit(why); };
  switch (stage) {
  case 0: self->request(collector, close_timeout, atom::close_v).then(next, give_up); break;
  case 1:
    self->request(parts_.sink, close_timeout, atom::close_v, complete).then(next, give_up);
    break;
  default: report_end();
  }
}

void coordinator_state::report_end() {
  phase_ = phase::ended;
  self->send(engine_, atom::finished_v, job_, status());
  for (const auto& part :
       {caf::actor_cast<caf::actor>(parts_.source), caf::actor_cast<caf::actor>(parts_.sink),
        caf::actor_cast<caf::actor>(parts_.store), caf::actor_cast<caf::actor>(collector)})
    if (part) {
      self->unlink_from(part);
      self->send_exit(part, caf::exit_reason::user_shutdown);
    }
  self->quit();
}

} // namespace penstock::actors
