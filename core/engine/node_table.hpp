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

/// What a node says of itself when it asks to join.
struct node_terms {
  std::string name, version;
  uint32_t slots = 0;
  std::vector<std::string> lanes; ///< Names, in the node's order.
};

/// A node of the table.
struct node_entry {
  bool local = true;   ///< In the process of the engine. It has no lease.
  bool joined = false; ///< False: it has made an offer, and its actor has not come yet.
  bool silent = false;
  bool draining = false;
  bool rewired = false; ///< A long-lived actor was restarted between its offer and its joining.
  std::string name, version;
  uint32_t slots = 0;
  std::vector<uint32_t> lanes; ///< Numbers of the engine's lanes, in the node's order.
  time_point since;            ///< When it joined, or made its offer.
  uint64_t finished = 0;       ///< Hand-outs that it has ended.

  /// Whether it may get new work.
  bool is_open() const noexcept { return !silent && !draining; }
};

/// The nodes of an engine: who may join, under which number, and who is still there.
///
///     offer ----> offered ----> joined (active <-> silent, perhaps draining) ----> removed
///                    |                                                               ^
///                    +---------------------------------------------------------------+
///
/// A remote node keeps a lease alive by its beats. A node that is silent gets nothing new. A node
/// that is silent for longer is lost for good: it may come back, but under a new number. An offer
/// that nobody follows up is lost in the same way. Pure; one owner (the engine), which keeps the
/// actors.
class node_table {
public:
  using node_id = uint64_t;
  /// Nodes at once.
  static constexpr size_t nodes_max = 4096;
  /// Bytes of a name or a version that an offer may bring, and that are kept.
  static constexpr size_t name_max = 200;

  node_table() = default;
  /// @param lanes Names of the engine's lanes.
  /// @param seed Of the numbers of remote nodes. Two lives of a head should have different seeds.
  node_table(lease_limits limits, std::vector<std::string> lanes, uint64_t seed);

  /// A node of this process, under a number below 4,096.
  void add_local(node_id id, uint32_t slots, time_point now);
  /// A remote node asks to join.
  /// @returns its number, or `errc::invalid_input`, `errc::invalid_config` or `errc::overflow`.
  result<node_id> offer(const node_terms& terms, time_point now);
  /// The actor of a node that has made an offer is here.
  /// @returns false if there is no such offer. Then nothing has changed.
  bool join(node_id id, time_point now);
  void remove(node_id id);

  /// What a sign of life has changed.
  enum class change : uint8_t {
    unknown, ///< The node is not in the table, or is lost. It must not be answered.
    none,
    opened, ///< It gets work again.
    closed, ///< It gets no more work.
  };
  /// A joined remote node gave a sign of life. @param draining Whether it is about to leave.
  change beat(node_id id, bool draining, time_point now);
  /// A node has ended hand-outs.
  void ended(node_id id, uint64_t count);
  /// The long-lived actors were restarted. Joined nodes are told; offers are marked.
  void rewire();

  /// A node that was lost by silence.
  struct loss {
    node_id id;
    duration silence;
  };
  /// What silence has done since the last call.
  struct silences {
    std::vector<loss> lost;      ///< The caller removes them.
    std::vector<node_id> silent; ///< They get nothing new.
  };
  /// When `wake` has to be called next, if that is a new time; else unset.
  std::optional<time_point> next_wake(time_point now);
  /// A timer went off. If it comes late, the process itself stood still, and the signs of life may
  /// wait in its mailbox: that time does not count as silence.
  silences wake(time_point now);

  const node_entry* find(node_id id) const;
  const std::map<node_id, node_entry>& all() const noexcept { return nodes_; }
  /// Since the node was heard; zero for a local one.
  duration silence(node_id id, time_point now) const { return leases_.silence(id, now); }
  /// How lines for people name a node.
  std::string title(node_id id) const;
  /// Why no node could take work; empty: a node can.
  std::string why_no_slots() const;

private:
  std::optional<error> refusal(const node_terms& terms, std::vector<uint32_t>& order) const;
  node_id next_number();

  lease_limits limits_;
  std::vector<std::string> lanes_;
  std::map<node_id, node_entry> nodes_;
  lease_table leases_; ///< Of remote nodes.
  std::optional<time_point> wake_at_;
  uint64_t number_base_ = 0, number_count_ = 0; ///< Of the last remote node.
};

} // namespace penstock::core
