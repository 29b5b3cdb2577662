#include "actors/node.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

node_state::~node_state() {
  for (auto& [key, one] : workers_)
    caf::anon_send_exit(one.worker, caf::exit_reason::kill);
}

void node_state::assign(const assignment& work, report_taker_actor from) {
  jobs_[work.job] = std::move(from);
  const auto found = lost_.find(work.job);
  const auto* lost = found == lost_.end() ? nullptr : &found->second;
  for (auto& req : work.requests) {
    worker_task task;
    task.request = req;
    task.id = (id << 32) | (++spawned_ & 0xFFFFFFFF);
    task.node_id = id;
    task.tenant = work.tenant;
    task.priority = work.priority;
    task.ran_as = work.ran_as;
    task.attempts_max = work.attempts_max;
    task.time_left = work.time_left;
    task.seed = work.seed;
    task.client_id = work.client_id;
    task.cache = work.cache;
    if (lost)
      task.lost = *lost;
    running one;
    if (hedging.is_on()) {
      one.model = req.what->model;
      one.attempts_before = req.attempts_before;
      task.hedge_after = hedging.patience(one.model);
    }
    one.worker = self->spawn(actors::worker, setup, std::move(task), neighbours, node_actor{self});
    workers_[req.key] = std::move(one);
  }
}

void node_state::abort(uint64_t job) {
  for (auto& [key, one] : workers_)
    if (key.job == job)
      self->send(one.worker, atom::abort_v);
}

void node_state::drain(uint64_t job) {
  for (auto& [key, one] : workers_)
    if (key.job == job)
      self->send(one.worker, atom::drain_v);
}

void node_state::rewire(const wiring& now) {
  neighbours = now;
  for (auto& [key, one] : workers_)
    self->send(one.worker, atom::rewire_v, now);
}

std::vector<worker_actor> node_state::workers() const {
  std::vector<worker_actor> all;
  for (auto& [key, one] : workers_)
    all.push_back(one.worker);
  return all;
}

void node_state::done(work_report report) {
  const auto ended = workers_.find(report.key);
  if (ended == workers_.end())
    return;
  if (hedging.is_on() && report.outcome) {
    const auto& o = *report.outcome;
    hedging.count(o.attempts - std::min(o.attempts, ended->second.attempts_before));
    if (o.state == core::outcome_state::completed && !o.cached && report.last_attempt > duration{})
      hedging.learn(ended->second.model, report.last_attempt);
  }
  workers_.erase(ended);
  reports_[report.key.job].push_back(std::move(report));
  // The flush queues up behind all other reports that are here already.
  if (!flush_pending_) {
    flush_pending_ = true;
    self->send(self, atom::flush_v);
  }
}

void node_state::lose_lane(uint64_t job, uint32_t lane, const error& why) {
  if (!lost_[job].try_emplace(lane, why).second)
    return;
  for (auto& [key, one] : workers_)
    if (key.job == job)
      self->send(one.worker, atom::dead_v, lane, why);
}

void node_state::hedge(const request_key& key) {
  const auto found = workers_.find(key);
  if (found != workers_.end() && hedging.try_take())
    self->send(found->second.worker, atom::hedge_v);
}

void node_state::flush() {
  flush_pending_ = false;
  for (auto& [job, reports] : reports_) {
    std::map<uint32_t, uint32_t> freed;
    for (auto& report : reports)
      ++freed[life_of(report.key.epoch)];
    if (auto to = jobs_.find(job); to != jobs_.end())
      self->send(to->second, atom::report_v, report_batch{id, std::move(reports)});
    for (auto [life, slots] : freed)
      self->send(engine, atom::freed_v, slot_return{job, id, slots, life});
  }
  reports_.clear();
}

node_actor::behavior_type
node(node_actor::stateful_pointer<node_state> self, uint64_t id, uint32_t slots,
     engine_actor engine, std::shared_ptr<const worker_setup> setup, wiring neighbours) {
  auto& st = self->state;
  st.self = self;
  st.id = id;
  st.engine = engine;
  st.setup = std::move(setup);
  st.neighbours = std::move(neighbours);
  st.hedging = core::hedge_policy{st.setup->hedging};
  self->send(engine, atom::join_v, node_actor{self}, id, slots);
  return {
    [self](atom::assign, const assignment& work) {
      if (auto from = caf::actor_cast<report_taker_actor>(self->current_sender()))
        self->state.assign(work, std::move(from));
    },
    [self](atom::abort, uint64_t job) { self->state.abort(job); },
    [self](atom::drain, uint64_t job) { self->state.drain(job); },
    [self](atom::rewire, const wiring& now) { self->state.rewire(now); },
    [self](atom::done, work_report& report) { self->state.done(std::move(report)); },
    [self](atom::dead, uint64_t job, uint32_t lane, const error& why) {
      self->state.lose_lane(job, lane, why);
    },
    [self](atom::hedge, const request_key& key) { self->state.hedge(key); },
    [self](atom::flush) { self->state.flush(); },
    [](atom::heartbeat, uint64_t) {},
    [](atom::heartbeat) {},
    [](atom::leave, caf::timespan) {},
  };
}

} // namespace penstock::actors
