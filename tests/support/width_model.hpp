#pragma once

#include "core/lane/in_flight_limiter.hpp"

#include <functional>
#include <map>
#include <random>

namespace penstock::test {

/// How the time of an answer and refusals depend on the number of requests in flight.
struct width_settings {
  enum class shape : uint8_t {
    fixed,   ///< Always the same: no limit.
    coupled, ///< 1 + (n / capacity)^4 times as long, for n requests on arrival.
    queue,   ///< `capacity` servers, first come, first served.
    thrash,  ///< As `queue`; each waiting request per server adds half a service time.
    refuse,  ///< Above `capacity` requests: 503 at once.
    shared,  ///< Above `capacity` all requests share the speed.
  } form = shape::fixed;
  double capacity = 40;
  double latency = 1;    ///< Median in seconds, without load.
  double sigma = 0;      ///< Sigma of the log-normal factor.
  double slow_share = 0; ///< This share takes 10 times as long.
  double tokens_median =
    0;                   ///< If set, output is log-normal (sigma 0.8), at the median half the time.
  bool usage = true;     ///< Whether answers have a usage.
  double fail_share = 0; ///< Share of dropped requests, at every load.
  uint32_t width_max = 256;
  uint64_t seed = 1;
  std::function<double(double seconds)> capacity_at; ///< Replaces `capacity`; may change.
};

/// A provider and an endless backlog: always as many requests in flight as the width allows, in
/// virtual time.
class width_model {
public:
  explicit width_model(width_settings s) : settings_{std::move(s)}, random_{settings_.seed} {}
  /// Requests completed per second between two times, at a fixed width or an adaptive one (0).
  double throughput(uint32_t fixed, double from, double to);
  /// Mean width in that time of the last run.
  double mean_width() const { return mean_width_; }
  double drops() const { return drops_; } ///< Share of dropped attempts in that time.

private:
  struct flight {
    core::attempt_end end;
    uint64_t ordinal = 0;
    bool ok = true;
  };
  double draw(double& tokens);

  width_settings settings_;
  std::mt19937_64 random_;
  double mean_width_ = 0, drops_ = 0;
};

} // namespace penstock::test
