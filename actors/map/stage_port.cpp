#include "actors/map/stage_port.hpp"

#include <caf/all.hpp>

namespace penstock::actors {

void stage_port_state::pull(uint32_t requests_max, uint64_t bytes_max,
                            const chunk_taker_actor& from) {
  puller_ = from;
  self->send(hub, atom::pull_v, job, requests_max, bytes_max);
}

void stage_port_state::offer(map_offer& what) {
  request_chunk chunk;
  chunk.end = what.end;
  for (size_t i = 0; i < what.requests.size(); ++i) {
    auto& request = what.requests[i];
    request.index = next_;
    open_[next_++] = what.tickets[i];
    chunk.requests.push_back(make_shared_value(std::move(request)));
  }
  self->send(puller_, atom::chunk_v, std::move(chunk));
}

void stage_port_state::take(const std::vector<sink_item>& items) {
  std::vector<map_answer> answers;
  for (auto& item : items)
    if (auto it = open_.find(item.index); it != open_.end()) {
      answers.push_back({it->second, item.outcome});
      open_.erase(it);
    }
  if (!answers.empty())
    self->send(hub, atom::keep_v, std::move(answers));
}

void stage_port_state::write(const std::vector<sink_item>& items, const written_taker_actor& to) {
  take(items);
  self->send(to, atom::written_v, items.back().index + 1);
}

stage_port_actor::behavior_type
stage_port(stage_port_actor::stateful_pointer<stage_port_state> self, map_hub_actor hub,
           uint32_t job) {
  self->state.self = self;
  self->state.hub = hub;
  self->state.job = job;
  self->send(hub, atom::join_v, job, stage_port_actor{self});
  return {
    [self](atom::pull, uint32_t requests_max, uint64_t bytes_max) {
      if (auto from = caf::actor_cast<chunk_taker_actor>(self->current_sender()))
        self->state.pull(requests_max, bytes_max, from);
    },
    [self](atom::write, const std::vector<sink_item>& items) {
      if (auto to = caf::actor_cast<written_taker_actor>(self->current_sender()))
        self->state.write(items, to);
    },
    [](atom::close, bool) { return true; },
    [self](atom::keep, const std::vector<sink_item>& items) { self->state.take(items); },
    [self](atom::chunk, map_offer& what) { self->state.offer(what); },
  };
}

} // namespace penstock::actors
