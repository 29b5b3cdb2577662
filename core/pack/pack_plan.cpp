#include "core/pack/pack_plan.hpp"

#include <algorithm>
#include <cstdio>

namespace penstock::core {

namespace {

/// Minutes until `need` is through: a full bucket at once, the rest at the rate of the limit.
double minutes(double need, double rate, double burst) {
  return rate > 0 ? std::max(0.0, need - rate * burst) / rate : 0;
}

} // namespace

std::string why_to_pack(const pack_forecast& f) {
  constexpr double minutes_min = 5;
  const auto by_requests =
    minutes(static_cast<double>(f.requests), f.requests_minute, f.burst_minutes);
  const auto by_tokens =
    std::max({minutes(f.input_tokens, f.input_minute, f.burst_minutes),
              minutes(f.output_tokens, f.output_minute, f.burst_minutes),
              minutes(f.input_tokens + f.output_tokens, f.total_minute, f.burst_minutes)});
  if (by_requests < minutes_min || by_requests < 2 * by_tokens)
    return {};
  char text[200];
  std::snprintf(text, sizeof text,
                "%llu requests take %.1f minutes at %.0f requests per minute, their tokens %.1f",
                static_cast<unsigned long long>(f.requests), by_requests, f.requests_minute,
                by_tokens);
  return text;
}

} // namespace penstock::core
