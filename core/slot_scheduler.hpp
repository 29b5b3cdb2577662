#pragma once

#include "core/request.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace penstock::core {

/// Gives the free slots of nodes to jobs that have requests ready: priority class first, then the
/// least recently served tenant, then the oldest job; never more than a job's own maximum. Over the
/// nodes it spreads evenly: the node with the most free slots first. Pure; one owner (the engine).
class slot_scheduler {
public:
  using job_id = uint64_t;
  using node_id = uint64_t;

  /// Slots given to one job on one node.
  struct grant {
    job_id job = 0;
    node_id node = 0;
    uint32_t slots = 0;
  };

  /// Makes a node known, or changes how many slots it has free.
  void set_free(node_id node, uint32_t free);
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

private:
  struct job_state {
    std::string tenant;
    core::priority class_ = core::priority::normal;
    uint32_t in_flight_max = 0;
    uint32_t demand = 0;
    uint32_t in_use = 0;
    std::map<node_id, uint32_t> by_node;
  };

  job_state* pick(job_id& id);
  uint32_t share_of(const job_state& job) const;

  std::map<job_id, job_state> jobs_;
  std::map<node_id, uint32_t> free_;
  std::map<std::string, uint64_t> served_; ///< Turn at which a tenant was last served.
  uint64_t turn_ = 0;
};

} // namespace penstock::core
