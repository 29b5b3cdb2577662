#pragma once

#include "core/base/verdict.hpp"
#include "core/base/time.hpp"

#include <array>
#include <vector>

namespace penstock::core {

/// An amount in each dimension of a lane.
using lane_cost = std::array<double, dimension_count>;

/// What was spent in the last 60 s, in steps of one second.
class lane_usage_window {
public:
  /// Adds `sign` times `cost` at `now`.
  void add(const lane_cost& cost, double sign, time_point now) {
    auto& cell = cell_at(now);
    for (size_t d = 0; d < dimension_count; ++d)
      cell.cost[d] += sign * cost[d];
  }

  /// The sum over the last 60 s; a correction that outlived what it corrects does not show.
  lane_cost sum(time_point now) const {
    lane_cost total{};
    const int64_t second = second_of(now);
    for (const auto& c : cells_)
      if (c.second > second - 60 && c.second <= second)
        for (size_t d = 0; d < dimension_count; ++d)
          total[d] += c.cost[d];
    for (auto& t : total)
      t = t < 0 ? 0 : t;
    return total;
  }

private:
  struct cell {
    int64_t second = INT64_MIN / 2;
    lane_cost cost{};
  };
  static int64_t second_of(time_point now) {
    return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  }
  cell& cell_at(time_point now) {
    const int64_t second = second_of(now);
    auto& c = cells_[static_cast<uint64_t>(second) % cells_.size()];
    if (c.second != second)
      c = cell{second, {}};
    return c;
  }

  std::vector<cell> cells_ = std::vector<cell>(64);
};

} // namespace penstock::core
