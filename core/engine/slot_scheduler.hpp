#pragma once

#include "core/base/request.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace penstock::core {

/// Gives the free slots of nodes to jobs that have requests ready, never more than a job's own
/// maximum.
///
/// Between classes: the higher one first, but a class that has watched `patience_slots` go to
/// higher ones gets the next, so that bulk work starves nowhere. Within a class: the tenant that
/// was served longest ago, one slot a turn while others wait; of a tenant, the oldest job. Over the
/// nodes it spreads evenly: the one with the most free slots first. A suspended node gets nothing
/// new.
///
/// Example: 100,000 requests of A, 10 of B, all slots with A: of the next 20 slots that come free,
/// B gets every other one.
///
/// A slot costs O(log jobs + log nodes). Pure; one owner (the engine).
class slot_scheduler {
public:
  using job_id = uint64_t;
  using node_id = uint64_t;

  /// Slots that may go to higher classes before a waiting one gets one.
  static constexpr uint32_t patience_slots = 32;

  /// Slots given to one job on one node.
  struct grant {
    job_id job = 0;
    node_id node = 0;
    uint32_t slots = 0;
  };

  /// Makes a node known, all its slots free.
  void add_node(node_id node, uint32_t slots);
  /// Whether nothing new may go there. What jobs have there stays.
  void suspend(node_id node, bool on);
  /// Gives slots of `node` back that `job` had, or never used. What it does not hold (any more) is
  /// ignored.
  void give_back(job_id job, node_id node, uint32_t slots);
  /// Forgets a node and what jobs had there.
  void remove_node(node_id node);

  /// Makes a job known. Ids grow with age: a lower id is an older job.
  void add_job(job_id job, std::string tenant, priority class_, uint32_t in_flight_max);
  /// Forgets a job and frees all it held: nobody is left to say which of it ever reached a node.
  void remove_job(job_id job);
  /// How many requests of `job` could start now.
  void set_demand(job_id job, uint32_t ready);

  /// Hands out what can be handed out; demand and free slots shrink accordingly.
  std::vector<grant> schedule();

  uint32_t free_slots() const noexcept;
  /// Slots that `job` holds now.
  uint32_t in_use(job_id job) const noexcept;
  /// Slots of `node` that jobs hold now.
  uint32_t in_use_on(node_id node) const noexcept;

private:
  static constexpr size_t class_count = 3;

  struct node_state {
    uint32_t slots = 0, free = 0;
    bool suspended = false;
  };
  struct job_state {
    std::string tenant;
    core::priority class_ = core::priority::normal;
    uint32_t in_flight_max = 0;
    uint32_t demand = 0;
    uint32_t in_use = 0;
    std::map<node_id, uint32_t> by_node;
    uint32_t wants() const {
      return std::min(demand, in_flight_max - std::min(in_use, in_flight_max));
    }
  };
  struct tenant_state {
    uint64_t served = 0;                               ///< Turn at which it was served last.
    size_t jobs = 0;                                   ///< All of it that are known.
    std::array<std::set<job_id>, class_count> waiting; ///< Those that want slots, by class.
  };
  /// Tenants of a class that want slots: served longest ago first, then the one with the oldest
  /// job.
  using turns = std::set<std::tuple<uint64_t, job_id, std::string>>;

  void set_free(node_id id, node_state& node, uint32_t free);
  void list(node_id id, const node_state& node, bool on);
  void list(const std::string& name, const tenant_state& tenant, bool on);
  template <class Change>
  void change(job_id id, job_state& job, Change what);
  size_t class_in_turn();
  uint32_t at_once(size_t cls, const job_state& job, const node_state& node) const;

  std::map<job_id, job_state> jobs_;
  std::map<std::string, tenant_state> tenants_;
  std::array<turns, class_count> turns_;
  std::array<uint32_t, class_count> passed_over_{}; ///< Slots that higher classes got meanwhile.
  std::map<node_id, node_state> nodes_;
  std::set<std::pair<uint32_t, node_id>> open_; ///< Nodes with free slots, most of them last.
  uint64_t turn_ = 0;
};

} // namespace penstock::core
