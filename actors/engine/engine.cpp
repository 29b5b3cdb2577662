#include "actors/engine/engine.hpp"

#include "actors/engine/engine_views.hpp"
#include "actors/job/coordinator.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

/// Opens one job on its own thread, because it reads and hashes files.
opener_actor::behavior_type opener(opener_actor::pointer self, engine_actor engine, uint64_t job,
                                   std::shared_ptr<job_launcher> launcher) {
  self->send(self, atom::open_v);
  return {[=](atom::open) {
    opened_job answer;
    answer.job = job;
    if (auto parts = launcher->launch(self->system()))
      answer.parts = std::make_shared<job_parts>(std::move(*parts));
    else
      answer.cause = parts.error();
    self->send(engine, atom::open_v, answer);
    self->quit();
  }};
}

/// Whether it may help to open the job again after `code`.
bool can_restart(errc code) { return code == errc::internal; }

} // namespace

/// The number of a life wraps around, because epochs have 12 bits for it; 0 is never used. No
/// result is as old as 4,095 lives.
uint32_t engine_state::incarnation_of(uint32_t life) {
  constexpr uint32_t lives = (1u << (32 - epoch_bits)) - 1;
  return (life - 1) % lives + 1;
}

void engine_state::send_stop(stop_request what, const coordinator_actor& to) {
  switch (what) {
  case stop_request::none: break;
  case stop_request::drain: self->send(to, atom::drain_v); break;
  case stop_request::abort: self->send(to, atom::abort_v); break;
  case stop_request::cancel: self->send(to, atom::cancel_v); break;
  }
}

engine_state::~engine_state() {
  for (auto& [id, record] : jobs_)
    for (auto& part : record.alive)
      if (auto alive = caf::actor_cast<caf::actor>(part))
        caf::anon_send_exit(alive, caf::exit_reason::kill);
}

void engine_state::start(engine_setup setup) {
  setup_ = std::move(setup);
  random_.seed((uint64_t{std::random_device{}()} << 32) | std::random_device{}());
  nodes_ = core::node_table{setup_.lease, setup_.lanes, random_()};
  if (!setup_.store)
    return;
  next_job_ = local_jobs_begin;
  take_up_all();
}

// --- opening ---

uint64_t engine_state::submit(local_submission job) {
  const auto id = next_job_++;
  auto& record = jobs_[id];
  record.options = std::move(job.options);
  record.launcher = std::move(job.launcher);
  record.restarts = core::restart_policy{setup_.restarts};
  record.asked = stopping_ ? stop_request::abort : stop_request::none;
  open(id);
  return id;
}

void engine_state::open(uint64_t job) {
  auto& record = jobs_[job];
  record.death.reset();
  if (record.stored) {
    open_stored(job);
    return;
  }
  record.incarnation = incarnation_of(record.incarnation + 1);
  // The scheduler of tests has no threads, and no call blocks there.
  if (self->system().scheduler().detaches_utility_actors())
    self->spawn<caf::detached>(opener, engine_actor{self}, job, record.launcher);
  else
    self->spawn(opener, engine_actor{self}, job, record.launcher);
}

engine_state::job_record* engine_state::find_running(uint64_t job) {
  auto it = jobs_.find(job);
  return it == jobs_.end() || it->second.ended ? nullptr : &it->second;
}

void engine_state::opened(const opened_job& what) {
  if (!find_running(what.job))
    return;
  if (what.parts)
    begin(what.job, what.parts);
  else
    end_unopened(what.job, what.cause);
}

void engine_state::begin(uint64_t job, std::shared_ptr<job_parts> parts) {
  auto& record = jobs_[job];
  parts->before.restarts += record.restarts.restarts();
  watch(job, parts->source.address());
  watch(job, parts->sink.address());
  if (parts->store)
    watch(job, parts->store.address());
  slots_.add_job(job, record.options.tenant, record.options.priority, record.options.in_flight_max);
  record.coordinator = self->spawn(actors::coordinator, job, engine_actor{self}, record.options,
                                   parts, record.incarnation);
  watch(job, record.coordinator.address());
  send_stop(record.asked, record.coordinator);
}

/// The files of the job or the store stay unchanged: only the engine knows that it did not run.
void engine_state::end_unopened(uint64_t job, error why) {
  auto p = jobs_[job].progress;
  p.state = job_state::aborted;
  p.cause = std::move(why);
  end(job, std::move(p));
}

void engine_state::watch(uint64_t job, const caf::actor_addr& part) {
  if (jobs_[job].alive.insert(part).second) {
    parts_[part] = job;
    self->monitor(part);
  }
}

// --- deaths ---

