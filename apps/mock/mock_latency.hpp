#pragma once

#include "apps/mock/mock_random.hpp"
#include "core/error.hpp"
#include "core/time.hpp"

#include <string_view>

namespace penstock::mock {

/// When an answer begins and when it is whole, counted from the request's arrival.
struct service_time {
  duration first{};
  duration total{};
};

/// How long the provider takes (providers.md E1). Written as
///   0 | 50ms | fixed:50ms | lognormal:p50=645ms,sigma=0.32 |
///   ttft:p50=645ms,sigma=0.32,tps=105,tail=0.01
/// or one of the measured profiles: gpt-4o-mini, claude-haiku, gemini-flash, llama-70b.
struct latency_model {
  enum class kind : uint8_t { none, fixed, lognormal, ttft };
  kind what = kind::none;
  duration p50{};       ///< Median, or the fixed value.
  double sigma = 0;     ///< Of the log-normal draw.
  double tps = 0;       ///< Tokens per second after the first; 0: all at once.
  double tail = 0;      ///< Probability of a first token 5 to 20 times as late.
  double prefill = 1e4; ///< Prompt tokens per second.

  /// `load` multiplies everything (1: an idle provider).
  service_time draw(mock_random& r, double prompt_tokens, double output_tokens, double load) const;
};

/// Reads the notation above.
result<latency_model> parse_latency(std::string_view text);

/// How much longer everything takes with `in_flight` of `capacity`: 1 + (in_flight/capacity)^4.
double load_factor(uint64_t in_flight, uint64_t capacity);

} // namespace penstock::mock
