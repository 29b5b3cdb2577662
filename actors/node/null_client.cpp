#include "actors/node/null_client.hpp"

#include <caf/all.hpp>

namespace penstock::actors {

void null_client_state::send(const exchange_call& call, reply_taker_actor taker) {
  const auto latency = core::null_latency_of(call.what->request.url).value_or(duration{});
  pending p{call.what->id, call.what, std::move(taker), latency};
  if (latency <= duration{})
    return answer(p);
  const auto id = p.id;
  by_id_[id] = waiting_.emplace(self->clock().now() + latency, std::move(p));
  arm();
}

void null_client_state::answer(const pending& p) {
  auto response = std::make_shared<core::http_response>(core::null_answer(p.what->request));
  response->elapsed = p.latency;
  self->send(p.taker, atom::reply_v, exchange_reply{p.id, std::move(response)});
}

/// One timer for all waiting answers, because CAF's clock is slow with many timers.
void null_client_state::arm() {
  const auto now = self->clock().now();
  if (waiting_.empty() || (armed_ && *armed_ <= waiting_.begin()->first))
    return;
  armed_ = waiting_.begin()->first;
  self->delayed_send(self, *armed_ - now, atom::done_v, completion_batch{});
}

void null_client_state::wake() {
  const auto now = self->clock().now();
  armed_.reset();
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    answer(waiting_.begin()->second);
    by_id_.erase(waiting_.begin()->second.id);
    waiting_.erase(waiting_.begin());
  }
  arm();
}

/// @returns whether the exchange belongs to a null upstream.
bool null_client_state::abort(uint64_t id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end())
    return false;
  auto response = std::make_shared<core::http_response>();
  response->failure = core::transport_error::cancelled;
  response->failure_text = "aborted";
  response->sent = true;
  self->send(found->second->second.taker, atom::reply_v, exchange_reply{id, std::move(response)});
  waiting_.erase(found->second);
  by_id_.erase(found);
  return true;
}

http_client_actor::behavior_type
null_client(http_client_actor::stateful_pointer<null_client_state> self,
            std::optional<io::curl_loop_settings> beyond) {
  self->state.self = self;
  if (beyond)
    self->state.beyond = self->spawn<caf::linked>(http_client, std::move(*beyond));
  return {
    [self](atom::send, exchange_call& call) {
      auto& st = self->state;
      if (st.beyond && !core::null_latency_of(call.what->request.url)) {
        self->delegate(st.beyond, atom::send_v, std::move(call)); // The sender stays the same.
        return;
      }
      if (auto taker = caf::actor_cast<reply_taker_actor>(self->current_sender()))
        st.send(call, std::move(taker));
    },
    [self](atom::abort, uint64_t id) {
      if (!self->state.abort(id) && self->state.beyond)
        self->send(self->state.beyond, atom::abort_v, id);
    },
    [self](atom::credit, uint64_t id, uint64_t bytes) {
      if (self->state.beyond)
        self->send(self->state.beyond, atom::credit_v, id, bytes);
    },
    [self](atom::done, const completion_batch&) { self->state.wake(); },
  };
}

} // namespace penstock::actors
