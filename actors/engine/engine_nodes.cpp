#include "actors/engine/engine.hpp"

#include "core/base/duration_text.hpp"
#include "core/base/text.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

constexpr uint32_t slots_max = 100'000;
constexpr size_t offered_lanes_max = 10'000;
constexpr size_t name_max = 200;

/// Numbers of remote nodes: a random part that no two lives of a head share, then a count. The
/// count alone must tell the nodes of one life apart, for the ids of permits have room for no more;
/// the nodes of the head's own process have those below `first_count`.
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

std::string engine_state::node_record::title(uint64_t id) const {
  return "node " + (name.empty() ? std::to_string(id) : name + " (" + std::to_string(id) + ")");
}

void engine_state::announce(const std::string& text) const {
  if (setup_.announce)
    setup_.announce(text);
}

// --- coming ---

void engine_state::join(node_actor node, uint64_t id, uint32_t slots) {
  self->monitor(node);
  auto& record = nodes_[id];
  record.actor = std::move(node);
  record.slots = slots;
  record.joined = self->clock().now();
  slots_.add_node(id, slots);
  distribute();
}

/// What is wrong with an offer, if anything; else `order` has our lanes in the order of the
/// offer's.
std::optional<error> engine_state::check(const node_offer& offer,
                                         std::vector<uint32_t>& order) const {
  if (offer.slots < 1 || offer.slots > slots_max)
    return error{errc::invalid_input, "a node has from 1 to " + std::to_string(slots_max) +
                                        " slots, not " + std::to_string(offer.slots)};
  if (offer.name.size() > name_max || offer.version.size() > name_max ||
      offer.lanes.size() > offered_lanes_max)
    return error{errc::invalid_input, "the offer of a node is too large"};
  if (wiring_.limiters.size() != setup_.lanes.size())
    return error{errc::unavailable, "the head is still starting"};
  std::vector<std::string> unknown, missing, twice;
  std::vector<bool> met(setup_.lanes.size());
  for (auto& lane : offer.lanes) {
    const auto ours = std::find(setup_.lanes.begin(), setup_.lanes.end(), lane);
    if (ours == setup_.lanes.end()) {
      unknown.push_back(lane);
      continue;
    }
    const auto at = static_cast<size_t>(ours - setup_.lanes.begin());
    if (met[at])
      twice.push_back(lane);
    met[at] = true;
    order.push_back(static_cast<uint32_t>(at));
  }
  for (size_t i = 0; i < met.size(); ++i)
    if (!met[i])
      missing.push_back(setup_.lanes[i]);
  std::string wrong;
  const auto add = [&](const char* what, const std::vector<std::string>& names) {
    if (!names.empty())
      wrong += (wrong.empty() ? "" : "; ") + std::string{what} + join_names(names);
  };
  add("it lacks the head's lanes ", missing);
  add("the head lacks its lanes ", unknown);
  add("it has twice ", twice);
  if (wrong.empty())
    return std::nullopt;
  return error{errc::invalid_config, "the lanes of the node and of the head differ: " + wrong +
                                       "; give both the same upstreams, models and routes"};
}

uint64_t engine_state::next_node_number() {
  if (number_base_ == 0)
    number_base_ = ((random_() >> 32) | 1) << count_bits;
  for (;;) {
    number_count_ =
      number_count_ < first_count || number_count_ == count_mask ? first_count : number_count_ + 1;
    if (nodes_.count(number_base_ | number_count_) == 0)
      return number_base_ | number_count_;
  }
}

/// The neighbours as a remote node may use them: its own http client, our lanes in its order.
wiring engine_state::wiring_for(const node_record& node) const {
  wiring out;
  out.cache = wiring_.cache;
  for (auto lane : node.lanes)
    out.limiters.push_back(wiring_.limiters.at(lane));
  return out;
}

caf::result<node_welcome> engine_state::offer(const node_offer& offer) {
  node_record record;
  auto wrong = check(offer, record.lanes);
  if (!wrong && nodes_.size() >= nodes_max)
    wrong = error{errc::overflow,
                  "this head has " + std::to_string(nodes_max) + " nodes, and takes no more"};
  if (wrong) {
    announce("node " + core::clean_text(offer.name, name_max) + " refused: " + wrong->context);
    return to_caf(*wrong);
  }
  record.local = false;
  record.name = core::clean_text(offer.name, name_max);
  record.version = core::clean_text(offer.version, name_max);
  record.slots = offer.slots;
  record.joined = self->clock().now();
  node_welcome answer;
  answer.node = next_node_number();
  answer.neighbours = wiring_for(record);
  answer.heartbeat = setup_.heartbeat;
  answer.lost_after = setup_.lost_after;
  answer.lanes = record.lanes;
  // An offer that nobody follows up is forgotten like a node that falls silent.
  leases_.add(answer.node, self->clock().now());
  nodes_[answer.node] = std::move(record);
  schedule_node_wake();
  return answer;
}

void engine_state::join(node_actor node, uint64_t id) {
  const auto known = nodes_.find(id);
  if (known == nodes_.end() || known->second.local || known->second.actor)
    return;
  auto& record = known->second;
  self->monitor(node);
  record.actor = std::move(node);
  record.joined = self->clock().now();
  record.silent = false;
  leases_.renew(id, self->clock().now());
  slots_.add_node(id, record.slots);
  if (record.rewired)
    self->send(record.actor, atom::rewire_v, wiring_for(record));
  announce(record.title(id) + " joined with " + std::to_string(record.slots) + " slots");
  distribute();
}

