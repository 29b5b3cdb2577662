#pragma once

#include "apps/mock/mock_answers.hpp"
#include "apps/mock/mock_faults.hpp"
#include "apps/mock/mock_latency.hpp"
#include "apps/mock/mock_limiter.hpp"
#include "apps/mock/mock_shape.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace penstock::mock {

/// Everything the mock provider may be told.
struct mock_options {
  std::string host = "127.0.0.1";
  uint16_t port = 0; ///< 0: any free one.
  limiter_options limits;
  header_mode headers = header_mode::full;
  bool retry_after = true;     ///< 429s of the limiter carry `retry-after`.
  bool retry_after_ms = false; ///< And `retry-after-ms`.
  latency_model latency;
  /// Length of a provider's second in real seconds; scales delays, limits and waits alike.
  double time_scale = 1;
  uint64_t capacity = 0; ///< In flight beyond which everything slows down; 0: never.
  uint64_t overload = 0; ///< In flight beyond which the answer is 503 or 529; 0: never.
  output_model output;
  token_error tokens;
  uint64_t seed = 1;
  bool track_ids = true;           ///< Count by client request id.
  std::string key;                 ///< The only key that works; empty: all do.
  std::vector<std::string> models; ///< The only models that exist; empty: all do.
  std::vector<fault_rule> faults;
  uint32_t connections_max = 20000;
};

} // namespace penstock::mock
