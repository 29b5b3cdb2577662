#pragma once

#include <cstdint>
#include <string>

namespace penstock::core {

/// What a lane has to carry and what it may: the part of a job that can be packed.
struct pack_forecast {
  uint64_t requests = 0;      ///< Chat completions.
  double input_tokens = 0;    ///< Of all of them, estimated.
  double output_tokens = 0;   ///< As they would be charged.
  double requests_minute = 0; ///< Limits, headroom taken off; 0: none.
  double input_minute = 0, output_minute = 0, total_minute = 0;
  double burst_minutes = 1; ///< What a full bucket holds, in minutes of its limit.
};

/// Whether packing makes the job shorter: requests per minute bind, and tokens per minute leave
/// room. Worth it only if they take five minutes or more (a model does better with one text before
/// it), and if tokens would let the job end in half of that.
/// @returns why, for people; empty if it does not.
std::string why_to_pack(const pack_forecast& f);

} // namespace penstock::core