// --- signs of life ---

/// Counts what a node has ended; coordinators give slots back, too, which nobody used.
void engine_state::note_freed(const slot_return& slots) {
  const auto node = nodes_.find(slots.node);
  if (node != nodes_.end() && node->second.actor &&
      self->current_sender() == caf::actor_cast<caf::strong_actor_ptr>(node->second.actor))
    node->second.finished += slots.slots;
}

void engine_state::beat(const node_beat& sign) {
  const auto known = nodes_.find(sign.node);
  // Whom we have given up is not answered, and gives itself up.
  if (known == nodes_.end() || known->second.local || !known->second.actor ||
      !leases_.renew(sign.node, self->clock().now()))
    return;
  auto& record = known->second;
  const auto was_open = record.is_open();
  record.silent = false;
  record.draining = record.draining || sign.draining;
  self->send(record.actor, atom::heartbeat_v, sign.number);
  if (record.is_open() == was_open)
    return;
  slots_.suspend(sign.node, !record.is_open());
  distribute();
}

/// A timer runs only while there are remote nodes.
void engine_state::schedule_node_wake() {
  const auto now = self->clock().now();
  const auto next = leases_.next_change(now);
  if (!next || (node_wake_at_ && *node_wake_at_ <= *next))
    return;
  node_wake_at_ = *next;
  self->delayed_send(self, std::max(duration{}, *next - now), atom::wake_v);
}

void engine_state::wake() {
  const auto now = self->clock().now();
  if (!node_wake_at_ || now < *node_wake_at_)
    return;
  // If we come late, this process stood still: the signs of life may wait in our mailbox.
  if (const auto late = now - *node_wake_at_; late >= setup_.heartbeat)
    leases_.forgive(late, now);
  node_wake_at_.reset();
  for (auto id : leases_.lost(now)) {
    if (const auto& actor = nodes_[id].actor)
      ghosts_[actor.address()] = id;
    const auto span = std::chrono::floor<std::chrono::milliseconds>(leases_.silence(id, now));
    lose(id, "silent for " + core::format_duration(span));
  }
  for (auto id : leases_.silent(now)) {
    nodes_[id].silent = true;
    slots_.suspend(id, true);
  }
  schedule_node_wake();
}

// --- going ---

/// Limiters and cache forget what a node has there.
void engine_state::release(uint64_t id) {
  for (auto& limiter : wiring_.limiters)
    if (limiter)
      self->send(limiter, atom::release_v, id);
  if (wiring_.cache)
    self->send(wiring_.cache, atom::release_v, id);
}

/// Takes a node out of the books; coordinators hear `said` of it.
template <class Atom>
void engine_state::forget_node(uint64_t id, Atom said) {
  nodes_.erase(id);
  leases_.remove(id);
  slots_.remove_node(id);
  for (auto& [job, record] : jobs_)
    if (record.coordinator)
      self->send(record.coordinator, said, id);
  release(id);
  // What it could not hand to anybody waits for other nodes now.
  distribute();
}

void engine_state::lose(uint64_t id, const std::string& why) {
  const auto& record = nodes_[id];
  if (record.actor && !record.local)
    announce(record.title(id) + " lost: " + why);
  forget_node(id, atom::lost_v);
}

/// If a node has died, what it had goes to others. @returns whether it was one.
bool engine_state::lose(const caf::down_msg& msg) {
  if (const auto ghost = ghosts_.extract(msg.source)) {
    release(ghost.mapped());
    return true;
  }
  const auto dead = std::find_if(nodes_.begin(), nodes_.end(), [&](auto& one) {
    return one.second.actor && one.second.actor.address() == msg.source;
  });
  if (dead == nodes_.end())
    return false;
  lose(dead->first, msg.reason.category() == error_category ? from_caf(msg.reason).context
                                                            : "the connection broke, or it died");
  return true;
}

void engine_state::leave(uint64_t id) {
  const auto known = nodes_.find(id);
  if (known == nodes_.end() || known->second.local)
    return;
  if (known->second.actor) {
    self->demonitor(known->second.actor.address());
    announce(known->second.title(id) + " left");
  }
  forget_node(id, atom::leave_v);
}

// --- looking ---

void engine_state::rewire(const wiring& now) {
  wiring_ = now;
  for (auto& [id, node] : nodes_) {
    if (!node.local && node.actor)
      self->send(node.actor, atom::rewire_v, wiring_for(node));
    node.rewired = !node.actor;
  }
}

std::vector<node_info> engine_state::nodes() const {
  const auto now = self->clock().now();
  std::vector<node_info> all;
  for (auto& [id, node] : nodes_) {
    if (!node.actor)
      continue;
    node_info info;
    info.id = id;
    info.name = node.name;
    info.version = node.version;
    info.local = node.local;
    info.slots = node.slots;
    info.in_use = slots_.in_use_on(id);
    info.state = node.draining ? "draining" : node.silent ? "silent" : "active";
    info.silent_for = leases_.silence(id, now);
    info.joined_for = now - node.joined;
    info.finished = node.finished;
    all.push_back(std::move(info));
  }
  return all;
}

/// Why nobody could take work, whatever the jobs; empty: somebody can.
std::string engine_state::why_no_slots() const {
  size_t there = 0, draining = 0;
  for (auto& [id, node] : nodes_) {
    if (!node.actor)
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

} // namespace penstock::actors
