#pragma once

#include "core/lane/lane.hpp"
#include "core/base/request.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace penstock::core {

/// What a sample of rows cost in one stage.
struct stage_sample {
  std::string stage;          ///< Its name.
  std::string lane;           ///< The lane that most of its requests used.
  uint64_t rows = 0;          ///< Rows that reached it.
  uint64_t requests = 0;      ///< Requests, corrections included.
  uint64_t attempts = 0;      ///< HTTP exchanges; cached answers made none.
  uint64_t priced = 0;        ///< Requests whose cost is known.
  uint64_t input_tokens = 0;  ///< As counted by the provider.
  uint64_t output_tokens = 0; ///< As counted by the provider.
  duration upstream{};        ///< Time inside exchanges, summed.
  double cost = 0;            ///< Dollars of the priced ones.

  /// Counts one request's outcome. @param row_is_new Whether it is the row's first request here.
  void add(const outcome& o, bool row_is_new);
};

/// A lane and what it allows, for the projection.
struct projected_lane {
  std::string name;
  lane_limits limits; ///< In flight of zero: only bounded by the run.
};

/// What the rest of the rows will need, if they are like the sample.
struct map_projection {
  uint64_t rows = 0;     ///< Rows left.
  uint64_t requests = 0; ///< Requests, corrections included.
  uint64_t input_tokens = 0;
  uint64_t output_tokens = 0;
  std::optional<double> cost; ///< Dollars; unset if no request of some stage had a price.
  duration time{};            ///< Longest of the lanes.
  std::string bound_by;       ///< What decides the time: "itpm of openai/default", "latency", ...
};

/// Projects a sample. @param in_flight_max Requests in flight of the whole run.
/// @param sampled Rows of the sample. @param rows_left Rows still to run.
map_projection project(const std::vector<stage_sample>& sample, uint64_t sampled,
                       uint64_t rows_left, const std::vector<projected_lane>& lanes,
                       uint32_t in_flight_max);

} // namespace penstock::core
