#include "actors/job/job_port.hpp"

#include <caf/all.hpp>

#include <utility>

namespace penstock::actors {

void job_port_state::pull(uint32_t requests_max, uint64_t bytes_max,
                          const chunk_taker_actor& from) {
  self->request(reader, caf::infinite, atom::pull_v, job, next_, requests_max, bytes_max)
    .then(
      [this, from](request_chunk& chunk) {
        next_ += chunk.requests.size();
        self->send(from, atom::chunk_v, std::move(chunk));
      },
      [this](const caf::error& why) { self->quit(why); });
}

void job_port_state::keep(std::vector<sink_item> items) {
  for (auto& item : items)
    kept_.insert(item.index);
  send(std::move(items));
}

void job_port_state::write(std::vector<sink_item> items, const written_taker_actor& to) {
  const auto end = items.back().index + 1;
  // A result of an earlier life has neither outcome nor line. A kept result was sent to the writer
  // already.
  std::erase_if(items, [this](auto& item) {
    return kept_.erase(item.index) > 0 || (!item.outcome && !item.line);
  });
  if (!items.empty())
    send(std::move(items));
  runs_.push_back({sent_, end, to});
  try_tell();
}

void job_port_state::send(std::vector<sink_item> items) {
  self->request(store, caf::infinite, atom::write_v, job, std::move(items))
    .then(
      [this, number = ++sent_](bool) {
        safe_ = number; // The writer answers in order.
        try_tell();
      },
      [this](const caf::error& why) { self->quit(why); });
}

void job_port_state::try_tell() {
  std::optional<run> last;
  for (; !runs_.empty() && runs_.front().number <= safe_; runs_.pop_front())
    last = std::move(runs_.front());
  if (last)
    self->send(last->to, atom::written_v, last->end);
  if (safe_ == sent_)
    for (auto& promise : std::exchange(closing_, {}))
      promise.deliver(true);
}

caf::result<bool> job_port_state::close() {
  auto promise = self->make_response_promise<bool>();
  closing_.push_back(promise);
  try_tell();
  return promise;
}

job_port_actor::behavior_type job_port(job_port_actor::stateful_pointer<job_port_state> self,
                                       stored_job job, job_writer_actor store,
                                       job_reader_actor reader) {
  auto& st = self->state;
  st.self = self;
  st.store = std::move(store);
  st.reader = std::move(reader);
  st.start(job);
  return {
    [self](atom::pull, uint32_t requests_max, uint64_t bytes_max) {
      if (auto from = caf::actor_cast<chunk_taker_actor>(self->current_sender()))
        self->state.pull(requests_max, bytes_max, from);
    },
    [self](atom::write, std::vector<sink_item>& items) {
      if (auto to = caf::actor_cast<written_taker_actor>(self->current_sender());
          to && !items.empty())
        self->state.write(std::move(items), to);
    },
    [self](atom::close, bool) { return self->state.close(); },
    [self](atom::keep, std::vector<sink_item>& items) { self->state.keep(std::move(items)); },
  };
}

} // namespace penstock::actors
