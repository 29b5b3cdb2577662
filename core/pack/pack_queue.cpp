#include "core/pack/pack_queue.hpp"

#include <algorithm>

namespace penstock::core {

bool pack_queue::look(uint64_t index, const request& req) {
  const auto [it, fresh] = known_.try_emplace(index);
  if (fresh)
    if (const auto traits = read_pack_traits(req)) {
      it->second = {*traits, limits_.entries_max};
      groups_[{traits->key, limits_.entries_max}].insert(index);
    }
  return it->second.entries_max > 0;
}

std::vector<uint64_t> pack_queue::compose(uint64_t first,
                                          const std::function<bool(uint64_t)>& is_ready) const {
  std::vector<uint64_t> members{first};
  const auto found = known_.find(first);
  if (found == known_.end() || found->second.entries_max < 2)
    return members;
  const auto& head = found->second;
  const auto& peers = groups_.at({head.traits.key, head.entries_max});
  auto tokens = shared_tokens(head.traits) + entry_tokens(head.traits);
  for (auto it = peers.upper_bound(first); it != peers.end() && members.size() < head.entries_max;
       ++it) {
    if (!is_ready(*it))
      continue;
    tokens += entry_tokens(known_.at(*it).traits);
    if (tokens > limits_.tokens_max)
      break;
    members.push_back(*it);
  }
  return members;
}

void pack_queue::limit(uint64_t index, uint32_t entries) {
  const auto found = known_.find(index);
  if (found == known_.end() || found->second.entries_max <= entries)
    return;
  auto& [traits, entries_max] = found->second;
  groups_[{traits.key, entries_max}].erase(index);
  if (groups_[{traits.key, entries_max}].empty())
    groups_.erase({traits.key, entries_max});
  entries_max = std::max(entries, 1u);
  groups_[{traits.key, entries_max}].insert(index);
}

void pack_queue::forget(uint64_t index) {
  const auto found = known_.find(index);
  if (found == known_.end())
    return;
  if (const auto& [traits, entries_max] = found->second; entries_max > 0) {
    const auto group = groups_.find({traits.key, entries_max});
    group->second.erase(index);
    if (group->second.empty())
      groups_.erase(group);
  }
  known_.erase(found);
}

} // namespace penstock::core
