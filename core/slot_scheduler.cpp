#include "core/slot_scheduler.hpp"

#include <algorithm>
#include <tuple>

namespace penstock::core {

void slot_scheduler::set_free(node_id node, uint32_t free) { free_[node] = free; }

void slot_scheduler::give_back(job_id job, node_id node, uint32_t slots) {
  auto it = jobs_.find(job);
  if (it == jobs_.end())
    return;
  auto held = it->second.by_node.find(node);
  if (held == it->second.by_node.end())
    return;
  const auto n = std::min(slots, held->second);
  held->second -= n;
  it->second.in_use -= n;
  if (auto known = free_.find(node); known != free_.end())
    known->second += n;
}

void slot_scheduler::remove_node(node_id node) {
  free_.erase(node);
  for (auto& [id, job] : jobs_) {
    auto held = job.by_node.find(node);
    if (held != job.by_node.end()) {
      job.in_use -= held->second;
      job.by_node.erase(held);
    }
  }
}

void slot_scheduler::add_job(job_id job, std::string tenant, priority class_,
                             uint32_t in_flight_max) {
  jobs_[job] = job_state{std::move(tenant), class_, in_flight_max, 0, 0, {}};
}

void slot_scheduler::remove_job(job_id job) {
  auto it = jobs_.find(job);
  if (it == jobs_.end())
    return;
  for (auto& [node, slots] : it->second.by_node)
    if (auto known = free_.find(node); known != free_.end())
      known->second += slots;
  const auto tenant = it->second.tenant;
  jobs_.erase(it);
  if (std::none_of(jobs_.begin(), jobs_.end(),
                   [&](auto& kvp) { return kvp.second.tenant == tenant; }))
    served_.erase(tenant);
}

void slot_scheduler::set_demand(job_id job, uint32_t ready) {
  if (auto it = jobs_.find(job); it != jobs_.end())
    it->second.demand = ready;
}

slot_scheduler::job_state* slot_scheduler::pick(job_id& id) {
  job_state* best = nullptr;
  std::tuple<core::priority, uint64_t> best_rank;
  for (auto& [key, job] : jobs_) {
    if (job.demand == 0 || job.in_use >= job.in_flight_max)
      continue;
    auto served = served_.find(job.tenant);
    const auto rank = std::tuple{job.class_, served == served_.end() ? 0 : served->second};
    // Jobs come in the order of their age, so the first of equal rank is the oldest.
    if (!best || rank < best_rank) {
      best = &job;
      best_rank = rank;
      id = key;
    }
  }
  return best;
}

uint32_t slot_scheduler::share_of(const job_state& job) const {
  // Alone in its class a job takes all it can use; beside other tenants one slot a turn.
  for (auto& [key, other] : jobs_)
    if (other.class_ == job.class_ && other.tenant != job.tenant && other.demand > 0
        && other.in_use < other.in_flight_max)
      return 1;
  return std::min(job.demand, job.in_flight_max - job.in_use);
}

std::vector<slot_scheduler::grant> slot_scheduler::schedule() {
  std::vector<grant> result;
  for (;;) {
    auto node = std::max_element(free_.begin(), free_.end(),
                                 [](auto& a, auto& b) { return a.second < b.second; });
    if (node == free_.end() || node->second == 0)
      return result;
    job_id id = 0;
    auto* job = pick(id);
    if (!job)
      return result;
    // With several nodes a slot at a time keeps them even; with one, as many as fit.
    const auto at_once = free_.size() > 1 ? 1u : share_of(*job);
    const auto n = std::min(at_once, node->second);
    node->second -= n;
    job->demand -= n;
    job->in_use += n;
    job->by_node[node->first] += n;
    served_[job->tenant] = ++turn_;
    auto same = std::find_if(result.begin(), result.end(),
                             [&](auto& g) { return g.job == id && g.node == node->first; });
    if (same != result.end())
      same->slots += n;
    else
      result.push_back({id, node->first, n});
  }
}

uint32_t slot_scheduler::free_slots() const noexcept {
  uint32_t sum = 0;
  for (auto& [id, n] : free_)
    sum += n;
  return sum;
}

uint32_t slot_scheduler::in_use(job_id job) const noexcept {
  auto it = jobs_.find(job);
  return it == jobs_.end() ? 0 : it->second.in_use;
}

} // namespace penstock::core
