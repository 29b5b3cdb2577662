#include "actors/supervisor.hpp"

#include "actors/engine.hpp"
#include "actors/http_client.hpp"
#include "actors/node.hpp"
#include "actors/rate_limiter.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

namespace penstock::actors {

supervisor_state::~supervisor_state() {
  for (auto& c : children_)
    if (c.actor)
      caf::anon_send_exit(c.actor, caf::exit_reason::kill);
}

void supervisor_state::start(supervisor_setup setup) {
  setup_ = std::move(setup);
  handles.limiters.resize(setup_.lanes.size());
  children_.resize(node_at() + (setup_.slots > 0 ? 1 : 0));
  for (uint32_t i = 0; i < children_.size(); ++i) {
    children_[i].restarts = core::restart_policy{setup_.restarts};
    spawn_child(i);
  }
}

void supervisor_state::spawn_child(uint32_t number) {
  if (stopping_)
    return;
  auto& c = children_[number];
  if (number == 0) {
    c.name = "http client";
    handles.http = self->spawn<caf::monitored>(http_client, setup_.http);
    c.actor = caf::actor_cast<caf::actor>(handles.http);
  } else if (number < cache_at()) {
    c.name = "rate limiter";
    auto& limiter = handles.limiters[number - 1];
    limiter = self->spawn<caf::monitored>(rate_limiter, setup_.lanes[number - 1], c.lives > 0);
    c.actor = caf::actor_cast<caf::actor>(limiter);
  } else if (number < engine_at()) {
    c.name = "response cache";
    const auto restarted = c.lives > 0;
    handles.cache = setup_.cache_thread
                      ? self->spawn<caf::monitored + caf::detached>(response_cache, *setup_.cache, restarted)
                      : self->spawn<caf::monitored>(response_cache, *setup_.cache, restarted);
    c.actor = caf::actor_cast<caf::actor>(handles.cache);
  } else if (number == engine_at()) {
    c.name = "engine";
    engine = self->spawn<caf::monitored>(actors::engine);
    c.actor = caf::actor_cast<caf::actor>(engine);
  } else {
    c.name = "node";
    c.actor = caf::actor_cast<caf::actor>(self->spawn<caf::monitored>(
      node, next_node_++, setup_.slots, engine, setup_.workers, handles));
  }
  if (++c.lives > 1 && number < engine_at())
    rewire();
}

void supervisor_state::rewire() {
  if (children_.size() > node_at() && children_[node_at()].actor)
    caf::anon_send(caf::actor_cast<node_actor>(children_[node_at()].actor), atom::rewire_v, handles);
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
    const auto wait = c.restarts.on_failure(self->clock().now());
    if (i == engine_at() || !wait) {
      self->quit(to_caf({errc::internal, std::string{"the "} + c.name + " died "
                                           + (wait ? "" : "too often ") + "("
                                           + caf::to_string(msg.reason) + ")"}));
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
  stopping_ = self->make_response_promise<bool>();
  auto answer = *stopping_;
  stop_next();
  return answer;
}

/// Ends the children one after the other, the last one first.
void supervisor_state::stop_next() {
  for (auto c = children_.rbegin(); c != children_.rend(); ++c)
    if (c->actor) {
      caf::anon_send_exit(c->actor, caf::exit_reason::user_shutdown);
      return;
    }
  stopping_->deliver(true);
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
