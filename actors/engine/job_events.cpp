#include "actors/engine/job_events.hpp"

#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

constexpr auto sample_timeout = std::chrono::seconds{5};
constexpr uint32_t sampled_max = 1000;

uint64_t outcomes_of(const job_progress& p) {
  return p.completed + p.failed + p.cancelled + p.expired;
}

/// Whether `a` and `b` differ so much that a user can see it.
bool counts_differ(const job_info& a, const job_info& b) {
  const auto& p = a.progress;
  const auto& q = b.progress;
  return p.read != q.read || p.completed != q.completed || p.failed != q.failed ||
         p.cancelled != q.cancelled || p.expired != q.expired || p.in_flight != q.in_flight ||
         p.held != q.held || p.written != q.written || p.cost != q.cost ||
         a.requests != b.requests || a.waits_for != b.waits_for;
}

/// The bits of `job_change` between `before` and `now`.
uint8_t changes_between(const job_info& before, const job_info& now) {
  uint8_t out = 0;
  if (before.progress.state != now.progress.state) {
    out |= job_change::state;
    if (has_ended(now.progress.state))
      out |= job_change::end;
  }
  if (counts_differ(before, now))
    out |= job_change::counts;
  if (before.progress.changes.size() != now.progress.changes.size() ||
      before.progress.mode_used != now.progress.mode_used)
    out |= job_change::mode;
  if (outcomes_of(before.progress) == 0 && outcomes_of(now.progress) > 0)
    out |= job_change::first_outcome;
  return out;
}

} // namespace

bool job_events_state::subscriber::wants(const job_info& info) const {
  return (query.job == 0 || query.job == info.id) &&
         (query.tenant.empty() || query.tenant == info.tenant);
}

// --- subscribers ---

void job_events_state::subscribe(const event_query& query, const event_taker_actor& to) {
  if (!to)
    return;
  const auto addr = to.address();
  const auto known = subscribers_.count(addr) == 1;
  if (!known && subscribers_.size() >= subscribers_max) {
    refuse(to, query.job,
           {errc::overflow, "this head has " + std::to_string(subscribers_max) +
                              " subscribers to events, and takes no more"});
    return;
  }
  if (!known)
    self->monitor(to);
  const auto id = next_id_++;
  subscriber fresh;
  fresh.to = to;
  fresh.query = query;
  fresh.id = id;
  fresh.credit = std::min(query.credit, credit_max);
  subscribers_[addr] = std::move(fresh);
  const auto failed = [=, this](const caf::error& why) {
    const auto it = subscribers_.find(addr);
    if (it == subscribers_.end() || it->second.id != id)
      return;
    refuse(it->second.to, query.job, from_caf(why));
    self->demonitor(addr);
    subscribers_.erase(it);
  };
  if (query.job != 0) {
    self->request(engine, sample_timeout, atom::info_v, query.job)
      .then([=, this](const job_info& info) { snapshot(addr, id, {info}); }, failed);
    return;
  }
  job_filter active;
  active.tenant = query.tenant;
  active.active_only = true;
  active.count_max = sampled_max;
  self->request(engine, sample_timeout, atom::jobs_v, active)
    .then([=, this](const std::vector<job_info>& all) { snapshot(addr, id, all); }, failed);
}

/// Tells a subscriber that it gets no events.
void job_events_state::refuse(const event_taker_actor& to, uint64_t job, error why) {
  job_event event;
  event.job = event.info.id = job;
  event.changes = job_change::end;
  event.info.progress.state = job_state::aborted;
  event.info.progress.cause = std::move(why);
  self->send(to, atom::events_v, std::vector{std::move(event)});
}

void job_events_state::snapshot(const caf::actor_addr& to, uint64_t id,
                                const std::vector<job_info>& jobs) {
  for (auto& info : jobs)
    update(info);
  const auto it = subscribers_.find(to);
  if (it == subscribers_.end() || it->second.id != id)
    return;
  auto& one = it->second;
  one.ready = true;
  for (auto& info : jobs)
    if (one.wants(info))
      one.pending[info.id] =
        job_change::snapshot | (has_ended(info.progress.state) ? job_change::end : 0);
  if (flush(one)) {
    self->demonitor(to);
    subscribers_.erase(it);
  }
  schedule();
}

void job_events_state::credit(uint32_t more, const caf::actor_addr& from) {
  const auto it = subscribers_.find(from);
  if (it == subscribers_.end())
    return;
  it->second.credit += std::min(more, credit_max - it->second.credit);
  if (flush(it->second)) {
    self->demonitor(from);
    subscribers_.erase(it);
  }
}

void job_events_state::down(const caf::actor_addr& who) { subscribers_.erase(who); }

