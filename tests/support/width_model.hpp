#pragma once

#include "core/lane/in_flight_limiter.hpp"

#include <functional>
#include <map>
#include <random>

namespace penstock::test {

/// How long an upstream takes, and whom it refuses, depending on how many it has.
struct width_settings {
  enum class shape : uint8_t {
    fixed,   ///< Always the same: no limit.
    coupled, ///< 1 + (n / capacity)^4 times as long, by what is there on arrival.
    queue,   ///< `capacity` servers, first come, first served.
    thrash,  ///< As `queue`, and each waiting one per server adds half a service time to all.
    refuse,  ///< Above `capacity` at once: 503 at once.
    shared,  ///< All get slower together above `capacity`: each gets its share of the work.
  } form = shape::fixed;
  double capacity = 40;
  double latency = 1;    ///< Median seconds, unloaded.
  double sigma = 0;      ///< Of the log-normal factor.
  double slow_share = 0; ///< This share takes 10 times as long: two humps.
  double tokens_median =
    0;                   ///< If set, output is log-normal (sigma 0.8), at the median half the time.
  bool usage = true;     ///< Whether the answers tell their tokens.
  double fail_share = 0; ///< Dropped whatever the load.
  uint32_t width_max = 256;
  uint64_t seed = 1;
  std::function<double(double seconds)> capacity_at; ///< Instead of `capacity`, changing.
};

/// An upstream and an endless backlog behind a width: as many requests as the width allows, for
/// ever, in virtual time.
class width_model {
public:
  explicit width_model(width_settings s) : settings_{std::move(s)}, random_{settings_.seed} {}
  /// Completed a second between two times, at a fixed width, or an adaptive one (0).
  double throughput(uint32_t fixed, double from, double to);
  /// Mean width over that time in the last run.
  double mean_width() const { return mean_width_; }
  double drops() const { return drops_; } ///< Share of attempts, of that time.

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
