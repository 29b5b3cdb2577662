#include "core/lane/fair_queue.hpp"

#include <algorithm>
#include <cassert>

namespace penstock::core {

namespace {
constexpr size_t remembered_max = 4096;
} // namespace

// std's heaps keep the greatest on top, so "less" means "its turn comes later".
auto fair_queue::later(const priority_queue& c) {
  return [&flows = c.flows](uint32_t a, uint32_t b) {
    const auto &x = flows[a], &y = flows[b];
    return x.tag != y.tag ? x.tag > y.tag : x.served > y.served;
  };
}

uint32_t fair_queue::flow_of(priority_queue& c, const std::string& tenant) {
  if (c.last_flow != none && c.flows[c.last_flow].tenant == tenant)
    return c.last_flow;
  auto [it, added] = c.by_tenant.try_emplace(tenant, 0);
  if (added) {
    if (c.free_flows.empty()) {
      it->second = static_cast<uint32_t>(c.flows.size());
      c.flows.emplace_back();
    } else {
      it->second = c.free_flows.back();
      c.free_flows.pop_back();
    }
    auto& f = c.flows[it->second];
    f = flow{};
    f.tenant = tenant;
  }
  return c.last_flow = it->second;
}

// Forgets tenants whose tag is not ahead, because they start at the tag of the last grant anyway.
// Above `remembered_max` it forgets the others, too, so that tenants that come once do not fill
// memory.
void fair_queue::forget_idle_flows(priority_queue& c) {
  const bool crowded = c.by_tenant.size() > remembered_max + c.heap.size();
  std::erase_if(c.by_tenant, [&](const auto& entry) {
    const auto& f = c.flows[entry.second];
    if (f.in_heap || (f.tag > c.tag_now && !crowded))
      return false;
    c.free_flows.push_back(entry.second);
    return true;
  });
  c.last_flow = none;
  c.sweep_at = std::max<size_t>(64, 2 * c.by_tenant.size());
}

void fair_queue::push(permit_request req, time_point now) {
  const auto level = std::min<size_t>(static_cast<size_t>(req.priority), priority_count - 1);
  auto& c = priorities_[level];
  if (c.waiting == 0)
    c.since = now;
  const uint32_t fi = flow_of(c, req.tenant);
  uint32_t n = free_;
  if (n == none) {
    n = static_cast<uint32_t>(nodes_.size());
    nodes_.emplace_back();
  } else {
    free_ = nodes_[n].next;
  }
  auto& f = c.flows[fi];
  by_id_.insert(req.id, n);
  nodes_[n] = node{std::move(req), f.tail, none, fi, static_cast<uint8_t>(level)};
  (f.tail == none ? f.head : nodes_[f.tail].next) = n;
  f.tail = n;
  ++c.waiting;
  if (!f.in_heap) {
    f.tag = std::max(f.tag, c.tag_now);
    f.in_heap = true;
    c.heap.push_back(fi);
    std::push_heap(c.heap.begin(), c.heap.end(), later(c));
  }
  front_ = none;
}

// Cancels leave empty flows in the heap. They are removed when they reach the top.
void fair_queue::settle_heap_top(priority_queue& c) {
  while (!c.heap.empty() && c.flows[c.heap.front()].head == none) {
    std::pop_heap(c.heap.begin(), c.heap.end(), later(c));
    c.flows[c.heap.back()].in_heap = false;
    c.heap.pop_back();
  }
}

fair_queue::priority_queue* fair_queue::priority_in_turn(time_point now) {
  priority_queue* first = nullptr;
  priority_queue* oldest = nullptr;
  for (auto& c : priorities_) {
    if (c.waiting == 0)
      continue;
    if (!first)
      first = &c;
    else if (now - c.since >= aging_bound_ && (!oldest || c.since < oldest->since))
      oldest = &c;
  }
  // A higher priority that has waited longer stays in front.
  return oldest && first && oldest->since <= first->since ? oldest : first;
}

const permit_request* fair_queue::front(time_point now) {
  auto* c = priority_in_turn(now);
  if (!c)
    return nullptr;
  settle_heap_top(*c);
  front_ = c->flows[c->heap.front()].head;
  return &nodes_[front_].req;
}

void fair_queue::unlink(uint32_t n) {
  auto& e = nodes_[n];
  auto& c = priorities_[e.level];
  auto& f = c.flows[e.flow];
  (e.prev == none ? f.head : nodes_[e.prev].next) = e.next;
  (e.next == none ? f.tail : nodes_[e.next].prev) = e.prev;
  --c.waiting;
  by_id_.take(e.req.id);
  e.next = free_;
  free_ = n;
  front_ = none;
}

permit_request fair_queue::pop(uint64_t cost, time_point now) {
  assert(front_ != none);
  const uint32_t n = front_;
  auto& c = priorities_[nodes_[n].level];
  const uint32_t fi = nodes_[n].flow;
  auto& f = c.flows[fi];
  assert(c.heap.front() == fi);
  unlink(n);
  c.since = now;
  c.tag_now = f.tag;
  std::pop_heap(c.heap.begin(), c.heap.end(), later(c));
  f.tag += std::max<uint64_t>(cost, 1);
  f.served = ++grants_;
  if (f.head != none) {
    std::push_heap(c.heap.begin(), c.heap.end(), later(c));
  } else {
    c.heap.pop_back();
    f.in_heap = false;
    if (c.by_tenant.size() > c.sweep_at)
      forget_idle_flows(c);
  }
  return std::move(nodes_[n].req);
}

void fair_queue::drop_front() {
  assert(front_ != none);
  unlink(front_);
}

bool fair_queue::cancel(uint64_t id) {
  const auto* n = by_id_.find(id);
  if (!n)
    return false;
  unlink(*n);
  return true;
}

void fair_queue::cancel_owner(uint64_t owner) {
  std::vector<uint32_t> gone;
  by_id_.for_each([&](uint64_t, uint32_t n) {
    if (nodes_[n].req.owner == owner)
      gone.push_back(n);
  });
  for (auto n : gone)
    unlink(n);
}

/// Removes the requests of `ids` from `first` on, sorted by id.
void fair_queue::take(std::vector<uint64_t>& ids, size_t first) {
  std::sort(ids.begin() + static_cast<std::ptrdiff_t>(first), ids.end());
  for (auto i = first; i < ids.size(); ++i)
    unlink(*by_id_.find(ids[i]));
}

void fair_queue::drain(std::vector<uint64_t>& ids) {
  take_if([](auto&) { return true; }, ids);
}

std::optional<time_point> fair_queue::next_aging() const {
  std::optional<time_point> next;
  bool behind = false;
  for (const auto& c : priorities_) {
    if (c.waiting == 0)
      continue;
    if (behind && (!next || c.since + aging_bound_ < *next))
      next = c.since + aging_bound_;
    behind = true;
  }
  return next;
}

} // namespace penstock::core
