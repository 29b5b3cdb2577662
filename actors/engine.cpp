#include "actors/engine.hpp"

#include "actors/coordinator.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

/// Opens one job on a thread of its own: it reads and hashes files.
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

/// Whether opening the job again may help after `code`.
bool can_restart(errc code) { return code == errc::internal; }

} // namespace

engine_state::~engine_state() {
  for (auto& [id, record] : jobs_)
    for (auto& part : record.alive)
      if (auto alive = caf::actor_cast<caf::actor>(part))
        caf::anon_send_exit(alive, caf::exit_reason::kill);
}

uint64_t engine_state::submit(local_submission job) {
  const auto id = next_job_++;
  auto& record = jobs_[id];
  record.options = std::move(job.options);
  record.launcher = std::move(job.launcher);
  open(id);
  return id;
}

void engine_state::open(uint64_t job) {
  auto& record = jobs_[job];
  ++record.incarnation;
  record.death.reset();
  // Under a test's scheduler there are no threads, and nothing blocks.
  if (self->system().scheduler().detaches_utility_actors())
    self->spawn<caf::detached>(opener, engine_actor{self}, job, record.launcher);
  else
    self->spawn(opener, engine_actor{self}, job, record.launcher);
}

void engine_state::opened(const opened_job& what) {
  auto it = jobs_.find(what.job);
  if (it == jobs_.end() || it->second.ended)
    return;
  auto& record = it->second;
  if (!what.parts) {
    job_progress p = record.progress;
    p.state = job_state::aborted;
    p.cause = what.cause;
    end(what.job, std::move(p));
    return;
  }
  auto parts = what.parts;
  parts->before.restarts = record.restarts.restarts();
  watch(record, parts->source.address());
  watch(record, parts->sink.address());
  if (parts->store)
    watch(record, parts->store.address());
  slots_.add_job(what.job, record.options.tenant, record.options.priority,
                 record.options.in_flight_max);
  record.coordinator = self->spawn(actors::coordinator, what.job, engine_actor{self},
                                   record.options, parts, record.incarnation);
  watch(record, record.coordinator.address());
  if (record.asked)
    record.asked(*this, record.coordinator);
}

void engine_state::watch(job_record& job, const caf::actor_addr& part) {
  self->monitor(part);
  job.alive.insert(part);
}

void engine_state::down(const caf::down_msg& msg) {
  for (auto& [id, node] : nodes_)
    if (node.address() == msg.source) {
      const auto lost = id;
      nodes_.erase(lost);
      slots_.remove_node(lost);
      for (auto& [job, record] : jobs_)
        if (record.coordinator)
          self->send(record.coordinator, atom::lost_v, lost);
      return;
    }
  for (auto& [id, record] : jobs_) {
    if (record.alive.erase(msg.source) == 0)
      continue;
    if (!record.ended && msg.reason != caf::exit_reason::user_shutdown) {
      const auto why = from_caf(msg.reason);
      // The first death names the cause; the others follow by their links.
      if (!record.death || (can_restart(record.death->code) && !can_restart(why.code)))
        record.death = why;
      if (record.coordinator)
        caf::anon_send_exit(record.coordinator, caf::exit_reason::kill);
      for (auto& part : record.alive)
        if (auto alive = caf::actor_cast<caf::actor>(part))
          caf::anon_send_exit(alive, caf::exit_reason::kill);
    }
    if (record.alive.empty())
      parts_down(id);
    return;
  }
}

void engine_state::parts_down(uint64_t job) {
  auto& record = jobs_[job];
  if (record.ended)
    return;
  record.coordinator = nullptr;
  slots_.remove_job(job);
  // What still runs for the dead coordinator has nobody to report to.
  for (auto& [id, node] : nodes_)
    self->send(node, atom::abort_v, job);
  const auto cause = record.death.value_or(error{errc::internal, "an actor of the job died"});
  if (can_restart(cause.code) && record.restarts.on_failure(self->clock().now())) {
    open(job);
    return;
  }
  job_progress p;
  p.state = job_state::aborted;
  p.cause = cause;
  end(job, std::move(p));
}

void engine_state::end(uint64_t job, job_progress progress) {
  auto& record = jobs_[job];
  record.ended = true;
  record.coordinator = nullptr;
  record.launcher.reset();
  record.progress = std::move(progress);
  slots_.remove_job(job);
  for (auto& waiter : record.waiters)
    waiter.deliver(record.progress);
  record.waiters.clear();
  if (jobs_.size() > ended_max) {
    auto oldest = std::find_if(jobs_.begin(), jobs_.end(), [](auto& x) { return x.second.ended; });
    if (oldest != jobs_.end() && oldest->first != job)
      jobs_.erase(oldest);
  }
  distribute();
}

void engine_state::finished(uint64_t job, job_progress progress) {
  if (auto it = jobs_.find(job); it != jobs_.end() && !it->second.ended)
    end(job, std::move(progress));
}

