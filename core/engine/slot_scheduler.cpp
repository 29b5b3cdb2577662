#include "core/engine/slot_scheduler.hpp"

#include <algorithm>

namespace penstock::core {

// --- nodes ---

/// Adds a node to the list of nodes with free slots (`on`), or removes it.
void slot_scheduler::list(node_id id, const node_state& node, bool on) {
  if (node.suspended || node.free == 0)
    return;
  if (on)
    open_.emplace(node.free, id);
  else
    open_.erase({node.free, id});
}

void slot_scheduler::set_free(node_id id, node_state& node, uint32_t free) {
  list(id, node, false);
  node.free = std::min(free, node.slots);
  list(id, node, true);
}

void slot_scheduler::add_node(node_id node, uint32_t slots) {
  remove_node(node);
  list(node, nodes_[node] = {slots, slots, false}, true);
}

void slot_scheduler::suspend(node_id node, bool on) {
  const auto known = nodes_.find(node);
  if (known == nodes_.end())
    return;
  list(node, known->second, false);
  known->second.suspended = on;
  list(node, known->second, true);
}

void slot_scheduler::remove_node(node_id node) {
  const auto known = nodes_.find(node);
  if (known == nodes_.end())
    return;
  list(node, known->second, false);
  nodes_.erase(known);
  for (auto& [id, job] : jobs_)
    if (const auto held = job.by_node.find(node); held != job.by_node.end())
      change(id, job, [&](job_state& j) {
        j.in_use -= held->second;
        j.by_node.erase(held);
      });
}

// --- jobs ---

/// Adds a tenant to the lists of tenants that wait (`on`), or removes it.
void slot_scheduler::list(const std::string& name, const tenant_state& tenant, bool on) {
  for (size_t c = 0; c < priority_count; ++c) {
    if (tenant.waiting[c].empty())
      continue;
    auto key = std::tuple{tenant.served, *tenant.waiting[c].begin(), name};
    if (on)
      turns_[c].insert(std::move(key));
    else
      turns_[c].erase(key);
  }
}

/// Changes a job, and updates whether the job and its tenant wait for slots.
template <class Change>
void slot_scheduler::change(job_id id, job_state& job, Change what) {
  const auto waited = job.wants() > 0;
  what(job);
  const auto waits = job.wants() > 0;
  if (waited == waits)
    return;
  auto& tenant = tenants_[job.tenant];
  auto& waiting = tenant.waiting[static_cast<size_t>(job.priority)];
  list(job.tenant, tenant, false);
  if (waits)
    waiting.insert(id);
  else
    waiting.erase(id);
  list(job.tenant, tenant, true);
  // A priority that begins to wait has not been passed over yet.
  const auto c = static_cast<size_t>(job.priority);
  if (turns_[c].empty())
    passed_over_[c] = 0;
}

void slot_scheduler::give_back(job_id job, node_id node, uint32_t slots) {
  const auto it = jobs_.find(job);
  if (it == jobs_.end())
    return;
  const auto held = it->second.by_node.find(node);
  if (held == it->second.by_node.end())
    return;
  const auto n = std::min(slots, held->second);
  change(job, it->second, [&](job_state& j) {
    j.in_use -= n;
    if ((held->second -= n) == 0)
      j.by_node.erase(held);
  });
  if (const auto known = nodes_.find(node); known != nodes_.end())
    set_free(node, known->second, known->second.free + n);
}

void slot_scheduler::add_job(job_id job, std::string tenant, core::priority priority,
                             uint32_t in_flight_max) {
  remove_job(job);
  ++tenants_[tenant].jobs;
  jobs_[job] = job_state{std::move(tenant), priority, in_flight_max, 0, 0, {}};
}

void slot_scheduler::remove_job(job_id job) {
  const auto it = jobs_.find(job);
  if (it == jobs_.end())
    return;
  set_demand(job, 0);
  for (auto& [node, slots] : it->second.by_node)
    if (const auto known = nodes_.find(node); known != nodes_.end())
      set_free(node, known->second, known->second.free + slots);
  const auto tenant = tenants_.find(it->second.tenant);
  if (--tenant->second.jobs == 0)
    tenants_.erase(tenant);
  jobs_.erase(it);
}

void slot_scheduler::set_demand(job_id job, uint32_t ready) {
  if (const auto it = jobs_.find(job); it != jobs_.end())
    change(job, it->second, [&](job_state& j) { j.demand = ready; });
}

// --- distribution ---

/// The priority that gets the next slot; `priority_count` if no tenant waits.
size_t slot_scheduler::priority_in_turn() {
  auto best = priority_count;
  for (size_t c = priority_count; c-- > 0;)
    if (!turns_[c].empty() && (best == priority_count || passed_over_[best] < patience_slots))
      best = c;
  return best;
}

/// How many slots a job gets in one step: all that it can use if no other tenant waits, else one.
uint32_t slot_scheduler::at_once(size_t level, const job_state& job, const node_state& node) const {
  for (size_t c = 0; c < priority_count; ++c)
    if (turns_[c].size() > (c == level ? 1u : 0u))
      return 1;
  // As many as this node can give before another node has more free slots.
  const auto next = open_.size() > 1 ? std::next(open_.rbegin())->first : 0;
  return std::max(1u, std::min(job.wants(), node.free - next));
}

std::vector<slot_scheduler::grant> slot_scheduler::schedule() {
  std::map<std::pair<job_id, node_id>, uint32_t> given;
  while (!open_.empty()) {
    const auto level = priority_in_turn();
    if (level == priority_count)
      break;
    const auto name = std::get<std::string>(*turns_[level].begin());
    auto& tenant = tenants_[name];
    const auto id = *tenant.waiting[level].begin();
    auto& job = jobs_[id];
    const auto node_id = open_.rbegin()->second;
    auto& node = nodes_[node_id];
    const auto n = at_once(level, job, node);

    set_free(node_id, node, node.free - n);
    list(name, tenant, false);
    tenant.served = ++turn_;
    list(name, tenant, true);
    change(id, job, [&](job_state& j) {
      j.demand -= n;
      j.in_use += n;
      j.by_node[node_id] += n;
    });
    passed_over_[level] = 0;
    for (auto c = level + 1; c < priority_count; ++c)
      passed_over_[c] += turns_[c].empty() ? 0 : n;
    given[{id, node_id}] += n;
  }
  std::vector<grant> result;
  for (auto& [to, slots] : given)
    result.push_back({to.first, to.second, slots});
  return result;
}

uint32_t slot_scheduler::free_slots() const noexcept {
  uint32_t sum = 0;
  for (auto& [id, node] : nodes_)
    sum += node.free;
  return sum;
}

uint32_t slot_scheduler::in_use(job_id job) const noexcept {
  const auto it = jobs_.find(job);
  return it == jobs_.end() ? 0 : it->second.in_use;
}

uint32_t slot_scheduler::in_use_on(node_id node) const noexcept {
  const auto it = nodes_.find(node);
  return it == nodes_.end() ? 0 : it->second.slots - it->second.free;
}

} // namespace penstock::core
