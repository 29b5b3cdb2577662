#pragma once

#include "core/lane/lane.hpp"
#include "core/base/request.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace penstock::core {

/// The cost of a sample of rows in one stage.
struct stage_sample {
  std::string stage;          ///< Its name.
  std::string lane;           ///< The lane that most of its requests used.
  uint64_t rows = 0;          ///< Rows that reached the stage.
  uint64_t requests = 0;      ///< Requests, with corrections.
  uint64_t attempts = 0;      ///< HTTP exchanges; cached answers made none.
  uint64_t priced = 0;        ///< Requests whose cost is known.
  uint64_t input_tokens = 0;  ///< As counted by the provider.
  uint64_t output_tokens = 0; ///< As counted by the provider.
  duration upstream{};        ///< Time inside exchanges, summed.
  double cost = 0;            ///< US dollars of requests with a price.

  /// Counts the outcome of one request. @param row_is_new Whether it is the first of its row in
  /// this stage.
  void add(const outcome& o, bool row_is_new);
};

/// A lane and its limits, for the projection.
struct projected_lane {
  std::string name;
  lane_limits limits; ///< `in_flight_max` of zero: limited only by the run.
};

/// The estimate for the remaining rows, if they are like the sample.
struct map_projection {
  uint64_t rows = 0;     ///< Rows left.
  uint64_t requests = 0; ///< Requests, with corrections.
  uint64_t input_tokens = 0;
  uint64_t output_tokens = 0;
  std::optional<double> cost; ///< US dollars; unset if a stage has no request with a price.
  duration time{};            ///< Longest of the lanes.
  std::string bound_by;       ///< The tightest limit: "itpm of openai/default", "latency", ...
};

/// Projects a sample. @param in_flight_max Requests in flight of the whole run.
/// @param sampled Rows of the sample. @param rows_left Rows still to run.
map_projection project(const std::vector<stage_sample>& sample, uint64_t sampled,
                       uint64_t rows_left, const std::vector<projected_lane>& lanes,
                       uint32_t in_flight_max);

} // namespace penstock::core
