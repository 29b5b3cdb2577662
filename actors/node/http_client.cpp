#include "actors/node/http_client.hpp"

#include <caf/all.hpp>

namespace penstock::actors {

void http_client_state::send(exchange_call call, reply_taker_actor taker) {
  waiting[call.what->id] = std::move(taker);
  std::vector<core::exchange> batch;
  batch.push_back(std::move(*call.what));
  loop->submit(std::move(batch));
}

void http_client_state::done(const completion_batch& batch) {
  for (auto& completion : *batch.completions) {
    auto it = waiting.find(completion.id);
    if (it == waiting.end())
      continue;
    self->send(it->second, atom::reply_v,
               exchange_reply{completion.id, std::make_shared<core::http_response>(
                                               std::move(completion.response))});
    waiting.erase(it);
  }
}

http_client_actor::behavior_type
http_client(http_client_actor::stateful_pointer<http_client_state> self,
            io::curl_loop_settings settings) {
  auto& st = self->state;
  st.self = self;
  // The loop ends before this actor, so its thread may hold a plain pointer to the actor.
  auto deliver = [self](std::vector<core::completion> completions) {
    caf::anon_send(
      caf::actor_cast<http_client_actor>(self), atom::done_v,
      completion_batch{std::make_shared<std::vector<core::completion>>(std::move(completions))});
  };
  st.loop = std::make_unique<io::curl_loop>(std::move(settings), std::move(deliver));
  return {
    [self](atom::send, exchange_call call) {
      if (auto taker = caf::actor_cast<reply_taker_actor>(self->current_sender()))
        self->state.send(std::move(call), std::move(taker));
    },
    [self](atom::abort, uint64_t id) { self->state.loop->cancel(id); },
    [self](atom::credit, uint64_t id, uint64_t bytes) { self->state.loop->grant(id, bytes); },
    [self](atom::done, const completion_batch& batch) { self->state.done(batch); },
  };
}

} // namespace penstock::actors
