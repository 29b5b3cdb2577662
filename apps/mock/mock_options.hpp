#pragma once

#include "apps/mock/mock_answers.hpp"
#include "apps/mock/mock_faults.hpp"
#include "apps/mock/mock_latency.hpp"
#include "apps/mock/mock_limiter.hpp"
#include "apps/mock/mock_shape.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::mock {

/// All options of the mock provider.
struct mock_options {
  std::string host = "127.0.0.1";
  uint16_t port = 0; ///< 0: any free one.
  limiter_options limits;
  header_mode headers = header_mode::full;
  bool retry_after = true;     ///< 429s of the limiter carry `retry-after`.
  bool retry_after_ms = false; ///< And `retry-after-ms`.
  latency_model latency;
  /// Latencies of models (or beginnings of names, "slow*"); the first match counts.
  std::vector<std::pair<std::string, latency_model>> latencies;
  /// Length of a provider's second in real seconds; scales delays, limits and waits alike.
  double time_scale = 1;
  uint64_t capacity = 0; ///< Everything takes 1 + (in flight / capacity)^4 as long; 0: never.
  server_options servers;
  uint64_t overload = 0; ///< In flight beyond which the answer is 503 or 529; 0: never.
  output_model output;
  token_error tokens;
  usage_detail detail;
  uint64_t seed = 1;
  bool track_ids = true;           ///< Count by client request id.
  std::vector<std::string> keys;   ///< The only keys that work; empty: all do.
  std::vector<std::string> models; ///< The only models that exist; empty: all do.
  std::vector<fault_rule> faults;
  uint32_t connections_max = 20000;

  const latency_model& latency_of(std::string_view model) const {
    for (const auto& [name, own] : latencies)
      if (name.ends_with('*') ? model.starts_with(std::string_view{name}.substr(0, name.size() - 1))
                              : model == name)
        return own;
    return latency;
  }
};

} // namespace penstock::mock
