#pragma once

#include "core/lane/lane.hpp"
#include "core/lane/lane_id_table.hpp"
#include "core/base/time.hpp"

#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace penstock::core {

/// The waiting permit requests, in fair order.
///
/// - Between priorities: the highest is first. A priority that has waited for `aging_bound` since
/// it
///   was last served (or began to wait) is first once.
/// - Within a priority: each tenant has a tag that grows by the cost of its grants. The smallest
/// tag
///   is next; of equal tags, the tenant that was served longest ago. A tenant that comes (back)
///   starts at the tag of the last grant, so that it gains nothing by its absence. Example: with
///   A's cost 2 and B's cost 1 the order is A B B A B B. With equal costs, each of k waiting
///   tenants is served within k grants.
/// - Within a tenant: first in, first out.
/// Every operation costs O(log tenants); cancelling and pushing O(1).
class fair_queue {
public:
  fair_queue() = default;
  explicit fair_queue(duration aging_bound) : aging_bound_{aging_bound} {}

  /// Appends a request. @pre No request of this id waits.
  void push(permit_request req, time_point now);
  /// The next request at `now`, or null. Valid until the next change.
  const permit_request* front(time_point now);
  /// Removes the last result of `front`, and counts `cost` (at least 1) for its tenant.
  /// @pre `front` returned a request, and nothing has changed since.
  permit_request pop(uint64_t cost, time_point now);
  /// Removes the last result of `front` without counting it. @pre As for `pop`.
  void drop_front();
  /// Removes a waiting request. @returns whether it waited.
  bool cancel(uint64_t id);
  /// Removes all of `owner`.
  void cancel_owner(uint64_t owner);
  /// Removes all requests for which `leaves` is true, and appends their ids to `ids`, smallest
  /// first.
  template <class Predicate>
  void take_if(Predicate leaves, std::vector<uint64_t>& ids) {
    const auto first = ids.size();
    by_id_.for_each([&](uint64_t id, uint32_t n) {
      if (leaves(nodes_[n].req))
        ids.push_back(id);
    });
    take(ids, first);
  }
  /// Removes all requests, and appends their ids to `ids`.
  void drain(std::vector<uint64_t>& ids);

  bool contains(uint64_t id) const { return by_id_.find(id) != nullptr; }
  size_t size() const { return by_id_.size(); }
  bool empty() const { return size() == 0; }
  /// When the next waiting priority reaches `aging_bound`: the front may change then. Nullopt if no
  /// priority waits behind another.
  std::optional<time_point> next_aging() const;

private:
  static constexpr uint32_t none = UINT32_MAX;
  static constexpr size_t priority_count = 3;
  struct node {
    permit_request req;
    uint32_t prev = none, next = none; // In its flow; `next` also links free nodes.
    uint32_t flow = none;
    uint8_t level = 0;
  };
  /// One tenant in one priority.
  struct flow {
    std::string tenant;
    uint32_t head = none, tail = none;
    uint64_t tag = 0;
    uint64_t served = 0;  // Number of its last grant; zero: never.
    bool in_heap = false; // May be in the heap although empty, after a cancel.
  };
  struct priority_queue {
    std::vector<flow> flows;
    std::vector<uint32_t> free_flows;
    std::unordered_map<std::string, uint32_t> by_tenant;
    std::vector<uint32_t> heap; // Flows, smallest (tag, served) on top.
    uint32_t last_flow = none;  // Of the last push, because many pushes in a row are of one tenant.
    uint64_t tag_now = 0;       // Tag of the last grant.
    size_t sweep_at = 64;       // Tenants known before idle ones are forgotten.
    size_t waiting = 0;
    time_point since{}; // Last served, or began to wait.
  };

  static auto later(const priority_queue& c);
  uint32_t flow_of(priority_queue& c, const std::string& tenant);
  void forget_idle_flows(priority_queue& c);
  void unlink(uint32_t n);
  void take(std::vector<uint64_t>& ids, size_t first);
  priority_queue* priority_in_turn(time_point now);
  void settle_heap_top(priority_queue& c);

  duration aging_bound_{};
  std::array<priority_queue, priority_count> priorities_;
  std::vector<node> nodes_;
  uint32_t free_ = none;
  id_table<uint32_t> by_id_;
  uint64_t grants_ = 0;
  uint32_t front_ = none;
};

} // namespace penstock::core
