#include "tests/support/cluster_world.hpp"

#include "actors/job/coordinator.hpp"
#include "actors/engine/engine.hpp"
#include "actors/node/node.hpp"
#include "actors/lane/rate_limiter.hpp"
#include "messages/errors.hpp"

#include <algorithm>

namespace penstock::test {

using namespace std::chrono_literals;

namespace {

struct host_state {
  static inline const char* name = "host";
  node_actor node;
};

/// Keeps a node of its process in the cluster: sends an offer, spawns the node, and sends an offer
/// again when the node has lost its head.
caf::behavior host(caf::stateful_actor<host_state>* self, cluster_world* world, size_t i,
                   uint32_t slots, std::shared_ptr<const actors::worker_setup> setup,
                   http_client_actor http) {
  self->set_down_handler([=](const caf::down_msg& msg) {
    self->state.node = nullptr;
    world->host_lost(i, msg.reason);
    if (msg.reason)
      self->delayed_send(self, std::chrono::milliseconds{100 + world->rng() % 400}, atom::spawn_v);
  });
  self->send(self, atom::spawn_v);
  return {[=](atom::spawn) {
    const auto again = [=] { self->delayed_send(self, 300ms, atom::spawn_v); };
    const auto engine = world->connect(i);
    if (!engine)
      return again();
    self
      ->request(engine, 3s, atom::join_v,
                node_offer{"n" + std::to_string(i), "1", slots, {"default"}})
      .then(
        [=](node_welcome& welcome) {
          self->state.node = self->spawn<caf::monitored>(actors::remote_node, std::move(welcome),
                                                         engine, setup, http);
        },
        [=](const caf::error&) { again(); });
  }};
}

template <class State, class Handle>
State* cluster_state_of(const Handle& handle) {
  if (!handle)
    return nullptr;
  auto* actor = caf::actor_cast<typename Handle::template stateful_pointer<State>>(handle);
  return actor->getf(caf::abstract_actor::is_terminated_flag) ? nullptr : &actor->state;
}

caf::resumable* job_of(const caf::actor& actor) {
  return actor ? dynamic_cast<caf::resumable*>(caf::actor_cast<caf::abstract_actor*>(actor))
               : nullptr;
}

} // namespace

cluster_world::cluster_world(uint32_t seed, cluster_options options)
    : rng{seed}, options_{std::move(options)}, setup_{std::make_shared<actors::worker_setup>()} {
  setup_->upstreams.emplace_back();
  setup_->upstreams[0].protocol = core::find_protocol("openai");
  setup_->upstreams[0].base_url = "http://upstream";
  setup_->routes = core::route_table{{{"default", 0, {}}}};
  start_head();
  processes_.resize(options_.slots.size());
  for (size_t i = 0; i < processes_.size(); ++i) {
    processes_[i].slots = options_.slots[i];
    start_node(i);
  }
}

cluster_world::~cluster_world() {
  events_.clear();
  for (size_t i = 0; i < processes_.size(); ++i)
    kill_node(i);
  events_.clear();
  for (auto& p : processes_)
    if (p.link)
      p.link->forget();
  if (files)
    *files = {};
}

// --- going on ---

node_actor cluster_world::node_of(const process& p) const {
  if (!p.host)
    return {};
  auto* host = caf::actor_cast<caf::stateful_actor<host_state>*>(p.host);
  return host->getf(caf::abstract_actor::is_terminated_flag) ? node_actor{} : host->state.node;
}

/// Whatever a stopped process would do.
std::set<caf::resumable*> cluster_world::stopped_jobs() const {
  std::set<caf::resumable*> all;
  for (auto& p : processes_) {
    if (!p.stopped)
      continue;
    all.insert(job_of(p.host));
    all.insert(job_of(caf::actor_cast<caf::actor>(p.http)));
    const auto node = node_of(p);
    all.insert(job_of(caf::actor_cast<caf::actor>(node)));
    if (auto* st = cluster_state_of<actors::node_state>(node))
      for (auto& worker : st->workers())
        all.insert(job_of(caf::actor_cast<caf::actor>(worker)));
  }
  return all;
}

std::optional<time_point> cluster_world::next_time() {
  auto next = next_timer();
  const auto consider = [&](std::optional<time_point> t) {
    if (t && (!next || *t < *next))
      next = t;
  };
  if (!events_.empty())
    consider(events_.begin()->first);
  for (auto& p : processes_)
    if (p.link)
      for (auto w : {way::to_head, way::to_node})
        consider(p.link->due(w));
  return next;
}

bool cluster_world::step() {
  if (!events_.empty() && events_.begin()->first <= now()) {
    auto event = events_.extract(events_.begin());
    event.mapped()();
    return true;
  }
  auto& jobs = sched.jobs;
  const auto stopped = stopped_jobs();
  std::vector<size_t> ready;
  for (size_t i = 0; i < jobs.size(); ++i)
    if (stopped.count(jobs[i]) == 0)
      ready.push_back(i);
  std::vector<std::pair<process_link*, way>> links;
  for (auto& p : processes_)
    for (auto w : {way::to_head, way::to_node})
      if (p.link && p.link->due(w).value_or(time_point::max()) <= now())
        links.emplace_back(p.link.get(), w);
  if (const auto n = ready.size() + links.size()) {
    const auto pick = rng() % n;
    if (pick < ready.size()) {
      std::swap(jobs.front(), jobs[ready[pick]]);
      sched.run_once();
    } else {
      auto [link, w] = links[pick - ready.size()];
      link->deliver(w);
    }
    return true;
  }
  const auto next = next_time();
  if (!next)
    return false;
  if (next == next_timer())
    sched.trigger_timeout();
  else
    sched.clock().current_time = std::max(now(), *next);
  return true;
}

bool cluster_world::run_job(duration span_max) {
  const auto end = now() + span_max;
  while (!*ended_ && now() < end && step()) {
  }
  return ended_->has_value();
}

void cluster_world::pass(duration span) {
  bool over = false;
  in(span, [&] { over = true; });
  while (!over && step()) {
  }
}

/// Handles what can be handled without time or links.
void cluster_world::run_now() {
  const auto stopped = stopped_jobs();
  sched.run_jobs_filtered([&](caf::resumable* job) { return stopped.count(job) == 0; });
}

template <class Result, class Handle, class Atom>
Result cluster_world::ask_head(const Handle& to, Atom what) {
  auto pending = self->request(to, caf::infinite, what);
  sched.run_jobs_filtered(
    [&](caf::resumable* job) { return job == job_of(caf::actor_cast<caf::actor>(to)); });
  Result result{};
  pending.receive([&](Result& r) { result = std::move(r); },
                  [&](const caf::error& e) { violation("no answer: " + caf::to_string(e)); });
  return result;
}

core::lane_snapshot cluster_world::lane() {
  return ask_head<core::lane_snapshot>(limiter_, atom::snapshot_v);
}

std::vector<node_info> cluster_world::known_nodes() {
  return ask_head<std::vector<node_info>>(engine_, atom::nodes_v);
}

// --- the head ---

void cluster_world::start_head() {
  ++head_lives;
  head_alive_ = true;
  grants_.clear();
  paused_until_ = {};
  epochs_.clear();
  actors::engine_setup setup;
  setup.lanes = {"default"};
  setup.announce = [this](const std::string& text) {
    const auto lost = text.find(" lost: ");
    losses += lost != std::string::npos;
    if (lost != std::string::npos && text.find("silent") != std::string::npos)
      silent_.insert(std::stoull(text.substr(text.find('(') + 1)));
  };
  engine_ = spawn(actors::engine, std::move(setup));
  limiter_ = spawn(actors::rate_limiter, options_.lane, false);
  self->send(engine_, atom::rewire_v, wiring{{}, {limiter_}});
}

bool cluster_world::kill_head() {
  if (!head_alive_)
    return false;
  head_alive_ = false;
  for (size_t i = 0; i < processes_.size(); ++i)
    break_link(i);
  for (auto& actor : {caf::actor_cast<caf::actor>(engine_), caf::actor_cast<caf::actor>(limiter_)})
    caf::anon_send_exit(actor, caf::exit_reason::kill);
  run_now(); // A dead process does not write to its files.
  return true;
}

void cluster_world::kill_limiter() {
  if (!head_alive_)
    return;
  ++limiter_lives;
  paused_until_ = {};
  caf::anon_send_exit(limiter_, caf::exit_reason::kill);
  limiter_ = spawn(actors::rate_limiter, options_.lane, true);
  self->send(engine_, atom::rewire_v, wiring{{}, {limiter_}});
}

void cluster_world::kill_part(const caf::actor& part) {
  if (part)
    caf::anon_send_exit(part, caf::exit_reason::kill);
}

void cluster_world::submit(std::shared_ptr<memory_files> to, job_options options) {
  files = std::move(to);
  epochs_.clear();
  local_submission job;
  job.options = std::move(options);
  job.launcher = std::make_shared<memory_launcher>(files);
  auto pending = self->request(engine_, caf::infinite, atom::submit_v, job);
  sched.run_jobs_filtered(
    [&](caf::resumable* r) { return r == job_of(caf::actor_cast<caf::actor>(engine_)); });
  uint64_t id = 0;
  pending.receive([&](uint64_t n) { id = n; }, [](const caf::error&) {});
  ended_ = std::make_shared<std::optional<job_progress>>();
  spawn([engine = engine_, id, ended = ended_](caf::event_based_actor* waiter) {
    waiter->request(engine, caf::infinite, atom::wait_v, id)
      .then([=](const job_progress& p) { *ended = p; }, [](const caf::error&) {});
  });
}

// --- nodes ---

void cluster_world::start_node(size_t i) {
  auto& p = processes_[i];
  if (p.alive)
    return;
  p.alive = true;
  p.stopped = false;
  p.upstream = std::make_shared<fake_upstream>();
  p.upstream->script = [this, i](const fake_upstream::call& what) { return call(i, what); };
  p.http = spawn(fake_http, p.upstream);
  p.host =
    spawn(host, this, i, p.slots, std::shared_ptr<const actors::worker_setup>{setup_}, p.http);
}

void cluster_world::kill_node(size_t i) {
  auto& p = processes_[i];
  if (!p.alive)
    return;
  break_link(i);
  p.alive = false;
  p.stopped = false;
  // A dead process sends nothing, even if its actors still run code while they end.
  p.upstream->script = [](auto&) { return completion("from the dead", -1ns); };
  if (const auto node = node_of(p)) {
    if (auto* st = cluster_state_of<actors::node_state>(node))
      for (auto& worker : st->workers())
        caf::anon_send_exit(worker, caf::exit_reason::kill);
    caf::anon_send_exit(node, caf::exit_reason::kill);
  }
  caf::anon_send_exit(p.host, caf::exit_reason::kill);
  caf::anon_send_exit(p.http, caf::exit_reason::kill);
}

void cluster_world::drain_node(size_t i, caf::timespan grace_period) {
  if (const auto node = node_of(processes_[i]))
    caf::anon_send(node, atom::leave_v, grace_period);
}

void cluster_world::cut(size_t i, way w, bool on) {
  auto& p = processes_[i];
  p.cut[static_cast<size_t>(w)] = on;
  if (p.link)
    p.link->cut(w, on);
}

void cluster_world::break_link(size_t i) {
  auto link = processes_[i].link;
  if (!link || link->is_broken())
    return;
  link->break_down();
  // Each side notices it at another time.
  for (auto w : {way::to_head, way::to_node})
    in(std::chrono::milliseconds{rng() % 1000}, [link, w] { link->tell(w); });
}

void cluster_world::kill_worker(size_t i) {
  auto* st = cluster_state_of<actors::node_state>(node_of(processes_[i]));
  if (!st || st->workers().empty())
    return;
  const auto workers = st->workers();
  kill_part(caf::actor_cast<caf::actor>(workers[rng() % workers.size()]));
}

void cluster_world::heal() {
  for (size_t i = 0; i < processes_.size(); ++i) {
    stop_node(i, false);
    cut(i, way::to_head, false);
    cut(i, way::to_node, false);
    start_node(i);
  }
}

engine_actor cluster_world::connect(size_t i) {
  auto& p = processes_[i];
  if (!p.alive || !head_alive_ || p.cut[0] || p.cut[1])
    return {};
  if (!p.link || p.link->is_broken()) {
    p.link = std::make_shared<process_link>(sys);
    watch(*p.link, i);
  }
  return p.link->proxy_of(way::to_head, engine_);
}

void cluster_world::host_lost(size_t i, const caf::error& why) {
  if (why) {
    ++fenced;
  } else {
    ++left; // Its process ends after its messages are sent.
    in(std::chrono::milliseconds{rng() % 500}, [this, i] { kill_node(i); });
    in(2s, [this, i] { start_node(i); });
  }
}

uint64_t cluster_world::number_of_node(size_t i) const {
  auto* st = cluster_state_of<actors::node_state>(node_of(processes_[i]));
  return st ? st->id : 0;
}

size_t cluster_world::workers() const {
  size_t n = 0;
  for (auto& p : processes_)
    if (auto* st = cluster_state_of<actors::node_state>(node_of(p)))
      n += st->workers().size();
  return n;
}

size_t cluster_world::open_exchanges() const {
  size_t n = 0;
  for (auto& p : processes_)
    n += p.alive ? p.upstream->open.size() : 0;
  return n;
}

} // namespace penstock::test
