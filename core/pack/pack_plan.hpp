#pragma once

#include <cstdint>
#include <string>

namespace penstock::core {

/// The packable part of a job on one lane, and the limits of that lane.
struct pack_forecast {
  uint64_t requests = 0;      ///< Number of chat completions.
  double input_tokens = 0;    ///< Estimate for all requests.
  double output_tokens = 0;   ///< Estimate for all requests, as charged to the limit.
  double requests_minute = 0; ///< Limits, reduced by the headroom; 0: no limit.
  double input_minute = 0, output_minute = 0, total_minute = 0;
  double burst_minutes = 1; ///< Content of a full bucket, in minutes of its limit.
};

/// Decides whether packing makes the job much shorter: the limit of requests per minute is what
/// slows it, and the limits of tokens leave room. Because models answer better one by one, packing
/// must save at least half of a time of at least five minutes.
/// @returns the reason to pack, for people; empty: do not pack.
std::string why_to_pack(const pack_forecast& f);

} // namespace penstock::core
