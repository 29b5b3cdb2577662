#pragma once

#include "core/base/time.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace penstock::core {

/// How long a node and its head may hear nothing of each other.
struct lease_limits {
  duration heartbeat = std::chrono::milliseconds{500};
  duration lost_after = std::chrono::seconds{3};

  /// A node that was silent for so long gets nothing new; it may come back.
  duration silent_after() const noexcept { return std::min(3 * heartbeat, lost_after); }
};

/// The two halves of a lease. A node gives a sign of life (a beat) each `heartbeat`; the head
/// answers it. The head counts silence from the moment at which a beat arrives: after
/// `silent_after` the node gets nothing new, after `lost_after` it is lost, and what it had is
/// handed out again. The node counts from the moment at which it sent the beat that was answered
/// last: after `lost_after` it may start nothing, and gives itself up.
///
/// A beat arrives after it was sent, so the node stops no later than the head gives it up, whatever
/// became of the messages in between. Example: sent at 0.0 s, arrives at 0.2 s, and the line is
/// cut: the node stops at 3.0 s, the head hands out its work at 3.2 s.

/// The head's half: when each node was heard last. Pure; one owner (the engine).
class lease_table {
public:
  using node_id = uint64_t;

  explicit lease_table(lease_limits limits = {}) : limits_{limits} {}

  /// Begins a lease.
  void add(node_id node, time_point now);
  void remove(node_id node);
  /// Notes a sign of life. @returns false if the node has no lease.
  bool renew(node_id node, time_point now);
  /// The head itself stood still for `span` until `now`: nobody could be heard, so it does not
  /// count as silence.
  void forgive(duration span, time_point now);

  bool is_silent(node_id node, time_point now) const;
  bool is_lost(node_id node, time_point now) const;
  /// Since the node was heard; zero for one without a lease.
  duration silence(node_id node, time_point now) const;
  /// Every node that is silent at `now`, with those that are lost.
  std::vector<node_id> silent(time_point now) const;
  /// Every node that is lost at `now`.
  std::vector<node_id> lost(time_point now) const;
  /// When the next node falls silent or is lost, if nobody is heard until then; unset: no leases.
  std::optional<time_point> next_change(time_point now) const;

private:
  std::vector<node_id> unheard_for(duration span, time_point now) const;

  lease_limits limits_;
  std::map<node_id, time_point> heard_;
};

/// The node's half: until when it may work. Pure; one owner (the node).
class lease {
public:
  lease() = default;
  /// @param now The moment of joining, or earlier.
  lease(lease_limits limits, time_point now) : limits_{limits}, confirmed_{now} {}

  /// A beat is sent. @returns its number.
  uint64_t beat(time_point now);
  /// The head has answered a beat. Answers that come again or late change nothing.
  void answered(uint64_t number);
  /// Nothing may be started from then on.
  time_point until() const noexcept { return confirmed_ + limits_.lost_after; }
  bool is_over(time_point now) const noexcept { return now >= until(); }

private:
  lease_limits limits_;
  time_point confirmed_{}; ///< When the last beat was sent that was answered.
  uint64_t number_ = 0;
  std::deque<std::pair<uint64_t, time_point>> sent_; ///< Not yet answered, oldest first.
};

} // namespace penstock::core