void engine_state::down(const caf::down_msg& msg) {
  if (lose(msg))
    return;
  const auto part = parts_.extract(msg.source);
  const auto found = part ? jobs_.find(part.mapped()) : jobs_.end();
  // A retry may have started the job again since, with other actors.
  if (found == jobs_.end() || found->second.alive.erase(msg.source) == 0)
    return;
  auto& record = found->second;
  if (!record.ended && msg.reason != caf::exit_reason::user_shutdown) {
    const auto why = from_caf(msg.reason);
    // The first death is the cause; the other actors die by their links.
    if (!record.death || (can_restart(record.death->code) && !can_restart(why.code)))
      record.death = why;
    for (auto& part : record.alive)
      if (auto alive = caf::actor_cast<caf::actor>(part))
        caf::anon_send_exit(alive, caf::exit_reason::kill);
  }
  if (record.alive.empty())
    parts_down(found->first);
}

void engine_state::parts_down(uint64_t job) {
  auto& record = jobs_[job];
  if (record.ended)
    return;
  record.coordinator = nullptr;
  slots_.remove_job(job);
  // Abort the requests of the dead coordinator, because their reports have no receiver.
  for (auto& [id, node] : node_actors_)
    self->send(node, atom::abort_v, job);
  const auto cause = record.death.value_or(error{errc::internal, "an actor of the job died"});
  if (can_restart(cause.code) && record.restarts.on_failure(self->clock().now())) {
    open(job);
    return;
  }
  job_progress p;
  p.state = job_state::aborted;
  p.cause = cause;
  if (record.stored)
    end_stored(job, std::move(p));
  else
    end(job, std::move(p));
}

// --- ends ---

void engine_state::finished(uint64_t job, job_progress progress) {
  auto* record = find_running(job);
  if (!record)
    return;
  if (record->stored)
    end_stored(job, std::move(progress));
  else
    end(job, std::move(progress));
}

void engine_state::end(uint64_t job, job_progress progress) {
  auto& record = jobs_[job];
  close(job, std::move(progress));
  record.ending = false;
  record.launcher.reset();
  tell_waiters(job, record.progress);
  ended_.push_back(job);
  if (ended_.size() > ended_max) {
    if (auto oldest = jobs_.find(ended_.front()); oldest != jobs_.end() && oldest->second.ended)
      jobs_.erase(oldest);
    ended_.pop_front();
  }
  tell_if_idle();
}

/// No actor of the job runs any more. The end is not reported yet.
void engine_state::close(uint64_t job, job_progress progress) {
  auto& record = jobs_[job];
  record.ended = record.ending = true;
  record.coordinator = nullptr;
  record.progress = std::move(progress);
  slots_.remove_job(job);
  distribute();
}

caf::result<job_progress> engine_state::wait(uint64_t job) {
  auto it = jobs_.find(job);
  if (it != jobs_.end() && it->second.ended && !it->second.ending)
    return it->second.progress;
  if (it == jobs_.end() && job != all_jobs && !setup_.reader)
    return to_caf({errc::not_found, "no job " + std::to_string(job)});
  auto promise = self->make_response_promise<job_progress>();
  waiters_[job].push_back(promise);
  if (job == all_jobs)
    tell_if_idle();
  else if (it == jobs_.end())
    ask_store_for_end(job);
  return promise;
}

/// Answers `wait` for all jobs.
void engine_state::tell_if_idle() {
  job_progress stopped;
  stopped.state = job_state::interrupted;
  if (waiters_.contains(all_jobs) &&
      std::none_of(jobs_.begin(), jobs_.end(), [](auto& x) { return is_under_way(x.second); }))
    tell_waiters(all_jobs, stopped);
}

void engine_state::tell_waiters(uint64_t job, const job_progress& progress) {
  if (events_ && job != all_jobs)
    self->send(events_, atom::finished_v, job);
  if (auto waiting = waiters_.extract(job))
    for (auto& waiter : waiting.mapped())
      waiter.deliver(progress);
}

void engine_state::tell_waiters(uint64_t job, const caf::error& why) {
  if (auto waiting = waiters_.extract(job))
    for (auto& waiter : waiting.mapped())
      waiter.deliver(why);
}

// --- requests to stop ---

void engine_state::tell(uint64_t job, stop_request what) {
  if (job == all_jobs) {
    stopping_ = true;
    for (auto& [id, record] : jobs_)
      if (!record.ended)
        tell(id, what);
    return;
  }
  auto* record = find_running(job);
  if (!record)
    return;
  record->asked = what;
  if (record->coordinator)
    send_stop(what, record->coordinator);
}

// --- slots ---

void engine_state::demand(uint64_t job, uint32_t ready) {
  slots_.set_demand(job, ready);
  distribute();
}

void engine_state::distribute() {
  for (auto& grant : slots_.schedule()) {
    auto job = jobs_.find(grant.job);
    auto node = node_actors_.find(grant.node);
    if (job != jobs_.end() && job->second.coordinator && node != node_actors_.end())
      self->send(job->second.coordinator, atom::slots_v, node->second, grant.node, grant.slots);
    else
      slots_.give_back(grant.job, grant.node, grant.slots);
  }
}

