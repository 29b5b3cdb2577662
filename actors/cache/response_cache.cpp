#include "actors/cache/response_cache.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

bool reads(core::cache_mode m) { return m == core::cache_mode::read || m == core::cache_mode::on; }
bool writes(core::cache_mode m) {
  return m == core::cache_mode::write || m == core::cache_mode::on;
}

/// How many equal requests may be sent upstream at once after so many failures.
size_t leaders_max(uint32_t failures) { return size_t{1} << std::min(failures, 16u); }

} // namespace

response_cache_state::~response_cache_state() {
  if (store_)
    (void)store_->put(pending_, wall_now()); // An error cannot be reported any more.
}

void response_cache_state::start(response_cache_setup setup, bool restarted) {
  setup_ = std::move(setup);
  if (auto opened = setup_.open(); opened)
    store_ = std::move(*opened);
  else
    trouble(opened.error());
  adopting_ = restarted;
  if (restarted)
    self->delayed_send(self, adopt_for, atom::wake_v);
}

io::unix_seconds response_cache_state::wall_now() const {
  return setup_.wall_now ? setup_.wall_now() : io::wall_now();
}

void response_cache_state::look_up(const cache_query& query) {
  auto to = caf::actor_cast<cache_taker_actor>(self->current_sender());
  if (!to)
    return;
  waiter asker{query, std::move(to)};
  if (adopting_)
    early_.push_back(std::move(asker));
  else
    answer(asker);
}

void response_cache_state::answer(const waiter& asker) {
  const auto& [query, to] = asker;
  auto at = flights_.find(query.key);
  if (at == flights_.end()) {
    if (reads(query.mode))
      if (auto kept = find(query.key)) {
        ++counts_.hits;
        self->send(to, atom::found_v, cache_hit{query.id, false, std::move(kept)});
        return;
      }
    at = flights_.try_emplace(query.key).first;
  }
  auto& f = at->second;
  f.keep |= writes(query.mode);
  if (f.leaders.size() < leaders_max(f.failures)) {
    f.leaders[query.id] = query.owner;
    ++counts_.misses;
    self->send(to, atom::lead_v, query.id);
  } else {
    f.waiting.push_back(asker);
    ++counts_.waiting;
  }
}

shared_answer response_cache_state::find(const std::string& key) {
  if (auto it = pending_by_key_.find(key); it != pending_by_key_.end())
    return it->second;
  if (!store_)
    return {};
  auto found = store_->find(key, wall_now());
  if (!found)
    trouble(found.error());
  return found && *found ? make_shared_value(std::move(**found)) : shared_answer{};
}

void response_cache_state::adopt(const cache_query& query) {
  auto& f = flights_[query.key];
  f.leaders[query.id] = query.owner;
  f.keep |= writes(query.mode);
}

void response_cache_state::publish(const cache_result& result) {
  auto at = flights_.find(result.key);
  if (at == flights_.end() || at->second.leaders.count(result.id) == 0)
    return; // Another leader was faster, or the node of this one was declared dead.
  auto f = std::move(at->second);
  flights_.erase(at);
  for (auto& [query, to] : f.waiting)
    self->send(to, atom::found_v, cache_hit{query.id, true, result.answer});
  counts_.waiting -= f.waiting.size();
  counts_.joined += f.waiting.size();
  if (!result.keep || !f.keep || !store_)
    return;
  const auto bytes = io::bytes_of(result.key, *result.answer);
  if (pending_bytes_ + bytes > bytes_waiting_max) {
    ++counts_.dropped;
    return;
  }
  pending_.push_back({result.key, result.answer});
  pending_by_key_[result.key] = result.answer;
  pending_bytes_ += bytes;
  // While another process locks the store (a retry is scheduled), more groups would only wait.
  if (!retrying_ && (pending_.size() >= rows_at_once || pending_bytes_ >= bytes_at_once))
    flush();
  else
    flush_soon(flush_every);
}

void response_cache_state::withdraw(const cache_leave& leave) {
  std::erase_if(early_, [&](auto& w) { return w.query.id == leave.id; });
  auto at = flights_.find(leave.key);
  if (at == flights_.end())
    return;
  auto& f = at->second;
  if (f.leaders.erase(leave.id) > 0)
    f.failures += leave.failed;
  else
    counts_.waiting -= std::erase_if(f.waiting, [&](auto& w) { return w.query.id == leave.id; });
  promote(at);
}

void response_cache_state::promote(flights::iterator at) {
  auto& f = at->second;
  while (!f.waiting.empty() && f.leaders.size() < leaders_max(f.failures)) {
    auto& [query, to] = f.waiting.front();
    f.leaders[query.id] = query.owner;
    self->send(to, atom::lead_v, query.id);
    f.waiting.pop_front();
    --counts_.waiting;
  }
  if (f.leaders.empty())
    flights_.erase(at);
}

void response_cache_state::release(uint64_t owner) {
  const auto is_his = [&](auto& w) { return w.query.owner == owner; };
  std::erase_if(early_, is_his);
  for (auto it = flights_.begin(); it != flights_.end();) {
    const auto at = it++; // `promote` may remove the flight.
    std::erase_if(at->second.leaders, [&](auto& leader) { return leader.second == owner; });
    counts_.waiting -= std::erase_if(at->second.waiting, is_his);
    promote(at);
  }
}

void response_cache_state::wake() {
  adopting_ = false;
  for (auto& asker : std::exchange(early_, {}))
    answer(asker);
}

void response_cache_state::flush_soon(caf::timespan wait) {
  if (flush_pending_)
    return;
  flush_pending_ = true;
  self->delayed_send(self, wait, atom::flush_v);
}

void response_cache_state::flush_due() {
  flush_pending_ = false;
  flush();
}

void response_cache_state::flush() {
  if (pending_.empty() || !store_)
    return;
  auto written = store_->put(pending_, wall_now());
  retrying_ = !written && written.error().code == errc::locked;
  if (retrying_) {
    trouble(written.error());
    flush_soon(retry_every);
    return;
  }
  (written ? counts_.kept : counts_.dropped) += pending_.size();
  pending_.clear();
  pending_by_key_.clear();
  pending_bytes_ = 0;
  if (!written)
    trouble(written.error());
}

void response_cache_state::trouble(error why) {
  if (why.code == errc::corrupt)
    store_.reset(); // Its content cannot be trusted any more.
  counts_.trouble = std::move(why);
}

cache_snapshot response_cache_state::snapshot() const {
  auto now = counts_;
  now.in_flight = flights_.size();
  return now;
}

response_cache_actor::behavior_type
response_cache(response_cache_actor::stateful_pointer<response_cache_state> self,
               response_cache_setup setup, bool restarted) {
  self->state.self = self;
  self->state.start(std::move(setup), restarted);
  return {
    [self](atom::look_up, const cache_query& query) { self->state.look_up(query); },
    [self](atom::adopt, const cache_query& query) { self->state.adopt(query); },
    [self](atom::publish, const cache_result& result) { self->state.publish(result); },
    [self](atom::withdraw, const cache_leave& leave) { self->state.withdraw(leave); },
    [self](atom::release, uint64_t owner) { self->state.release(owner); },
    [self](atom::snapshot) { return self->state.snapshot(); },
    [self](atom::flush) { self->state.flush_due(); },
    [self](atom::wake) { self->state.wake(); },
  };
}

} // namespace penstock::actors
