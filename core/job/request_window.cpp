#include "core/job/request_window.hpp"

#include <cassert>

namespace penstock::core {

namespace {

uint64_t bytes_of(const window_entry& e) {
  return e.what && e.what->body ? e.what->body->size() : 0;
}

constexpr bool is_aside(request_state s) {
  return s == request_state::carried || s == request_state::held || s == request_state::suspected;
}

} // namespace

void request_window::push(std::shared_ptr<const request> what) {
  const auto state = what ? request_state::ready : request_state::done;
  entries_.push_back({std::move(what), state, epoch_base_, 0, 0, nullptr});
  bytes_ += bytes_of(entries_.back());
  ++counts_[static_cast<size_t>(state)];
}

window_entry* request_window::find(uint64_t index) noexcept {
  return index >= begin_ && index < end() ? &at(index) : nullptr;
}

bool request_window::is_current(uint64_t index, uint32_t epoch) const noexcept {
  return index >= begin_ && index < end() && at(index).state == request_state::in_flight &&
         at(index).epoch == epoch;
}

std::optional<uint64_t> request_window::next_ready(uint64_t below) {
  if (!returned_.empty())
    return *returned_.begin() < below ? std::optional{*returned_.begin()} : std::nullopt;
  while (fresh_ < end() && at(fresh_).state != request_state::ready)
    ++fresh_;
  return fresh_ < end() && fresh_ < below ? std::optional{fresh_} : std::nullopt;
}

uint32_t request_window::hand_out(uint64_t index, uint64_t node) {
  auto& e = at(index);
  assert(e.state == request_state::ready || e.state == request_state::suspected);
  set_state(index, request_state::in_flight);
  e.node = node;
  return ++e.epoch;
}

void request_window::move(uint64_t index, request_state to) {
  assert(to != request_state::done && at(index).state != request_state::done);
  const auto suspected = to == request_state::ready && at(index).losses >= suspected_after;
  set_state(index, suspected ? request_state::suspected : to);
}

void request_window::finish(uint64_t index) {
  auto& e = at(index);
  if (e.state == request_state::done)
    return;
  set_state(index, request_state::done);
  bytes_ -= bytes_of(e);
  e.what.reset();
  e.last.reset();
}

void request_window::pop_below(uint64_t index) {
  while (begin_ < index && !entries_.empty()) {
    assert(entries_.front().state == request_state::done);
    --counts_[static_cast<size_t>(request_state::done)];
    entries_.pop_front();
    ++begin_;
  }
  if (fresh_ < begin_)
    fresh_ = begin_;
}

std::vector<uint64_t> request_window::all(request_state s) const {
  std::vector<uint64_t> result;
  for (uint64_t i = begin_; i < end(); ++i)
    if (at(i).state == s)
      result.push_back(i);
  return result;
}

std::optional<uint64_t> request_window::lowest(request_state s) const {
  auto& set = aside_[static_cast<size_t>(s)];
  return set.empty() ? std::nullopt : std::optional{*set.begin()};
}

std::vector<uint64_t> request_window::on_node(uint64_t node) const {
  auto result = all(request_state::in_flight);
  std::erase_if(result, [&](uint64_t i) { return at(i).node != node; });
  return result;
}

uint64_t request_window::done_below() const noexcept {
  auto i = begin_;
  while (i < end() && at(i).state == request_state::done)
    ++i;
  return i;
}

void request_window::set_state(uint64_t index, request_state to) {
  auto& e = at(index);
  --counts_[static_cast<size_t>(e.state)];
  ++counts_[static_cast<size_t>(to)];
  if (is_aside(e.state))
    aside_[static_cast<size_t>(e.state)].erase(index);
  if (is_aside(to))
    aside_[static_cast<size_t>(to)].insert(index);
  if (e.state == request_state::ready && !returned_.empty())
    returned_.erase(index);
  // `fresh_` finds a new request. A request that came back goes before all new ones.
  if (to == request_state::ready && index < fresh_)
    returned_.insert(index);
  e.state = to;
  if (e.state != request_state::ready && index == fresh_)
    ++fresh_;
}

} // namespace penstock::core
