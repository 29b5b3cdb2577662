#include "actors/http/live_desk.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

constexpr duration tick = std::chrono::milliseconds{100};
/// A request whose lanes are closed asks them again after this time.
constexpr duration closed_lane_wait = std::chrono::milliseconds{250};

uint32_t live_slots(uint32_t slots, double share) {
  return slots == 0 ? 0 : std::max(1u, static_cast<uint32_t>(slots * share));
}

} // namespace

void live_desk_state::submit(live_request what) {
  const auto id = what.id;
  const auto now = self->clock().now();
  const auto [it, fresh] = calls_.try_emplace(id);
  if (!fresh)
    return;
  auto& c = it->second;
  c.until = now + what.patience;
  c.what = std::move(what);
  if (waiting_count_ >= options.waiting_max)
    return fail(it, {errc::overflow, "too many live requests wait for a slot; try again"});
  waiting_[static_cast<size_t>(c.what.priority)].push_back(id);
  ++waiting_count_;
  dispatch();
  schedule_wake();
}

/// Gives waiting requests to the nodes that have the most free slots.
void live_desk_state::dispatch() {
  const auto now = self->clock().now();
  for (auto& queue : waiting_) {
    for (auto at = queue.begin(); at != queue.end();) {
      const auto it = calls_.find(*at);
      if (it != calls_.end() && it->second.retry_at > now) {
        ++at;
        continue;
      }
      const auto best =
        std::max_element(nodes_.begin(), nodes_.end(), [](const auto& a, const auto& b) {
          const auto free = [](const node_entry& n) {
            return static_cast<int64_t>(n.slots) - static_cast<int64_t>(n.in_use);
          };
          return free(a.second) < free(b.second);
        });
      if (it != calls_.end() && (best == nodes_.end() || best->second.in_use >= best->second.slots))
        return;
      at = queue.erase(at);
      --waiting_count_;
      if (it != calls_.end())
        hand_out(it->second, best->first);
    }
  }
}

void live_desk_state::hand_out(call& c, uint64_t id) {
  auto& node = nodes_[id];
  ++node.in_use;
  c.node = id;
  const auto now = self->clock().now();
  const auto minute = std::chrono::duration_cast<std::chrono::minutes>(now.time_since_epoch());
  c.key = {live_job_bit | static_cast<uint64_t>(minute.count()), c.what.id, ++epoch_};
  assignment work;
  work.job = c.key.job;
  work.tenant = c.what.tenant;
  work.priority = c.what.priority;
  work.attempts_max = options.attempts_max;
  work.seed = c.what.id;
  work.client_id = "live";
  work.cache = options.cache;
  work.time_left = std::max(duration{std::chrono::seconds{1}}, c.until - now);
  assigned_request req{c.key, c.what.what, 0, 0, {}, {}};
  if (c.last) {
    req.attempts_before = c.last->attempts;
    req.rate_limited_before = c.last->rate_limited;
    req.queued_before = c.last->queued;
    req.upstream_before = c.last->upstream;
  }
  req.streams = c.what.streams;
  work.requests.push_back(std::move(req));
  self->send(node.actor, atom::assign_v, std::move(work));
}

live_desk_state::call_map::iterator live_desk_state::find(const request_key& key) {
  const auto it = calls_.find(key.index);
  return it != calls_.end() && it->second.node != 0 && it->second.key.epoch == key.epoch &&
             it->second.key.job == key.job
           ? it
           : calls_.end();
}

void live_desk_state::ended(call_map::iterator it, const core::outcome& o) {
  auto c = std::move(it->second);
  calls_.erase(it);
  if (!c.cancelled)
    c.what.waiter->ended(o);
}

void live_desk_state::fail(call_map::iterator it, error why) {
  core::outcome o;
  if (it->second.last)
    o = *it->second.last;
  o.index = it->first;
  o.state = core::outcome_state::failed;
  o.failure = std::move(why);
  ended(it, o);
}

/// The request has no node any more. It waits again, unless the client has a part of the answer.
void live_desk_state::take_back(call_map::iterator it) {
  auto& c = it->second;
  c.node = 0;
  if (c.cancelled) {
    calls_.erase(it);
  } else if (c.begun) {
    fail(it, {errc::connection_failed, "the node of this stream is gone"});
  } else if (++c.returns > returns_max) {
    fail(it, {errc::unavailable, "its nodes gave it back too often; try again"});
  } else {
    waiting_[static_cast<size_t>(c.what.priority)].push_front(it->first);
    ++waiting_count_;
  }
}

void live_desk_state::report(const report_batch& batch) {
  for (auto& one : batch.reports)
    apply(one);
  dispatch();
  schedule_wake();
}

