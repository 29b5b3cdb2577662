#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/engine/lease_table.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace penstock::core {

/// The data of a node that asks to join.
struct node_terms {
  std::string name, version;
  uint32_t slots = 0;
  std::vector<std::string> lanes; ///< Names, in the order of the node's settings.
};

/// A node of the table.
struct node_entry {
  bool local = true;   ///< Runs in the process of the engine. It has no lease.
  bool joined = false; ///< False: the node sent an offer, and its actor is not here yet.
  bool silent = false;
  bool draining = false;
  bool rewired = false; ///< A long-lived actor was restarted since its offer.
  std::string name, version;
  uint32_t slots = 0;
  std::vector<uint32_t> lanes; ///< Numbers of the engine's lanes, in the order of the node.
  time_point since;            ///< When it joined, or sent its offer.
  uint64_t finished = 0;       ///< Hand-outs that it has finished.
  uint32_t doubts = 0;         ///< Reports that cannot be true.

  /// Whether the node may get new work.
  bool is_open() const noexcept { return !silent && !draining; }
};

/// The nodes of an engine: it decides which nodes may join, gives them numbers, and finds lost
/// ones.
///
///     offer ----> offered ----> joined (active <-> silent, perhaps draining) ----> removed
///                    |                                                               ^
///                    +---------------------------------------------------------------+
///
/// A remote node renews its lease by heartbeats (beats). A node without a recent beat is silent and
/// gets no new work. A node that is silent for longer is lost: it may come back, but with a new
/// number. An offer without a `join` is lost in the same way. Pure; one owner: the engine, which
/// also keeps the actors of the nodes.
class node_table {
public:
  using node_id = uint64_t;
  /// Largest number of nodes.
  static constexpr size_t nodes_max = 4096;
  /// A node with so many reports that cannot be true is sent away.
  static constexpr uint32_t doubts_max = 3;
  /// Largest size in bytes of a name or version in an offer.
  static constexpr size_t name_max = 200;

  node_table() = default;
  /// @param lanes Names of the engine's lanes.
  /// @param seed For the numbers of remote nodes. Each start of a head should use another seed.
  node_table(lease_limits limits, std::vector<std::string> lanes, uint64_t seed);

  /// Adds a node of this process. @param id A number below 4,096.
  void add_local(node_id id, uint32_t slots, time_point now);
  /// A remote node asks to join.
  /// @returns its number, or `errc::invalid_input`, `errc::invalid_config` or `errc::overflow`.
  result<node_id> offer(const node_terms& terms, time_point now);
  /// The actor of a node that sent an offer is here.
  /// @returns false if there is no such offer. Then nothing has changed.
  bool join(node_id id, time_point now);
  void remove(node_id id);

  /// What a beat has changed.
  enum class change : uint8_t {
    unknown, ///< The node is not in the table, or is lost. Do not answer it.
    none,
    opened, ///< The node gets work again.
    closed, ///< The node gets no more work.
  };
  /// A beat of a joined remote node. @param draining Whether the node is about to leave.
  change beat(node_id id, bool draining, time_point now);
  /// A node has finished `count` hand-outs.
  void ended(node_id id, uint64_t count);
  /// A node sent something that cannot be true. @returns how often it did that.
  uint32_t doubt(node_id id);
  /// A long-lived actor was restarted. Marks the offers; the engine tells the joined nodes.
  void rewire();

  /// A node that is lost because it was silent for too long.
  struct loss {
    node_id id;
    duration silence;
  };
  /// The nodes that became silent or lost since the last call.
  struct silences {
    std::vector<loss> lost;      ///< The caller must remove them.
    std::vector<node_id> silent; ///< They get no new work.
  };
  /// When to call `wake`; unset if that was asked for already.
  std::optional<time_point> next_wake(time_point now);
  /// The timer of `next_wake` fired. If it fires late, the process itself was blocked, and beats
  /// may wait in its mailbox. So that time does not count as silence.
  silences wake(time_point now);

  const node_entry* find(node_id id) const;
  const std::map<node_id, node_entry>& all() const noexcept { return nodes_; }
  /// Time since the last beat; zero for a local node.
  duration silence(node_id id, time_point now) const { return leases_.silence(id, now); }
  /// The name of a node in messages for people.
  std::string title(node_id id) const;
  /// Why no node can get work; empty: a node can.
  std::string why_no_slots() const;

private:
  std::optional<error> refusal(const node_terms& terms, std::vector<uint32_t>& order) const;
  node_id next_number();

  lease_limits limits_;
  std::vector<std::string> lanes_;
  std::map<node_id, node_entry> nodes_;
  lease_table leases_; ///< Of remote nodes.
  std::optional<time_point> wake_at_;
  uint64_t number_base_ = 0, number_count_ = 0; ///< Parts of the number of the last remote node.
};

} // namespace penstock::core