// --- looking ---

engine_snapshot engine_state::snapshot(const snapshot_query& query) const {
  engine_snapshot out;
  const auto add = [&](uint64_t id, const job_record& job) {
    out.jobs.push_back({id, job.options.tenant, job.options.priority, job.stored, job.ended,
                        job.coordinator, job.progress});
  };
  for (auto id : query.jobs)
    if (auto it = jobs_.find(id); it != jobs_.end())
      add(id, it->second);
  if (query.by_value)
    for (auto& [id, job] : jobs_)
      if (job.stored && job.coordinator)
        add(id, job);
  const auto& filter = query.files;
  size_t files = 0;
  for (auto it = jobs_.rbegin(); it != jobs_.rend() && files < filter.count_max; ++it) {
    const auto& [id, job] = *it;
    if (job.stored || (filter.before > 0 && id >= filter.before) ||
        (!filter.tenant.empty() && filter.tenant != job.options.tenant) ||
        (filter.active_only && job.ended))
      continue;
    add(id, job);
    ++files;
  }
  out.limiters = wiring_.limiters;
  out.stopping = stopping_;
  out.why_no_slots = nodes_.why_no_slots();
  out.free_slots = slots_.free_slots();
  return out;
}

const engine_views_actor& engine_state::views() {
  if (!views_)
    views_ =
      self->spawn<caf::linked>(engine_views, engine_actor{self}, setup_.reader, setup_.lanes);
  return views_;
}

engine_actor::behavior_type engine(engine_actor::stateful_pointer<engine_state> self,
                                   engine_setup setup) {
  self->state.self = self;
  self->set_down_handler([self](const caf::down_msg& msg) { self->state.down(msg); });
  self->state.start(std::move(setup));
  return {
    [self](atom::submit, local_submission& job) { return self->state.submit(std::move(job)); },
    [self](atom::submit, submission& job) { return self->state.submit(std::move(job)); },
    [self](atom::add, submission_part& part) { return self->state.add(std::move(part)); },
    [self](atom::status, uint64_t job) {
      return self->delegate(self->state.views(), atom::status_v, job);
    },
    [self](atom::info, uint64_t job) {
      return self->delegate(self->state.views(), atom::info_v, job);
    },
    [self](atom::jobs, const job_filter& which) {
      return self->delegate(self->state.views(), atom::jobs_v, which);
    },
    [self](atom::wait, uint64_t job) { return self->state.wait(job); },
    [self](atom::results, const results_query& query) { return self->state.results(query); },
    [self](atom::subscribe, const subscription& what) { self->state.subscribe(what); },
    [self](atom::subscribe, const event_query& what) { self->state.subscribe(what); },
    [self](atom::credit, uint32_t events) { self->state.credit(events); },
    [self](atom::credit, uint64_t job, uint32_t more) { self->state.credit(job, more); },
    [self](atom::drain, uint64_t job) { self->state.tell(job, engine_state::stop_request::drain); },
    [self](atom::abort, uint64_t job) { self->state.tell(job, engine_state::stop_request::abort); },
    [self](atom::cancel, uint64_t job) { return self->state.cancel(job); },
    [self](atom::retry, uint64_t job) { return self->state.retry(job); },
    [self](atom::nodes) { return self->state.nodes(); },
    [self](atom::lanes) { return self->delegate(self->state.views(), atom::lanes_v); },
    [self](atom::tenants) { return self->delegate(self->state.views(), atom::tenants_v); },
    [self](atom::join, node_actor node, uint64_t id, uint32_t slots) {
      self->state.join(std::move(node), id, slots);
    },
    [self](atom::join, const node_offer& offer) { return self->state.offer(offer); },
    [self](atom::join, node_actor node, uint64_t id) { self->state.join(std::move(node), id); },
    [self](atom::heartbeat, const node_beat& sign) { self->state.beat(sign); },
    [self](atom::leave, uint64_t id) { self->state.leave(id); },
    [self](atom::freed, const slot_return& slots) { self->state.freed(slots); },
    [self](atom::refused, uint64_t node, const error& why) { self->state.doubt(node, why); },
    [self](atom::demand, uint64_t job, uint32_t ready) { self->state.demand(job, ready); },
    [self](atom::finished, uint64_t job, job_progress& progress) {
      self->state.finished(job, std::move(progress));
    },
    [self](atom::rewire, const wiring& now) { self->state.rewire(now); },
    [self](atom::attach, live_desk_actor desk) { self->state.attach(std::move(desk)); },
    [self](atom::snapshot, const snapshot_query& what) { return self->state.snapshot(what); },
    [self](atom::open, const opened_job& what) { self->state.opened(what); },
    [self](atom::wake) { self->state.wake(); },
  };
}

} // namespace penstock::actors
