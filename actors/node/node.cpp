#include "actors/node/node.hpp"

#include "core/base/duration_text.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace penstock::actors {

node_state::~node_state() {
  for (auto& [key, one] : workers_)
    caf::anon_send_exit(one.worker, caf::exit_reason::kill);
  dismiss_idle();
}

/// Kills the workers. Dropping the handles is not enough: CAF's registry keeps every actor that
/// sent to another process.
void node_state::dismiss_idle() {
  for (auto& worker : idle_)
    caf::anon_send_exit(worker, caf::exit_reason::kill);
  idle_.clear();
}

// --- work ---

void node_state::assign(const assignment& work, report_taker_actor from) {
  auto& note = jobs_[work.job];
  note.to = std::move(from);
  for (auto& req : work.requests) {
    if (draining_)
      report_unstarted(req, work.ran_as, report_kind::given_back,
                       {errc::cancelled, "the node is about to leave"});
    else
      start(work, req, note);
  }
  note.running += draining_ ? 0 : work.requests.size();
}

void node_state::start(const assignment& work, const assigned_request& req, const job_note& note) {
  worker_task task;
  task.request = req;
  // 48 bits that no other permit or exchange has. Nodes of one head differ in the upper 16 bits.
  // The count begins at a number from the head, because our HTTP client outlives a head: an
  // exchange for the next head must not have the number of one that is still ending.
  task.id = ((id & 0xFFFF) << 32) | (((id >> 16) + ++spawned_) & 0xFFFFFFFF);
  task.node_id = id;
  task.tenant = work.tenant;
  task.priority = work.priority;
  task.ran_as = work.ran_as;
  task.attempts_max = work.attempts_max;
  task.time_left = work.time_left;
  task.seed = work.seed;
  task.client_id = work.client_id;
  task.cache = work.cache;
  task.lost = note.lost;
  task.lease = shared_lease_;
  if (req.streams) {
    task.stream = caf::actor_cast<stream_taker_actor>(note.to);
    task.cache = core::cache_mode::off; // A stored answer is no stream.
  }
  running one;
  one.request = req;
  one.ran_as = work.ran_as;
  if (hedging.is_on()) {
    one.model = req.what->model;
    if (!req.streams)
      task.hedge_after = hedging.patience(one.model);
  }
  if (idle_.empty()) {
    one.worker = self->spawn<caf::monitored>(actors::worker, setup, std::move(task), neighbours,
                                             node_actor{self});
  } else {
    one.worker = std::move(idle_.back());
    idle_.pop_back();
    self->send(one.worker, atom::assign_v, std::move(task));
  }
  workers_[req.key] = std::move(one);
}

/// Reports a hand-out that never started.
void node_state::report_unstarted(const assigned_request& req, core::mode ran_as, report_kind kind,
                                  error why) {
  core::outcome o;
  o.index = req.what->index;
  o.custom_id = req.what->custom_id;
  o.state = core::outcome_state::failed;
  o.failure = std::move(why);
  o.attempts = req.attempts_before;
  o.rate_limited = req.rate_limited_before;
  o.queued = req.queued_before;
  o.upstream = req.upstream_before;
  o.ran_as = ran_as;
  report({req.key, kind, make_shared_value(std::move(o)), {}, {}});
}

void node_state::abort(uint64_t job) {
  for (auto& [key, one] : workers_)
    if (key.job == job)
      self->send(one.worker, atom::abort_v);
}

void node_state::abort(const request_key& key) {
  if (const auto found = workers_.find(key); found != workers_.end())
    self->send(found->second.worker, atom::abort_v);
}

void node_state::credit(const request_key& key, uint64_t bytes) {
  if (const auto found = workers_.find(key); found != workers_.end())
    self->send(found->second.worker, atom::credit_v, bytes);
}

void node_state::drain(uint64_t job) {
  for (auto& [key, one] : workers_)
    if (key.job == job)
      self->send(one.worker, atom::drain_v);
}

/// Takes new handles. A null handle keeps the present actor: the head does not know our HTTP
/// client, and the restart of our HTTP client does not know the actors of the head.
void node_state::rewire(const wiring& now) {
  if (now.http)
    neighbours.http = now.http;
  if (!now.limiters.empty()) {
    neighbours.limiters = now.limiters;
    neighbours.cache = now.cache;
  }
  dismiss_idle(); // Idle workers get no `rewire`.
  for (auto& [key, one] : workers_)
    self->send(one.worker, atom::rewire_v, neighbours);
}

std::vector<worker_actor> node_state::workers() const {
  std::vector<worker_actor> all;
  for (auto& [key, one] : workers_)
    all.push_back(one.worker);
  return all;
}

