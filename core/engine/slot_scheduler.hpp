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
/// 1. Priority: the higher priority is served first. After `patience_slots` slots for higher
///    priorities, a waiting lower priority gets the next slot, so that bulk work never starves.
/// 2. Tenant: within a priority, the tenant that was served longest ago is served next. While other
///    tenants wait, a tenant gets one slot a turn.
/// 3. Job: of a tenant, the oldest job is served first.
/// 4. Node: the slot is taken from the node with the most free slots. A suspended node gets no new
///    requests.
///
/// Example: tenant A has 100,000 requests and holds all slots; tenant B brings 10 requests of the
/// same priority. Of the next 20 slots that become free, every other one goes to B.
///
/// A slot costs O(log jobs + log nodes). Pure; one owner (the engine).
class slot_scheduler {
public:
  using job_id = uint64_t;
  using node_id = uint64_t;

  /// Slots that higher priorities may get before a waiting lower priority gets one.
  static constexpr uint32_t patience_slots = 32;

  /// Slots given to one job on one node.
  struct grant {
    job_id job = 0;
    node_id node = 0;
    uint32_t slots = 0;
  };

  /// Makes a node known, all its slots free.
  void add_node(node_id node, uint32_t slots);
  /// Suspends a node (`on`): it gets no new requests; jobs keep the slots that they have there.
  void suspend(node_id node, bool on);
  /// Gives back slots of `node` that `job` held. Slots beyond those that the job holds are ignored.
  void give_back(job_id job, node_id node, uint32_t slots);
  /// Forgets a node and the slots that jobs held there.
  void remove_node(node_id node);

  /// Makes a job known. Ids grow with age: a lower id is an older job.
  void add_job(job_id job, std::string tenant, core::priority priority, uint32_t in_flight_max);
  /// Forgets a job and frees all slots that it held.
  void remove_job(job_id job);
  /// How many requests of `job` could start now.
  void set_demand(job_id job, uint32_t ready);

  /// Hands out as many slots as possible; demand and free slots shrink accordingly.
  std::vector<grant> schedule();

  uint32_t free_slots() const noexcept;
  /// Slots that `job` holds now.
  uint32_t in_use(job_id job) const noexcept;
  /// Slots of `node` that jobs hold now.
  uint32_t in_use_on(node_id node) const noexcept;

private:
  static constexpr size_t priority_count = 3;

  struct node_state {
    uint32_t slots = 0, free = 0;
    bool suspended = false;
  };
  struct job_state {
    std::string tenant;
    core::priority priority = core::priority::normal;
    uint32_t in_flight_max = 0;
    uint32_t demand = 0;
    uint32_t in_use = 0;
    std::map<node_id, uint32_t> by_node;
    uint32_t wants() const {
      return std::min(demand, in_flight_max - std::min(in_use, in_flight_max));
    }
  };
  struct tenant_state {
    uint64_t served = 0;                                  ///< Turn at which it was served last.
    size_t jobs = 0;                                      ///< Jobs of the tenant.
    std::array<std::set<job_id>, priority_count> waiting; ///< Jobs that want slots, by priority.
  };
  /// Tenants of one priority that want slots: served longest ago first; of equals, the tenant with
  /// the oldest job first.
  using turns = std::set<std::tuple<uint64_t, job_id, std::string>>;

  void set_free(node_id id, node_state& node, uint32_t free);
  void list(node_id id, const node_state& node, bool on);
  void list(const std::string& name, const tenant_state& tenant, bool on);
  template <class Change>
  void change(job_id id, job_state& job, Change what);
  size_t priority_in_turn();
  uint32_t at_once(size_t level, const job_state& job, const node_state& node) const;

  std::map<job_id, job_state> jobs_;
  std::map<std::string, tenant_state> tenants_;
  std::array<turns, priority_count> turns_;
  std::array<uint32_t, priority_count>
    passed_over_{}; ///< Slots that higher priorities got meanwhile.
  std::map<node_id, node_state> nodes_;
  std::set<std::pair<uint32_t, node_id>> open_; ///< Nodes with free slots; most free slots last.
  uint64_t turn_ = 0;
};

} // namespace penstock::core
