#pragma once

#include "core/base/defaults.hpp"
#include "core/base/time.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace penstock::core {

/// How long a node and its head may be without a message from each other.
struct lease_limits {
  duration heartbeat = defaults::heartbeat;
  duration lost_after = defaults::lost_after;

  /// After so long without a heartbeat a node gets no new work. It may come back.
  duration silent_after() const noexcept { return std::min(3 * heartbeat, lost_after); }
};

/// A lease has two halves. A node sends a heartbeat (a beat) every `heartbeat`; the head answers
/// it. The head counts silence from the arrival of the last beat: after `silent_after` the node
/// gets no new work; after `lost_after` it is lost, and its work is handed out again. The node
/// counts from the moment when it sent the last beat that was answered: after `lost_after` it
/// starts no request and gives its work up.
///
/// A beat arrives later than it was sent. So the node always stops before the head hands out its
/// work, no matter which messages were lost. Example: a beat is sent at 0.0 s and arrives at 0.2 s,
/// then the connection breaks. The node stops at 3.0 s; the head hands out its work at 3.2 s.

/// The head's half: when the last beat of each node arrived. Pure; one owner (the engine).
class lease_table {
public:
  using node_id = uint64_t;

  explicit lease_table(lease_limits limits = {}) : limits_{limits} {}

  /// Begins a lease.
  void add(node_id node, time_point now);
  void remove(node_id node);
  /// Notes a beat. @returns false if the node has no lease.
  bool renew(node_id node, time_point now);
  /// The head itself was blocked for `span` until `now`. It could receive no beat, so that time
  /// does not count as silence.
  void forgive(duration span, time_point now);

  bool is_silent(node_id node, time_point now) const;
  bool is_lost(node_id node, time_point now) const;
  /// Time since the last beat; zero for a node without a lease.
  duration silence(node_id node, time_point now) const;
  /// All nodes that are silent or lost at `now`.
  std::vector<node_id> silent(time_point now) const;
  /// All nodes that are lost at `now`.
  std::vector<node_id> lost(time_point now) const;
  /// When the next node becomes silent or lost if no beat arrives before; unset: no leases.
  std::optional<time_point> next_change(time_point now) const;

private:
  std::vector<node_id> unheard_for(duration span, time_point now) const;

  lease_limits limits_;
  std::map<node_id, time_point> heard_;
};

/// The node's half: the time until which it may work. Pure; one owner (the node).
class lease {
public:
  lease() = default;
  /// @param now When the node joined, or earlier.
  lease(lease_limits limits, time_point now) : limits_{limits}, confirmed_{now} {}

  /// A beat is sent. @returns its number.
  uint64_t beat(time_point now);
  /// The head has answered a beat. Repeated and late answers change nothing.
  void answered(uint64_t number);
  /// From then on the node must not start a request.
  time_point until() const noexcept { return confirmed_ + limits_.lost_after; }
  bool is_over(time_point now) const noexcept { return now >= until(); }

private:
  lease_limits limits_;
  time_point confirmed_{}; ///< When the last answered beat was sent.
  uint64_t number_ = 0;
  std::deque<std::pair<uint64_t, time_point>> sent_; ///< Beats without an answer, oldest first.
};

} // namespace penstock::core