void engine_state::join(node_actor node, uint64_t id, uint32_t slots) {
  self->monitor(node);
  nodes_[id] = std::move(node);
  slots_.add_node(id, slots);
  distribute();
}

void engine_state::freed(const slot_return& slots) {
  // What a dead life of a job had was freed with it; nodes say so once more, and later.
  if (auto it = jobs_.find(slots.job); it == jobs_.end() || it->second.incarnation != slots.life)
    return;
  slots_.give_back(slots.job, slots.node, slots.slots);
  distribute();
}

void engine_state::demand(uint64_t job, uint32_t ready) {
  slots_.set_demand(job, ready);
  distribute();
}

void engine_state::distribute() {
  for (auto& grant : slots_.schedule()) {
    auto job = jobs_.find(grant.job);
    auto node = nodes_.find(grant.node);
    if (job != jobs_.end() && job->second.coordinator && node != nodes_.end())
      self->send(job->second.coordinator, atom::slots_v, node->second, grant.node, grant.slots);
    else
      slots_.give_back(grant.job, grant.node, grant.slots);
  }
}

caf::result<job_progress> engine_state::status(uint64_t job) {
  auto it = jobs_.find(job);
  if (it == jobs_.end())
    return to_caf({errc::invalid_input, "no job " + std::to_string(job)});
  if (!it->second.coordinator)
    return it->second.progress;
  return self->delegate(it->second.coordinator, atom::status_v);
}

caf::result<job_progress> engine_state::wait(uint64_t job) {
  auto it = jobs_.find(job);
  if (it == jobs_.end())
    return to_caf({errc::invalid_input, "no job " + std::to_string(job)});
  if (it->second.ended)
    return it->second.progress;
  auto promise = self->make_response_promise<job_progress>();
  it->second.waiters.push_back(promise);
  return promise;
}

void engine_state::tell(uint64_t job, wish what) {
  auto it = jobs_.find(job);
  if (it == jobs_.end() || it->second.ended)
    return;
  it->second.asked = what;
  if (it->second.coordinator)
    what(*this, it->second.coordinator);
}

engine_actor::behavior_type engine(engine_actor::stateful_pointer<engine_state> self) {
  self->state.self = self;
  self->set_down_handler([self](const caf::down_msg& msg) { self->state.down(msg); });
  return {
    [self](atom::submit, local_submission& job) { return self->state.submit(std::move(job)); },
    [self](atom::submit, submission&) { return self->state.not_here<job_ticket>(); },
    [self](atom::add, submission_part&) { return self->state.not_here<job_ticket>(); },
    [self](atom::status, uint64_t job) { return self->state.status(job); },
    [self](atom::info, uint64_t) { return self->state.not_here<job_info>(); },
    [self](atom::jobs, const job_filter&) { return self->state.not_here<std::vector<job_info>>(); },
    [self](atom::wait, uint64_t job) { return self->state.wait(job); },
    [self](atom::results, const results_query&) { return self->state.not_here<results_page>(); },
    [](atom::subscribe, const subscription&) {},
    [](atom::credit, uint64_t, uint32_t) {},
    [self](atom::drain, uint64_t job) {
      self->state.tell(job, [](auto& st, auto& to) { st.self->send(to, atom::drain_v); });
    },
    [self](atom::abort, uint64_t job) {
      self->state.tell(job, [](auto& st, auto& to) { st.self->send(to, atom::abort_v); });
    },
    [self](atom::cancel, uint64_t job) {
      self->state.tell(job, [](auto& st, auto& to) { st.self->send(to, atom::cancel_v); });
      return true;
    },
    [self](atom::retry, uint64_t) { return self->state.not_here<uint64_t>(); },
    [self](atom::nodes) { return self->state.not_here<std::vector<node_info>>(); },
    [self](atom::lanes) { return self->state.not_here<std::vector<lane_info>>(); },
    [self](atom::tenants) { return self->state.not_here<std::vector<tenant_counts>>(); },
    [self](atom::join, node_actor node, uint64_t id, uint32_t slots) {
      self->state.join(std::move(node), id, slots);
    },
    [self](atom::join, const node_offer&) { return self->state.not_here<node_welcome>(); },
    [](atom::join, const node_actor&, uint64_t) {},
    [](atom::heartbeat, const node_beat&) {},
    [](atom::leave, uint64_t) {},
    [self](atom::freed, const slot_return& slots) { self->state.freed(slots); },
    [self](atom::demand, uint64_t job, uint32_t ready) { self->state.demand(job, ready); },
    [self](atom::finished, uint64_t job, job_progress& progress) {
      self->state.finished(job, std::move(progress));
    },
    [](atom::rewire, const wiring&) {},
    [self](atom::open, const opened_job& what) { self->state.opened(what); },
    [](atom::wake) {},
  };
}

} // namespace penstock::actors