void live_desk_state::apply(const work_report& report) {
  const auto it = find(report.key);
  if (it == calls_.end() || !report.outcome)
    return;
  auto& c = it->second;
  if (const auto node = nodes_.find(c.node); node != nodes_.end() && node->second.in_use > 0)
    --node->second.in_use;
  c.last = report.outcome;
  if (c.begun && !c.stream_done)
    return; // The last parts are on their way.
  if (c.begun || c.cancelled)
    return ended(it, *c.last);
  switch (report.kind) {
  case report_kind::given_back:
  case report_kind::lost: return take_back(it);
  case report_kind::held:
    if (self->clock().now() + closed_lane_wait >= c.until)
      return ended(it, *c.last);
    c.retry_at = self->clock().now() + closed_lane_wait;
    c.node = 0;
    waiting_[static_cast<size_t>(c.what.priority)].push_back(it->first);
    ++waiting_count_;
    return;
  default: ended(it, *c.last);
  }
}

void live_desk_state::part(const stream_part& p) {
  const auto it = find(p.key);
  if (it == calls_.end())
    return;
  auto& c = it->second;
  c.stream_done = p.end;
  if (!p.end && !c.cancelled) {
    c.begun = true;
    c.what.waiter->part(p, [desk = live_desk_actor{self}, id = it->first](uint64_t bytes) {
      caf::anon_send(desk, atom::credit_v, id, bytes);
    });
  }
  if (p.end && c.last && c.begun)
    ended(it, *c.last);
}

void live_desk_state::credit(uint64_t id, uint64_t bytes) {
  const auto it = calls_.find(id);
  if (it == calls_.end() || it->second.node == 0)
    return;
  if (const auto node = nodes_.find(it->second.node); node != nodes_.end())
    self->send(node->second.actor, atom::credit_v, it->second.key, bytes);
}

void live_desk_state::cancel(uint64_t id) {
  const auto it = calls_.find(id);
  if (it == calls_.end())
    return;
  auto& c = it->second;
  if (c.node == 0) {
    calls_.erase(it); // `dispatch` removes its number from the queue.
    return;
  }
  c.cancelled = true;
  if (const auto node = nodes_.find(c.node); node != nodes_.end())
    self->send(node->second.actor, atom::abort_v, c.key);
}

void live_desk_state::slots(node_actor node, uint64_t id, uint32_t slots) {
  auto& entry = nodes_[id];
  entry.actor = std::move(node);
  entry.slots = live_slots(slots, options.slot_share);
  dispatch();
}

void live_desk_state::lost(uint64_t node) {
  nodes_.erase(node);
  std::vector<uint64_t> there;
  for (auto& [id, c] : calls_)
    if (c.node == node)
      there.push_back(id);
  for (auto id : there)
    take_back(calls_.find(id));
  dispatch();
  schedule_wake();
}

/// Requests whose patience is over end.
void live_desk_state::wake() {
  wake_pending_ = false;
  const auto now = self->clock().now();
  std::vector<uint64_t> late;
  for (auto& queue : waiting_)
    for (auto id : queue)
      if (const auto it = calls_.find(id); it != calls_.end() && it->second.until <= now)
        late.push_back(id);
  for (auto id : late) {
    const auto it = calls_.find(id);
    if (it->second.last)
      ended(it, *it->second.last);
    else
      fail(it, {errc::unavailable, nodes_.empty() ? "no node has joined; start one or give --slots"
                                                  : "no slot became free in time; try again"});
  }
  dispatch();
  schedule_wake();
}

void live_desk_state::schedule_wake() {
  if (waiting_count_ == 0 || std::exchange(wake_pending_, true))
    return;
  self->delayed_send(self, tick, atom::wake_v);
}

live_desk_actor::behavior_type live_desk(live_desk_actor::stateful_pointer<live_desk_state> self,
                                         live_desk_options options) {
  self->state.self = self;
  self->state.options = options;
  return {
    [self](atom::submit, live_request& what) { self->state.submit(std::move(what)); },
    [self](atom::cancel, uint64_t id) { self->state.cancel(id); },
    [self](atom::credit, uint64_t id, uint64_t bytes) { self->state.credit(id, bytes); },
    [self](atom::slots, node_actor node, uint64_t id, uint32_t slots) {
      self->state.slots(std::move(node), id, slots);
    },
    [self](atom::report, const report_batch& batch) { self->state.report(batch); },
    [self](atom::part, const stream_part& p) { self->state.part(p); },
    [self](atom::lost, uint64_t node) { self->state.lost(node); },
    [self](atom::leave, uint64_t node) { self->state.lost(node); },
    [self](atom::wake) { self->state.wake(); },
  };
}

} // namespace penstock::actors
