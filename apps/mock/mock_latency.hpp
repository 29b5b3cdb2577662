#pragma once

#include "apps/mock/mock_random.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <queue>
#include <string_view>
#include <vector>

namespace penstock::mock {

/// When an answer begins and when it is whole, counted from the request's arrival.
struct service_time {
  duration first{};
  duration total{};
};

/// How long the provider takes. Written as
///   0 | 50ms | fixed:50ms | lognormal:p50=645ms,sigma=0.32 |
///   ttft:p50=645ms,sigma=0.32,tps=105,tail=0.01
/// or one of the measured profiles: gpt-4o-mini, claude-haiku, gemini-flash, llama-70b.
struct latency_model {
  enum class kind : uint8_t { none, fixed, lognormal, ttft };
  kind what = kind::none;
  duration p50{};       ///< Median, or the fixed value.
  double sigma = 0;     ///< Sigma of the log-normal distribution.
  double tps = 0;       ///< Tokens per second after the first; 0: all at once.
  double tail = 0;      ///< Probability that the first token takes 5 to 20 times as long.
  double prefill = 1e4; ///< Prompt tokens per second.

  /// All times are multiplied by `load` (1: an idle provider).
  service_time draw(mock_random& r, double prompt_tokens, double output_tokens, double load) const;
};

/// Reads the notation above.
result<latency_model> parse_latency(std::string_view text);

/// How much longer everything takes with `in_flight` of `capacity`: 1 + (in_flight/capacity)^4.
double load_factor(uint64_t in_flight, uint64_t capacity);

/// A provider that works on `count` requests at a time. The others wait.
struct server_options {
  uint64_t count = 0; ///< Requests at a time; 0: all.
  uint64_t queue = 0; ///< Requests that may wait; others are refused. 0: all.
  double thrash = 0;  ///< One waiting request per server makes the service longer by this share.
};

/// Servers with one queue: first come, first served. Example with `count` 40: with `thrash` 0 a
/// longer queue does not change the throughput. With `thrash` 1 a queue of 40 doubles the service
/// time and halves the throughput. A request that has begun is finished even if its client left.
class server_pool {
public:
  explicit server_pool(const server_options& o) : options_(o) {}
  /// The service time is multiplied by this while requests wait.
  double thrash(uint64_t in_flight) const;
  /// Puts the wait for a free server before `t`.
  void enter(service_time& t, time_point now);

private:
  server_options options_;
  std::priority_queue<time_point, std::vector<time_point>, std::greater<>>
    free_; ///< The time at which each server is free.
};

} // namespace penstock::mock