void node_state::lose_lane(uint64_t job, uint32_t lane, const error& why) {
  const auto note = jobs_.find(job);
  if (note == jobs_.end())
    return;
  // One refusal may be about its request (a firewall, moderation); several are about the key.
  if (why.code == errc::unauthorized && !note->second.keys.refused(lane))
    return;
  if (!note->second.lost.try_emplace(lane, why).second)
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

// --- reports ---

void node_state::done(work_report what) {
  const auto ended = workers_.find(what.key);
  if (ended == workers_.end())
    return;
  if (hedging.is_on() && what.outcome) {
    const auto& o = *what.outcome;
    hedging.count(o.attempts - std::min(o.attempts, ended->second.request.attempts_before));
    if (o.state == core::outcome_state::completed && !o.cached && what.last_attempt > duration{})
      hedging.learn(ended->second.model, what.last_attempt);
  }
  // A dead worker reports without its handle.
  if (self->current_sender() == ended->second.worker) {
    if (idle_.size() < idle_workers_max)
      idle_.push_back(std::move(ended->second.worker));
    else
      caf::anon_send_exit(ended->second.worker, caf::exit_reason::kill);
  }
  if (what.outcome && what.outcome->state == core::outcome_state::completed)
    for (auto lane : what.lanes)
      jobs_[what.key.job].keys.answered(lane);
  workers_.erase(ended);
  --jobs_[what.key.job].running;
  if (!head_lanes.empty())
    for (auto& lane : what.lanes)
      lane = lane < head_lanes.size() ? head_lanes[lane] : UINT32_MAX;
  report(std::move(what));
}

/// A worker that dies with a request reports it as lost before this message. A worker that died
/// between two requests, or before it read the next one, reports nothing.
void node_state::worker_down(const caf::actor_addr& who) {
  std::erase_if(idle_, [&](const auto& worker) { return worker.address() == who; });
  for (auto it = workers_.begin(); it != workers_.end(); ++it) {
    if (it->second.worker.address() != who)
      continue;
    const auto lost = std::move(it->second);
    workers_.erase(it);
    --jobs_[lost.request.key.job].running;
    report_unstarted(lost.request, lost.ran_as, report_kind::lost,
                     {errc::internal, "its worker had died"});
    return;
  }
}

void node_state::report(work_report what) {
  jobs_[what.key.job].reports.push_back(std::move(what));
  // The flush comes after all reports that are in the mailbox already.
  if (!flush_pending_) {
    flush_pending_ = true;
    self->send(self, atom::flush_v);
  }
}

void node_state::flush() {
  flush_pending_ = false;
  for (auto& [job, note] : jobs_) {
    if (note.reports.empty())
      continue;
    std::map<uint32_t, uint32_t> freed;
    for (auto& report : note.reports)
      ++freed[life_of(report.key.epoch)];
    send_reports(note);
    for (auto [life, slots] : freed)
      self->send(engine, atom::freed_v, slot_return{job, id, slots, life});
  }
  forget_idle_jobs();
  try_leave();
}

/// Sends the reports of a job in messages of at most `report_bytes_max`, or of one report.
void node_state::send_reports(job_note& note) {
  report_batch batch{id, {}};
  size_t bytes = 0;
  for (auto& report : note.reports) {
    const auto size = report.outcome && report.outcome->body ? report.outcome->body->size() : 0;
    if (!batch.reports.empty() && bytes + size > report_bytes_max) {
      self->send(note.to, atom::report_v, std::move(batch));
      batch = {id, {}};
      bytes = 0;
    }
    bytes += size;
    batch.reports.push_back(std::move(report));
  }
  note.reports.clear();
  self->send(note.to, atom::report_v, std::move(batch));
}

/// Forgets jobs without work here. Jobs with lost lanes are forgotten only if there are many,
/// because asking those lanes again costs an attempt.
void node_state::forget_idle_jobs() {
  size_t idle = 0;
  for (auto it = jobs_.end(); it != jobs_.begin();) {
    --it;
    const auto& note = it->second;
    if (note.running == 0 && (note.lost.empty() || ++idle > idle_notes_max))
      it = jobs_.erase(it);
  }
}

// --- the head ---

void node_state::hold_lease(core::lease_limits limits) {
  limits_ = limits;
  lease_ = core::lease{limits, self->clock().now()};
  shared_lease_ = std::make_shared<work_lease>(lease_.until());
  beat();
}

/// The head has answered a heartbeat.
void node_state::answered(uint64_t number) {
  if (!shared_lease_)
    return;
  lease_.answered(number);
  shared_lease_->renew(lease_.until());
}

/// Sends a heartbeat, or ends if the lease is over.
void node_state::beat() {
  if (!shared_lease_)
    return;
  if (lease_.is_over(self->clock().now()))
    return fence("the head was not heard for " + core::format_duration(limits_.lost_after));
  send_beat();
  self->delayed_send(self, limits_.heartbeat, atom::heartbeat_v);
}

void node_state::send_beat() {
  node_beat sign;
  sign.node = id;
  sign.number = lease_.beat(self->clock().now());
  sign.running = static_cast<uint32_t>(workers_.size());
  sign.draining = draining_;
  self->send(engine, atom::heartbeat_v, sign);
}

void node_state::fence(const std::string& why) {
  self->quit(to_caf({errc::unavailable, why + "; what it gave us is given up"}));
}

void node_state::leave(duration grace_period) {
  if (!std::exchange(draining_, true)) {
    if (shared_lease_)
      send_beat(); // Tells the head at once.
    for (auto& [key, one] : workers_)
      self->send(one.worker, atom::drain_v);
    if (grace_period > duration{})
      self->delayed_send(self, grace_period, atom::leave_v, caf::timespan{});
  }
  if (grace_period <= duration{})
    for (auto& [key, one] : workers_)
      self->send(one.worker, atom::abort_v);
  try_leave();
}

/// Leaves when everything is reported. The engine takes back assignments that are still on their
/// way.
void node_state::try_leave() {
  if (!draining_ || !workers_.empty() || flush_pending_)
    return;
  self->send(engine, atom::leave_v, id);
  self->quit();
}

namespace {

node_actor::behavior_type behavior(node_actor::stateful_pointer<node_state> self) {
  return {
    [self](atom::assign, const assignment& work) {
      if (auto from = caf::actor_cast<report_taker_actor>(self->current_sender()))
        self->state.assign(work, std::move(from));
    },
    [self](atom::abort, uint64_t job) { self->state.abort(job); },
    [self](atom::abort, const request_key& key) { self->state.abort(key); },
    [self](atom::credit, const request_key& key, uint64_t bytes) {
      self->state.credit(key, bytes);
    },
    [self](atom::drain, uint64_t job) { self->state.drain(job); },
    [self](atom::rewire, const wiring& now) { self->state.rewire(now); },
    [self](atom::done, work_report& report) { self->state.done(std::move(report)); },
    [self](atom::dead, uint64_t job, uint32_t lane, const error& why) {
      self->state.lose_lane(job, lane, why);
    },
    [self](atom::hedge, const request_key& key) { self->state.hedge(key); },
    [self](atom::flush) { self->state.flush(); },
    [self](atom::heartbeat, uint64_t beat) { self->state.answered(beat); },
    [self](atom::heartbeat) { self->state.beat(); },
    [self](atom::leave, caf::timespan grace_period) { self->state.leave(grace_period); },
  };
}

void set_up(node_actor::stateful_pointer<node_state> self, uint64_t id, engine_actor engine,
            std::shared_ptr<const worker_setup> setup, wiring neighbours) {
  auto& st = self->state;
  st.self = self;
  st.id = id;
  st.engine = std::move(engine);
  st.setup = std::move(setup);
  st.neighbours = std::move(neighbours);
  st.hedging = core::hedge_policy{st.setup->hedging};
}

} // namespace

node_actor::behavior_type node(node_actor::stateful_pointer<node_state> self, uint64_t id,
                               uint32_t slots, engine_actor engine,
                               std::shared_ptr<const worker_setup> setup, wiring neighbours) {
  set_up(self, id, engine, std::move(setup), std::move(neighbours));
  self->set_down_handler(
    [self](const caf::down_msg& down) { self->state.worker_down(down.source); });
  self->send(engine, atom::join_v, node_actor{self}, id, slots);
  return behavior(self);
}

node_actor::behavior_type remote_node(node_actor::stateful_pointer<node_state> self,
                                      node_welcome welcome, engine_actor engine,
                                      std::shared_ptr<const worker_setup> setup,
                                      http_client_actor http) {
  auto neighbours = std::move(welcome.neighbours);
  neighbours.http = std::move(http);
  set_up(self, welcome.node, engine, std::move(setup), std::move(neighbours));
  self->set_down_handler([self](const caf::down_msg& down) {
    if (down.source == self->state.engine.address())
      self->state.fence("the connection to the head broke");
    else
      self->state.worker_down(down.source);
  });
  self->monitor(engine);
  self->send(engine, atom::join_v, node_actor{self}, welcome.node);
  self->state.head_lanes = std::move(welcome.lanes);
  self->state.hold_lease({welcome.heartbeat, welcome.lost_after});
  return behavior(self);
}

} // namespace penstock::actors
