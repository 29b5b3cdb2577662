#include "apps/penstock/load/load_driver.hpp"

#include "actors/host/page_rules.hpp"
#include "core/jsonl/jsonl.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::cli {

namespace {

constexpr auto cancel_again = std::chrono::milliseconds{500};
constexpr size_t ended_max = 1024;

} // namespace

void load_driver_state::follow(uint64_t number) {
  auto& j = jobs_.at(number);
  j.place = active_.size();
  active_.push_back(number);
  poll(number);
}

void load_driver_state::poll(uint64_t number) {
  const auto found = jobs_.find(number);
  if (found == jobs_.end() || !engine_)
    return; // Active jobs are polled when the engine is back.
  auto& j = found->second;
  const auto query = actors::page_query(j.id, {.from = j.next});
  self->request(engine_, query.wait + script_->timeout, atom::results_v, query)
    .then(
      [this, number, life = life_](const results_page& page) {
        if (life == life_ && record_)
          take(number, page);
      },
      [this, number, life = life_](const caf::error& e) {
        if (life != life_ || !record_ || !jobs_.contains(number))
          return;
        if (e.category() == error_category && from_caf(e).code == errc::not_found)
          end_job(number); // Its outcomes are lost.
        else
          again_.emplace_back(now() + actors::page_pause, number);
        set_due();
      });
}

void load_driver_state::take(uint64_t number, const results_page& page) {
  auto found = jobs_.find(number);
  if (found == jobs_.end())
    return;
  for (auto& item : page.items)
    take_outcome(found->second, number, item);
  switch (actors::step_after(page, {})) {
  case actors::page_step::ask: return poll(number);
  case actors::page_step::end: return end_job(number);
  case actors::page_step::pause:
    again_.emplace_back(now() + actors::page_pause, number);
    return set_due();
  }
}

void load_driver_state::take_outcome(job& j, uint64_t number, const sink_item& item) {
  auto& exactness = record_->exactness;
  if (item.index < j.next) {
    ++exactness.duplicates;
    return;
  }
  if (item.index > j.next)
    ++exactness.order_violations;
  j.next = item.index + 1;
  ++j.seen;
  core::output_record r;
  duration queued{};
  if (item.outcome) {
    r = core::record_of(*item.outcome);
    queued = item.outcome->queued;
  } else {
    auto parsed =
      core::parse_output_line(item.line ? std::string_view{*item.line} : std::string_view{});
    if (!parsed) {
      ++exactness.order_violations; // This is not an outcome of this request.
      return;
    }
    r = std::move(*parsed);
    queued = std::chrono::milliseconds{r.queued_ms};
  }
  if (r.index != item.index || r.custom_id != core::load_request_id(number, item.index))
    ++exactness.order_violations;
  record_->outcome(j.tenant, r.state, queued, r.attempts, r.rate_limited, now());
}

void load_driver_state::end_job(uint64_t number) {
  auto& j = jobs_.at(number);
  const auto missing = j.total - std::min(j.total, j.seen);
  record_->exactness.lost += missing;
  if (missing == 0)
    record_->job_ended(j.tenant, j.due, now());
  ended_.push_back(j.id);
  if (ended_.size() > ended_max)
    ended_.pop_front();
  const auto last = active_.back();
  active_[j.place] = last;
  jobs_.at(last).place = j.place;
  active_.pop_back();
  jobs_.erase(number);
  if (now() >= phases_end_)
    try_end();
}

void load_driver_state::outcomes(const results_page& page) {
  const auto found = subscribers_.find(page.job);
  if (!record_ || found == subscribers_.end())
    return;
  auto& s = found->second;
  if (s.message != 0 && pending_.contains(s.message) && (!page.items.empty() || page.end)) {
    answered(s.message);
    s.message = 0;
  }
  for (auto& item : page.items) {
    if (item.index != s.next)
      ++(item.index < s.next ? record_->exactness.duplicates : record_->exactness.order_violations);
    s.next = std::max(s.next, item.index + 1);
  }
  if (page.end) {
    if (auto j = jobs_.find(s.job); j != jobs_.end())
      j->second.subscribed = false;
    subscribers_.erase(found);
  } else if (engine_ && !page.items.empty()) {
    self->send(engine_, atom::credit_v, page.job, static_cast<uint32_t>(page.items.size()));
  }
}

void load_driver_state::drain(bool at_once) {
  if (!record_)
    return;
  if (at_once || !running_)
    return finish();
  while (schedule_->peek())
    schedule_->take();
  cancelling_ = true;
  if (now() < phases_end_) {
    phases_end_ = now();
    record_->cut(phases_end_);
    drain_end_ = phases_end_ + script_->drain;
  }
  try_end();
  set_due();
}

void load_driver_state::cancel_quietly(uint64_t number) {
  auto& j = jobs_.at(number);
  j.cancelled = true;
  self->request(engine_, script_->timeout, atom::cancel_v, j.id)
    .then([](bool) {},
          [this, number](const caf::error&) {
            if (auto found = jobs_.find(number); found != jobs_.end())
              found->second.cancelled = false;
          });
}

void load_driver_state::try_end() {
  if (!record_)
    return;
  if (cancelling_ && engine_ && now() >= next_cancel_) {
    next_cancel_ = now() + cancel_again;
    for (auto number : active_)
      if (!jobs_.at(number).cancelled)
        cancel_quietly(number);
  }
  if ((pending_.empty() && active_.empty() && subscribers_.empty()) || now() >= drain_end_)
    finish();
}

void load_driver_state::finish() {
  const auto at = running_ ? now() : duration{};
  for (auto& [id, m] : pending_)
    record_->unanswered(m.kind, m.due, at);
  for (auto number : active_) {
    auto& j = jobs_.at(number);
    const auto missing = j.total - std::min(j.total, j.seen);
    record_->exactness.lost += missing;
    record_->exactness.unfinished += missing;
  }
  show();
  record_->finish(at);
  pending_.clear();
  {
    std::lock_guard lock{setup_.board->mutex};
    setup_.board->record.emplace(std::move(*record_));
  }
  record_.reset();
  setup_.board->changed.notify_all();
  set_due();
}

} // namespace penstock::cli
