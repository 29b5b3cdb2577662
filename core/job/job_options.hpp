#pragma once

#include "core/base/request.hpp"
#include "core/base/time.hpp"
#include "core/job/price_table.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace penstock::core {

/// How a job wants to be run.
struct job_options {
  std::string tenant = "default";
  core::priority priority = core::priority::normal;
  core::mode mode = core::mode::automatic;
  uint32_t in_flight_max = 256;
  uint32_t attempts_max = 5;         ///< HTTP attempts per request; two more after falling back.
  uint32_t window_requests = 4096;   ///< Requests read and not yet written.
  uint64_t window_bytes = 32u << 20; ///< Bytes of bodies and results among them.
  duration deadline{};               ///< Of the whole job, from its start; zero: none.
  duration grace_period = std::chrono::seconds{30}; ///< How long a drain waits.
  /// How long a job whose lane's breaker stays open waits for a success before it gives up; half
  /// again the breaker's own time if the upstream has never answered well.
  duration outage_patience = std::chrono::minutes{5};
  duration first_patience = std::chrono::seconds{90};
  uint64_t seed = 0;     ///< Of jitter.
  std::string client_id; ///< Begins the client request id of every request; stable over restarts.
  cache_mode cache = cache_mode::off;
  double budget = 0;             ///< Dollars that the job may cost; 0: no bound.
  std::vector<price_row> prices; ///< What its models cost.
  bool pack = true; ///< Lets the planner pack a parallel job when requests per minute bind.
  uint32_t pack_entries_max = 10;    ///< Requests of one pack.
  uint32_t pack_tokens_max = 16'000; ///< Estimated input and output tokens of one pack.
  double pack_canary = 0; ///< Share of packed requests that is also sent alone, to compare.
};

} // namespace penstock::core
