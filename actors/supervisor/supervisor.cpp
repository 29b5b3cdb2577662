#include "actors/supervisor/supervisor.hpp"

#include "actors/engine/engine.hpp"
#include "actors/store/job_reader.hpp"
#include "actors/store/job_writer.hpp"
#include "actors/node/node.hpp"
#include "actors/node/null_client.hpp"
#include "actors/lane/rate_limiter.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <string>
#include <utility>

namespace penstock::actors {

supervisor_state::~supervisor_state() {
  for (auto& c : children_)
    if (c.actor)
      caf::anon_send_exit(c.actor, caf::exit_reason::kill);
}

void supervisor_state::start(supervisor_setup setup) {
  setup_ = std::move(setup);
  handles.limiters.resize(setup_.lanes.size());
  const auto add = [this](role what, uint32_t lane = 0) {
    auto& c = children_.emplace_back();
    c.what = what;
    c.lane = lane;
    c.restarts = core::restart_policy{setup_.restarts};
  };
  add(role::http);
  for (uint32_t lane = 0; lane < setup_.lanes.size(); ++lane)
    add(role::limiter, lane);
  if (setup_.cache)
    add(role::cache);
  if (setup_.jobs) {
    add(role::job_reader);
    add(role::job_writer);
  }
  add(role::engine);
  if (setup_.slots > 0)
    add(role::node);
  for (uint32_t i = 0; i < children_.size() && !failed_; ++i)
    spawn_child(i);
}

const char* supervisor_state::name_of(role what) {
  switch (what) {
  case role::http: return "http client";
  case role::limiter: return "rate limiter";
  case role::cache: return "response cache";
  case role::job_reader: return "job reader";
  case role::job_writer: return "job writer";
  case role::engine: return "engine";
  case role::node: return "node";
  }
  return "child";
}

/// Whether a new actor can rebuild the state of the dead one.
bool supervisor_state::is_restarted(role what) {
  return what != role::engine && what != role::job_writer && what != role::job_reader;
}

/// Spawns an actor that may block, with its own thread unless `setup_.own_threads` is false.
template <class F, class... Args>
auto supervisor_state::spawn_blocking(F what, Args... args) {
  return setup_.own_threads ? self->spawn<caf::monitored + caf::detached>(what, std::move(args)...)
                            : self->spawn<caf::monitored>(what, std::move(args)...);
}

void supervisor_state::spawn_child(uint32_t number) {
  if (stopping_)
    return;
  auto& c = children_[number];
  start_child(c);
  if (++c.lives > 1 || c.what == role::engine)
    rewire();
}

void supervisor_state::start_child(child& c) {
  const auto restarted = c.lives > 0;
  const auto keep = [&c](auto handle) {
    c.actor = caf::actor_cast<caf::actor>(handle);
    return handle;
  };
  switch (c.what) {
  case role::http:
    handles.http = keep(spawn_http_client<caf::monitored>(*self, *setup_.workers, setup_.http));
    break;
  case role::limiter:
    handles.limiters[c.lane] =
      keep(self->spawn<caf::monitored>(rate_limiter, setup_.lanes[c.lane], restarted));
    break;
  case role::cache:
    handles.cache = keep(spawn_blocking(response_cache, *setup_.cache, restarted));
    break;
  case role::job_reader:
    if (auto opened = setup_.jobs->open_reader())
      reader = keep(spawn_blocking(job_reader, *opened));
    else
      fail(opened.error());
    break;
  case role::job_writer: {
    job_writer_options options;
    options.retention = setup_.retention;
    store = keep(spawn_blocking(job_writer, setup_.jobs, reader, options));
    break;
  }
  case role::engine:
    engine = keep(self->spawn<caf::monitored>(actors::engine, make_engine_setup()));
    break;
  case role::node:
    node_ = keep(self->spawn<caf::monitored>(node, next_node_++, setup_.slots, engine,
                                             setup_.workers, handles));
    break;
  }
}

engine_setup supervisor_state::make_engine_setup() const {
  engine_setup out;
  for (auto& lane : setup_.workers->routes.lanes())
    out.lanes.push_back(lane.name);
  out.store = store;
  out.reader = reader;
  out.lease = setup_.lease;
  out.announce = setup_.announce;
  out.restarts = setup_.restarts;
  return out;
}

void supervisor_state::rewire() {
  if (engine)
    caf::anon_send(engine, atom::rewire_v, handles);
  if (node_)
    caf::anon_send(node_, atom::rewire_v, handles);
}

/// Ends everything, because the lost state cannot be rebuilt in this process.
void supervisor_state::fail(const error& why) {
  failed_ = true;
  self->quit(to_caf(why));
}

void supervisor_state::down(const caf::down_msg& msg) {
  for (uint32_t i = 0; i < children_.size(); ++i) {
    auto& c = children_[i];
    if (!c.actor || c.actor.address() != msg.source)
      continue;
    c.actor = nullptr;
    if (stopping_) {
      stop_next();
      return;
    }
    if (!is_restarted(c.what)) {
      const auto why = from_caf(msg.reason);
      // The error of a disk names file and remedy. A bug has only the name of the actor.
      fail(why.code != errc::internal
             ? why
             : error{errc::internal,
                     std::string{"the "} + name_of(c.what) + " died (" + why.context + ")"});
      return;
    }
    const auto wait = c.restarts.on_failure(self->clock().now());
    if (!wait) {
      fail({errc::internal, std::string{"the "} + name_of(c.what) + " died too often (" +
                              caf::to_string(msg.reason) + ")"});
      return;
    }
    if (*wait <= duration{})
      spawn_child(i);
    else
      self->delayed_send(self, *wait, atom::spawn_v, i);
    return;
  }
}

caf::result<bool> supervisor_state::stop() {
  auto answer = self->make_response_promise<bool>();
  stop_waiters_.push_back(answer);
  if (!std::exchange(stopping_, true))
    stop_next();
  return answer;
}

/// Ends the children one after the other, the last started one first.
void supervisor_state::stop_next() {
  for (auto c = children_.rbegin(); c != children_.rend(); ++c)
    if (c->actor) {
      caf::anon_send_exit(c->actor, caf::exit_reason::user_shutdown);
      return;
    }
  for (auto& waiter : stop_waiters_)
    waiter.deliver(true);
  self->quit();
}

supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<supervisor_state> self, supervisor_setup setup) {
  self->state.self = self;
  self->set_down_handler([self](const caf::down_msg& msg) { self->state.down(msg); });
  self->state.start(std::move(setup));
  return {
    [self](atom::engine) { return self->state.engine; },
    [self](atom::rewire) { return self->state.handles; },
    [self](atom::stop) { return self->state.stop(); },
    [self](atom::spawn, uint32_t child) { self->state.spawn_child(child); },
  };
}

} // namespace penstock::actors
