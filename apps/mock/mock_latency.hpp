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

/// A provider that works on `count` requests at a time: the others wait their turn.
struct server_options {
  uint64_t count = 0; ///< 0: as many as there are requests.
  uint64_t queue = 0; ///< Places to wait; one more request is refused. 0: no end.
  double thrash = 0;  ///< Share of the service time that each waiting request per server adds.
};

/// Servers with one queue, first come, first served. With `count` 40 and `thrash` 0 the throughput
/// stays what 40 in flight bring and the time grows; with `thrash` 1 a queue of 40 doubles the
/// service time, and the throughput halves. Work once begun ends, even if its client has left.
class server_pool {
public:
  explicit server_pool(const server_options& o) : options_(o) {}
  /// What a full house costs, as a factor of the service time.
  double thrash(uint64_t in_flight) const;
  /// Puts the wait for a free server before `t`.
  void enter(service_time& t, time_point now);

private:
  server_options options_;
  std::priority_queue<time_point, std::vector<time_point>, std::greater<>> free_; ///< When each is.
};

} // namespace penstock::mock
