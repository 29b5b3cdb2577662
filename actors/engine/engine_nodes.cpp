#include "actors/engine/engine.hpp"

#include "core/base/duration_text.hpp"
#include "core/base/text.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

void engine_state::announce(const std::string& text) const {
  if (setup_.announce)
    setup_.announce(text);
}

// --- coming ---

void engine_state::attach(live_desk_actor desk) {
  desk_ = std::move(desk);
  for (auto& [id, node] : nodes_.all())
    tell_desk(id, node.is_open());
}

/// Tells the live desk whether a node takes work.
void engine_state::tell_desk(uint64_t id, bool is_open) {
  const auto* entry = nodes_.find(id);
  const auto actor = node_actors_.find(id);
  if (desk_ && entry && actor != node_actors_.end())
    self->send(desk_, atom::slots_v, actor->second, id, is_open ? entry->slots : 0);
}

void engine_state::join(node_actor node, uint64_t id, uint32_t slots) {
  self->monitor(node);
  node_actors_[id] = std::move(node);
  nodes_.add_local(id, slots, self->clock().now());
  slots_.add_node(id, slots);
  tell_desk(id, true);
  distribute();
}

/// The long-lived actors for a remote node: without the HTTP client, and with our lanes in its
/// order.
wiring engine_state::wiring_for(const core::node_entry& node) const {
  wiring out;
  out.cache = wiring_.cache;
  for (auto lane : node.lanes)
    out.limiters.push_back(wiring_.limiters.at(lane));
  return out;
}

caf::result<node_welcome> engine_state::offer(const node_offer& offer) {
  const auto refuse = [&](const error& why) {
    announce("node " + core::clean_text(offer.name, core::node_table::name_max) +
             " refused: " + why.context);
    return to_caf(why);
  };
  if (const auto from = self->current_sender(); from && sent_away_.contains(from->node()))
    return refuse({errc::invalid_config, "it sent reports that cannot be true; replace its program "
                                         "and start it again"});
  if (wiring_.limiters.size() != setup_.lanes.size())
    return refuse({errc::unavailable, "the head is still starting"});
  const auto id =
    nodes_.offer({offer.name, offer.version, offer.slots, offer.lanes}, self->clock().now());
  if (!id)
    return refuse(id.error());
  const auto& node = *nodes_.find(*id);
  node_welcome answer;
  answer.node = *id;
  answer.neighbours = wiring_for(node);
  answer.heartbeat = setup_.lease.heartbeat;
  answer.lost_after = setup_.lease.lost_after;
  answer.lanes = node.lanes;
  schedule_node_wake();
  return answer;
}

void engine_state::join(node_actor node, uint64_t id) {
  const auto from = self->current_sender();
  if (!node || (from && from->node() != node.node()) || !nodes_.join(id, self->clock().now()))
    return;
  const auto& entry = *nodes_.find(id);
  self->monitor(node);
  slots_.add_node(id, entry.slots);
  if (entry.rewired)
    self->send(node, atom::rewire_v, wiring_for(entry));
  node_actors_[id] = std::move(node);
  announce(nodes_.title(id) + " joined with " + std::to_string(entry.slots) + " slots");
  tell_desk(id, true);
  distribute();
}

// --- signs of life ---

/// Counts the finished hand-outs of a node. Slots that coordinators give back were not used.
void engine_state::note_freed(const slot_return& slots) {
  if (is_from(slots.node))
    nodes_.ended(slots.node, slots.slots);
}

void engine_state::beat(const node_beat& sign) {
  using change = core::node_table::change;
  if (!is_from(sign.node))
    return;
  const auto what = nodes_.beat(sign.node, sign.draining, self->clock().now());
  if (what == change::unknown)
    return; // Without an answer the node stops by itself.
  self->send(node_actors_[sign.node], atom::heartbeat_v, sign.number);
  if (what == change::none)
    return;
  slots_.suspend(sign.node, what == change::closed);
  tell_desk(sign.node, what != change::closed);
  distribute();
}

/// Schedules the next `wake`. There is a timer only while there are remote nodes.
void engine_state::schedule_node_wake() {
  const auto now = self->clock().now();
  if (const auto next = nodes_.next_wake(now))
    self->delayed_send(self, std::max(duration{}, *next - now), atom::wake_v);
}

void engine_state::wake() {
  const auto silences = nodes_.wake(self->clock().now());
  for (auto& [id, silence] : silences.lost) {
    if (const auto node = node_actors_.find(id); node != node_actors_.end())
      ghosts_[node->second.address()] = id;
    const auto span = std::chrono::floor<std::chrono::milliseconds>(silence);
    lose(id, "silent for " + core::format_duration(span));
  }
  for (auto id : silences.silent) {
    slots_.suspend(id, true);
    tell_desk(id, false);
  }
  schedule_node_wake();
}

