#include "actors/lane/rate_limiter.hpp"

#include <caf/all.hpp>

namespace penstock::actors {

void rate_limiter_state::acquire(const core::permit_request& req) {
  auto taker = caf::actor_cast<permit_taker_actor>(self->current_sender());
  if (!taker)
    return;
  waiting_[req.id] = std::move(taker);
  if (auto queued = lane.enqueue(req, self->clock().now()); !queued)
    refuse(req.id, queued.error());
  pump();
}

void rate_limiter_state::settle(const core::settlement& s) {
  lane.settle(s, self->clock().now());
  pump();
}

void rate_limiter_state::withdraw(uint64_t id) {
  lane.cancel(id);
  waiting_.erase(id);
  pump();
}

void rate_limiter_state::release(uint64_t owner) {
  lane.release_owner(owner, self->clock().now());
  pump();
}

void rate_limiter_state::wake() {
  // Ignore a `wake` that a later call has replaced, else each would schedule more of them.
  if (self->clock().now() < wake_at_)
    return;
  wake_at_ = time_point::max();
  pump();
}

void rate_limiter_state::pump() {
  const auto now = self->clock().now();
  due_.clear();
  lane.poll(now, due_);
  for (auto& permit : due_) {
    if (auto it = waiting_.find(permit.id); it != waiting_.end()) {
      self->send(it->second, atom::granted_v, permit);
      waiting_.erase(it);
    }
  }
  for (auto& [id, why] : lane.take_refused())
    refuse(id, std::move(why));
  if (auto next = lane.next_wake(now); next && *next < wake_at_) {
    wake_at_ = *next;
    self->delayed_send(self, std::max(duration{}, *next - now), atom::wake_v);
  }
}

void rate_limiter_state::refuse(uint64_t id, error why) {
  if (auto it = waiting_.find(id); it != waiting_.end()) {
    const auto now = self->clock().now();
    const auto opens = lane.opens_at(now);
    self->send(it->second, atom::refused_v, id, std::move(why), opens ? *opens - now : duration{});
    waiting_.erase(it);
  }
}

rate_limiter_actor::behavior_type
rate_limiter(rate_limiter_actor::stateful_pointer<rate_limiter_state> self,
             core::lane_limits limits, bool start_empty) {
  auto& st = self->state;
  st.lane = core::lane{std::move(limits), self->clock().now(), start_empty};
  return {
    [self](atom::acquire, const core::permit_request& req) { self->state.acquire(req); },
    [self](atom::adopt, const core::permit_request& req) {
      self->state.lane.adopt(req, self->clock().now());
    },
    [self](atom::settle, const core::settlement& s) { self->state.settle(s); },
    [self](atom::withdraw, uint64_t id) { self->state.withdraw(id); },
    [self](atom::release, uint64_t owner) { self->state.release(owner); },
    [self](atom::snapshot) { return self->state.lane.snapshot(self->clock().now()); },
    [self](atom::wake) { self->state.wake(); },
  };
}

} // namespace penstock::actors
