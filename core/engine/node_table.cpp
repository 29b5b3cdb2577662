#include "core/engine/node_table.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <utility>

namespace penstock::core {

namespace {

constexpr uint32_t slots_max = 100'000;
constexpr size_t offered_lanes_max = 10'000;

/// The number of a remote node has a random part, which differs between two starts of a head, and a
/// count. The ids of permits have room for the count only, so each node of one start gets its own
/// count. Local nodes have the numbers below `first_count`.
constexpr uint32_t count_bits = 16;
constexpr uint64_t count_mask = (uint64_t{1} << count_bits) - 1;
constexpr uint64_t first_count = 4096;

std::string join_names(const std::vector<std::string>& names) {
  std::string text;
  for (auto& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

} // namespace

node_table::node_table(lease_limits limits, std::vector<std::string> lanes, uint64_t seed)
    : limits_{limits}, lanes_{std::move(lanes)}, leases_{limits}, number_base_{((seed >> 32) | 1)
                                                                               << count_bits} {}

void node_table::add_local(node_id id, uint32_t slots, time_point now) {
  auto& node = nodes_[id];
  node.joined = true;
  node.slots = slots;
  node.since = now;
}

/// Why an offer is refused, or nullopt. Then `order` has our lane numbers in the order of the
/// offer.
std::optional<error> node_table::refusal(const node_terms& terms,
                                         std::vector<uint32_t>& order) const {
  if (terms.slots < 1 || terms.slots > slots_max)
    return error{errc::invalid_input, "a node has from 1 to " + std::to_string(slots_max) +
                                        " slots, not " + std::to_string(terms.slots)};
  if (terms.name.size() > name_max || terms.version.size() > name_max ||
      terms.lanes.size() > offered_lanes_max)
    return error{errc::invalid_input, "the offer of a node is too large"};
  std::vector<std::string> unknown, missing, twice;
  std::vector<bool> met(lanes_.size());
  for (auto& lane : terms.lanes) {
    const auto ours = std::find(lanes_.begin(), lanes_.end(), lane);
    if (ours == lanes_.end()) {
      unknown.push_back(lane);
      continue;
    }
    const auto at = static_cast<size_t>(ours - lanes_.begin());
    if (met[at])
      twice.push_back(lane);
    met[at] = true;
    order.push_back(static_cast<uint32_t>(at));
  }
  for (size_t i = 0; i < met.size(); ++i)
    if (!met[i])
      missing.push_back(lanes_[i]);
  std::string wrong;
  const auto add = [&](const char* what, const std::vector<std::string>& names) {
    if (!names.empty())
      wrong += (wrong.empty() ? "" : "; ") + std::string{what} + join_names(names);
  };
  add("it lacks the head's lanes ", missing);
  add("the head lacks its lanes ", unknown);
  add("it has twice ", twice);
  if (!wrong.empty())
    return error{errc::invalid_config, "the lanes of the node and of the head differ: " + wrong +
                                         "; give both the same upstreams, models and routes"};
  if (nodes_.size() >= nodes_max)
    return error{errc::overflow,
                 "this head has " + std::to_string(nodes_max) + " nodes, and takes no more"};
  return std::nullopt;
}

node_table::node_id node_table::next_number() {
  do
    number_count_ =
      number_count_ < first_count || number_count_ == count_mask ? first_count : number_count_ + 1;
  while (nodes_.count(number_base_ | number_count_) > 0);
  return number_base_ | number_count_;
}

result<node_table::node_id> node_table::offer(const node_terms& terms, time_point now) {
  node_entry node;
  if (auto wrong = refusal(terms, node.lanes))
    return std::move(*wrong);
  node.local = false;
  node.name = clean_text(terms.name, name_max);
  node.version = clean_text(terms.version, name_max);
  node.slots = terms.slots;
  node.since = now;
  const auto id = next_number();
  leases_.add(id, now);
  nodes_[id] = std::move(node);
  return id;
}

bool node_table::join(node_id id, time_point now) {
  const auto it = nodes_.find(id);
  if (it == nodes_.end() || it->second.joined)
    return false;
  it->second.joined = true;
  it->second.silent = false;
  it->second.since = now;
  leases_.renew(id, now);
  return true;
}

void node_table::remove(node_id id) {
  nodes_.erase(id);
  leases_.remove(id);
}

node_table::change node_table::beat(node_id id, bool draining, time_point now) {
  const auto it = nodes_.find(id);
  if (it == nodes_.end() || it->second.local || !it->second.joined || !leases_.renew(id, now))
    return change::unknown;
  auto& node = it->second;
  const auto was_open = node.is_open();
  node.silent = false;
  node.draining = node.draining || draining;
  if (node.is_open() == was_open)
    return change::none;
  return node.is_open() ? change::opened : change::closed;
}

void node_table::ended(node_id id, uint64_t count) {
  if (auto it = nodes_.find(id); it != nodes_.end())
    it->second.finished += count;
}

uint32_t node_table::doubt(node_id id) {
  const auto found = nodes_.find(id);
  return found == nodes_.end() ? 0 : ++found->second.doubts;
}

void node_table::rewire() {
  for (auto& [id, node] : nodes_)
    node.rewired = !node.joined;
}

std::optional<time_point> node_table::next_wake(time_point now) {
  const auto next = leases_.next_change(now);
  if (!next || (wake_at_ && *wake_at_ <= *next))
    return std::nullopt;
  return wake_at_ = *next;
}

node_table::silences node_table::wake(time_point now) {
  silences out;
  if (!wake_at_ || now < *wake_at_)
    return out;
  if (const auto late = now - *wake_at_; late >= limits_.heartbeat)
    leases_.forgive(late, now);
  wake_at_.reset();
  for (auto id : leases_.lost(now))
    out.lost.push_back({id, leases_.silence(id, now)});
  for (auto id : leases_.silent(now)) {
    if (leases_.is_lost(id, now))
      continue;
    nodes_[id].silent = true;
    out.silent.push_back(id);
  }
  return out;
}

const node_entry* node_table::find(node_id id) const {
  const auto it = nodes_.find(id);
  return it == nodes_.end() ? nullptr : &it->second;
}

std::string node_table::title(node_id id) const {
  const auto* node = find(id);
  return "node " + (!node || node->name.empty() ? std::to_string(id)
                                                : node->name + " (" + std::to_string(id) + ")");
}

std::string node_table::why_no_slots() const {
  size_t there = 0, draining = 0;
  for (auto& [id, node] : nodes_) {
    if (!node.joined)
      continue;
    if (node.is_open())
      return {};
    ++there;
    draining += node.draining;
  }
  if (there == 0)
    return "no node has joined";
  return draining == there ? "all nodes are about to leave" : "all nodes are silent";
}

} // namespace penstock::core
