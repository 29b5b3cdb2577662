#include "actors/job/collector.hpp"

#include <caf/all.hpp>

namespace penstock::actors {

size_t bytes_of(const sink_item& item) noexcept {
  constexpr size_t overhead = 256;
  if (item.line)
    return item.line->size() + overhead;
  return (item.outcome && item.outcome->body ? item.outcome->body->size() : 0) + overhead;
}

void collector_state::collect(std::vector<sink_item> items) {
  for (auto& item : items)
    if (window.offer(item.index, bytes_of(item), item) != core::offer_result::accepted) {
      ++duplicates;
      item = {}; // Do not store it a second time.
    }
  window.release([this](sink_item&& item) {
    due_bytes_ += bytes_of(item);
    due_.push_back(std::move(item));
  });
  write_due();
  if (next.store) {
    // Store results that must wait for earlier ones. A line from the store is stored already.
    std::erase_if(items,
                  [this](const sink_item& x) { return !x.outcome || x.index < window.next(); });
    if (!items.empty())
      self->send(next.store, atom::keep_v, std::move(items));
  }
  if (held_bytes() > told_bytes_ + untold_max)
    tell_progress();
}

void collector_state::tell_progress() {
  told_bytes_ = held_bytes();
  const collector_progress progress{written_below, told_bytes_, window.next() - written_below};
  self->send(coordinator, atom::written_v, progress);
}

void collector_state::write_due() {
  while (!due_.empty() && with_sink_.size() < writes_max) {
    std::vector<sink_item> run;
    size_t bytes = 0;
    while (!due_.empty() && run.size() < run_max) {
      bytes += bytes_of(due_.front());
      run.push_back(std::move(due_.front()));
      due_.pop_front();
    }
    due_bytes_ -= bytes;
    with_sink_bytes_ += bytes;
    with_sink_.push_back({run.back().index + 1, bytes});
    self->send(next.sink, atom::write_v, std::move(run));
  }
}

void collector_state::written(uint64_t below) {
  while (!with_sink_.empty() && with_sink_.front().end <= below) {
    with_sink_bytes_ -= with_sink_.front().bytes;
    with_sink_.pop_front();
  }
  written_below = below;
  write_due();
  tell_progress();
  try_complete_close();
}

caf::result<bool> collector_state::close() {
  closing_ = self->make_response_promise<bool>();
  auto answer = *closing_;
  try_complete_close();
  return answer;
}

void collector_state::try_complete_close() {
  if (closing_ && due_.empty() && with_sink_.empty()) {
    closing_->deliver(true);
    closing_.reset();
  }
}

uint64_t collector_state::held_bytes() const noexcept {
  return window.held_bytes() + due_bytes_ + with_sink_bytes_;
}

collector_actor::behavior_type collector(collector_actor::stateful_pointer<collector_state> self,
                                         coordinator_actor coordinator, collector_neighbours next,
                                         uint64_t first, uint32_t window) {
  auto& st = self->state;
  st.self = self;
  st.next = std::move(next);
  st.coordinator = std::move(coordinator);
  st.written_below = first;
  st.window = core::reorder_buffer<sink_item>{first, window};
  return {
    [self](atom::written, uint64_t below) { self->state.written(below); },
    [self](atom::collect, std::vector<sink_item>& items) { self->state.collect(std::move(items)); },
    [self](atom::close) { return self->state.close(); },
  };
}

} // namespace penstock::actors
