#include "tests/support/engine_world.hpp"

#include "actors/job/coordinator.hpp"
#include "actors/engine/engine.hpp"
#include "actors/node/node.hpp"
#include "actors/lane/rate_limiter.hpp"

namespace penstock::test {

namespace {

/// The state behind `handle`, or null if the actor is gone.
template <class State, class Handle>
State* state_of(const Handle& handle) {
  auto* actor = caf::actor_cast<typename Handle::template stateful_pointer<State>>(handle);
  return actor && !actor->getf(caf::abstract_actor::is_terminated_flag) ? &actor->state : nullptr;
}

} // namespace

engine_world::engine_world(uint32_t seed, world_options options)
    : rng{seed}, options_{options}, setup_{std::make_shared<actors::worker_setup>()} {
  setup_->upstreams.emplace_back();
  setup_->upstreams[0].protocol = core::find_protocol("openai");
  setup_->upstreams[0].base_url = "http://upstream";
  setup_->routes = core::route_table{{{"default", 0, {}}}};
  engine = spawn(actors::engine, actors::engine_setup{});
  limiter = spawn(actors::rate_limiter, options_.lane, false);
  http = spawn(fake_http, upstream);
  start_node();
  began = now();
}

engine_world::~engine_world() {
  if (files)
    *files = {}; // The handles in it would keep the actors alive, and the actors the files.
}

void engine_world::start_node() {
  node = spawn(actors::node, ++nodes_, options_.slots, engine,
               std::shared_ptr<const actors::worker_setup>{setup_}, wiring{http, {limiter}});
}

void engine_world::submit(std::shared_ptr<memory_files> to, job_options options) {
  files = std::move(to);
  local_submission job;
  job.options = std::move(options);
  job.launcher = std::make_shared<memory_launcher>(files);
  auto pending = self->request(engine, caf::infinite, atom::submit_v, job);
  // Only the engine is needed for the answer, so other messages wait.
  sched.run_jobs_filtered([&](caf::resumable* r) {
    return r == dynamic_cast<caf::resumable*>(caf::actor_cast<caf::abstract_actor*>(engine));
  });
  pending.receive([&](uint64_t id) { job_ = id; }, [](const caf::error&) {});
  ended_ = std::make_shared<std::optional<job_progress>>();
  spawn([engine = engine, id = job_, ended = ended_](caf::event_based_actor* waiter) {
    waiter->request(engine, caf::infinite, atom::wait_v, id)
      .then([=](const job_progress& p) { *ended = p; }, [](const caf::error&) {});
  });
}

bool engine_world::step() {
  auto& jobs = sched.jobs;
  if (!jobs.empty()) {
    std::swap(jobs.front(), jobs[rng() % jobs.size()]);
    sched.run_once();
    return true;
  }
  return sched.trigger_timeout();
}

bool engine_world::run_job(size_t steps_max) {
  while (steps_max-- > 0 && !*ended_)
    if (!step())
      return false;
  return ended_->has_value();
}

void engine_world::settle_down() { run(); }

void engine_world::rewire() { self->send(node, atom::rewire_v, wiring{http, {limiter}}); }

void engine_world::kill_worker() {
  auto* st = state_of<actors::node_state>(node);
  if (!st)
    return;
  const auto workers = st->workers();
  if (!workers.empty())
    caf::anon_send_exit(workers[rng() % workers.size()], caf::exit_reason::kill);
}

void engine_world::kill_limiter() {
  caf::anon_send_exit(limiter, caf::exit_reason::kill);
  limiter = spawn(actors::rate_limiter, options_.lane, true);
  rewire();
}

void engine_world::kill_http() {
  caf::anon_send_exit(http, caf::exit_reason::kill);
  http = spawn(fake_http, upstream);
  rewire();
}

void engine_world::kill_node() {
  caf::anon_send_exit(node, caf::exit_reason::kill);
  start_node();
}

void engine_world::kill_part(const caf::actor& part) {
  if (part)
    caf::anon_send_exit(part, caf::exit_reason::kill);
}

void engine_world::kill_collector() {
  if (!files->coordinator)
    return;
  auto* st =
    state_of<actors::coordinator_state>(caf::actor_cast<coordinator_actor>(files->coordinator));
  if (st)
    kill_part(caf::actor_cast<caf::actor>(st->collector));
}

size_t engine_world::workers() const {
  auto* st = state_of<actors::node_state>(node);
  return st ? st->workers().size() : 0;
}

} // namespace penstock::test