/// Whether the message that is being handled comes from the actor of this node.
bool engine_state::is_from(uint64_t node) const {
  const auto found = node_actors_.find(node);
  return found != node_actors_.end() &&
         self->current_sender() == caf::actor_cast<caf::strong_actor_ptr>(found->second);
}

void engine_state::freed(const slot_return& slots) {
  // Coordinators are in this process. A node gives back its own slots only.
  if (const auto from = self->current_sender();
      from && from->node() != self->node() && !is_from(slots.node))
    return;
  note_freed(slots);
  // The slots of a dead life were freed with it. Later messages of nodes about them are ignored.
  if (auto it = jobs_.find(slots.job); it == jobs_.end() || it->second.incarnation != slots.life)
    return;
  slots_.give_back(slots.job, slots.node, slots.slots);
  distribute();
}

void engine_state::doubt(uint64_t id, const error& why) {
  const auto actor = node_actors_.find(id);
  const auto* node = nodes_.find(id);
  if (actor == node_actors_.end() || !node || node->local)
    return;
  announce(nodes_.title(id) + ": " + why.context);
  if (nodes_.doubt(id) < core::node_table::doubts_max)
    return;
  sent_away_.insert(actor->second->node());
  lose(id, "it sent " + std::to_string(core::node_table::doubts_max) +
             " reports that cannot be true; it is sent away");
}

// --- going ---

/// Tells limiters and cache to forget a node.
void engine_state::release(uint64_t id) {
  for (auto& limiter : wiring_.limiters)
    if (limiter)
      self->send(limiter, atom::release_v, id);
  if (wiring_.cache)
    self->send(wiring_.cache, atom::release_v, id);
}

/// Removes a node. Coordinators get the atom `said` with its number.
template <class Atom>
void engine_state::forget_node(uint64_t id, Atom said) {
  nodes_.remove(id);
  node_actors_.erase(id);
  slots_.remove_node(id);
  for (auto& [job, record] : jobs_)
    if (record.coordinator)
      self->send(record.coordinator, said, id);
  if (desk_)
    self->send(desk_, said, id);
  release(id);
  // Its requests wait for other nodes now.
  distribute();
}

void engine_state::lose(uint64_t id, const std::string& why) {
  const auto* node = nodes_.find(id);
  if (node && node->joined && !node->local)
    announce(nodes_.title(id) + " lost: " + why);
  forget_node(id, atom::lost_v);
}

/// If the dead actor was a node, hands its work to other nodes. @returns whether it was a node.
bool engine_state::lose(const caf::down_msg& msg) {
  if (const auto ghost = ghosts_.extract(msg.source)) {
    release(ghost.mapped());
    return true;
  }
  const auto dead = std::find_if(node_actors_.begin(), node_actors_.end(),
                                 [&](auto& one) { return one.second.address() == msg.source; });
  if (dead == node_actors_.end())
    return false;
  lose(dead->first, msg.reason.category() == error_category ? from_caf(msg.reason).context
                                                            : "the connection broke, or it died");
  return true;
}

void engine_state::leave(uint64_t id) {
  const auto* node = nodes_.find(id);
  if (!node || node->local || !is_from(id))
    return;
  if (const auto actor = node_actors_.find(id); actor != node_actors_.end()) {
    self->demonitor(actor->second.address());
    announce(nodes_.title(id) + " left");
  }
  forget_node(id, atom::leave_v);
}

// --- looking ---

void engine_state::rewire(const wiring& now) {
  wiring_ = now;
  for (auto& [id, actor] : node_actors_)
    if (const auto& node = *nodes_.find(id); !node.local)
      self->send(actor, atom::rewire_v, wiring_for(node));
  nodes_.rewire();
}

std::vector<node_info> engine_state::nodes() const {
  const auto now = self->clock().now();
  std::vector<node_info> all;
  for (auto& [id, node] : nodes_.all()) {
    if (!node.joined)
      continue;
    node_info info;
    info.id = id;
    info.name = node.name;
    info.version = node.version;
    info.local = node.local;
    info.slots = node.slots;
    info.in_use = slots_.in_use_on(id);
    info.state = node.draining ? node_state::draining
                 : node.silent ? node_state::silent
                               : node_state::active;
    info.silent_for = nodes_.silence(id, now);
    info.joined_for = now - node.since;
    info.finished = node.finished;
    all.push_back(std::move(info));
  }
  return all;
}

} // namespace penstock::actors