bool job_events_state::flush(subscriber& to) {
  std::vector<job_event> events;
  bool over = false;
  while (to.ready && to.credit > 0 && !to.pending.empty()) {
    // Jobs take turns, so that a job with many changes does not block the others.
    auto next = to.pending.upper_bound(to.last);
    if (next == to.pending.end())
      next = to.pending.begin();
    const auto [job, changes] = *next;
    to.pending.erase(next);
    to.last = job;
    --to.credit;
    const auto& known = jobs_.at(job);
    events.push_back({job, known.number, changes, known.info});
    // An interrupted job goes on when the head starts again, or after a retry.
    const auto state = known.info.progress.state;
    over = over || (to.query.job != 0 && has_ended(state) && state != job_state::interrupted);
  }
  if (!events.empty())
    self->send(to.to, atom::events_v, std::move(events));
  return over;
}

// --- jobs ---

void job_events_state::update(const job_info& info) {
  const auto [it, fresh] = jobs_.try_emplace(info.id);
  auto& known = it->second;
  uint8_t changes = fresh ? job_change::snapshot : changes_between(known.info, info);
  const auto over = has_ended(info.progress.state);
  if (fresh && over)
    changes |= job_change::end;
  known.info = info;
  if (changes == 0)
    return;
  ++known.number;
  if ((changes & job_change::end) != 0)
    ended_.push_back(info.id);
  for (auto one = subscribers_.begin(); one != subscribers_.end();) {
    auto& [addr, to] = *one;
    if (to.ready && to.wants(info)) {
      to.pending[info.id] |= changes;
      if (!over) // A retry came before the end was sent.
        to.pending[info.id] &= static_cast<uint8_t>(~job_change::end);
      if (flush(to)) {
        self->demonitor(addr);
        one = subscribers_.erase(one);
        continue;
      }
    }
    ++one;
  }
  forget_old();
}

void job_events_state::forget_old() {
  for (auto left = ended_.size(); left > 0 && ended_.size() > ended_kept; --left) {
    const auto job = ended_.front();
    ended_.pop_front();
    const auto it = jobs_.find(job);
    if (it == jobs_.end() || !has_ended(it->second.info.progress.state))
      continue;
    if (std::any_of(subscribers_.begin(), subscribers_.end(),
                    [job](auto& one) { return one.second.pending.count(job) == 1; }))
      ended_.push_back(job);
    else
      jobs_.erase(it);
  }
}

void job_events_state::ended(uint64_t job) {
  if (!subscribers_.empty())
    look_again(job);
}

void job_events_state::look_again(uint64_t job) {
  self->request(engine, sample_timeout, atom::info_v, job)
    .then([this](const job_info& info) { update(info); }, [](const caf::error&) {});
}

// --- samples ---

void job_events_state::schedule() {
  if (scheduled_ || subscribers_.empty())
    return;
  scheduled_ = true;
  self->delayed_send(self, sample_every, atom::wake_v);
}

void job_events_state::wake() {
  scheduled_ = false;
  if (subscribers_.empty())
    return;
  scheduled_ = true; // Until the answer comes.
  job_filter active;
  active.active_only = true;
  active.count_max = sampled_max;
  self->request(engine, sample_timeout, atom::jobs_v, active)
    .then([this](const std::vector<job_info>& jobs) { sampled(jobs); },
          [this](const caf::error&) {
            scheduled_ = false;
            schedule();
          });
}

void job_events_state::sampled(const std::vector<job_info>& jobs) {
  std::vector<uint64_t> listed;
  for (auto& info : jobs) {
    listed.push_back(info.id);
    update(info);
  }
  std::sort(listed.begin(), listed.end());
  // A job that is not listed has ended, or the list was too short for it.
  std::vector<uint64_t> missing;
  for (auto& [job, known] : jobs_)
    if (!has_ended(known.info.progress.state) &&
        !std::binary_search(listed.begin(), listed.end(), job))
      missing.push_back(job);
  for (auto job : missing)
    look_again(job);
  scheduled_ = false;
  schedule();
}

job_events_actor::behavior_type
job_events(job_events_actor::stateful_pointer<job_events_state> self, engine_actor engine) {
  self->state.self = self;
  self->state.engine = std::move(engine);
  self->set_down_handler([self](const caf::down_msg& msg) { self->state.down(msg.source); });
  return {
    [self](atom::subscribe, const event_query& query) {
      self->state.subscribe(query, caf::actor_cast<event_taker_actor>(self->current_sender()));
    },
    [self](atom::credit, uint32_t more) {
      self->state.credit(more, caf::actor_cast<caf::actor_addr>(self->current_sender()));
    },
    [self](atom::finished, uint64_t job) { self->state.ended(job); },
    [self](atom::wake) { self->state.wake(); },
  };
}

} // namespace penstock::actors
