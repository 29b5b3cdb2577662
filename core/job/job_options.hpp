#pragma once

#include "core/base/defaults.hpp"
#include "core/base/request.hpp"
#include "core/base/time.hpp"
#include "core/job/price_table.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace penstock::core {

/// The options of a job.
struct job_options {
  std::string tenant = "default";
  core::priority priority = core::priority::normal;
  core::mode mode = core::mode::automatic;
  uint32_t in_flight_max = defaults::in_flight;
  uint32_t attempts_max =
    defaults::attempts; ///< HTTP attempts per request; two more after a change of mode.
  uint32_t window_requests =
    defaults::window_requests;                    ///< Requests that are read and not yet written.
  uint64_t window_bytes = defaults::window_bytes; ///< Bytes of their bodies and results.
  duration deadline{}; ///< Time for the whole job, from its start; zero: no limit.
  /// How long a drain waits for requests in flight.
  duration grace_period = defaults::grace_period;
  /// How long a job waits for a success while the breaker of a lane stays open. If the provider has
  /// never succeeded: one and a half times the open time of the breaker.
  duration outage_patience = defaults::outage_patience;
  duration first_patience = defaults::first_patience;
  uint64_t seed = 0;     ///< For the jitter of pauses.
  std::string client_id; ///< Prefix of each client request id; the same after a restart.
  cache_mode cache = cache_mode::off;
  double budget = 0;             ///< US dollars that the job may cost; 0: no limit.
  std::vector<price_row> prices; ///< Prices of its models.
  bool pack = true;              ///< Pack in parallel mode if requests per minute are the limit.
  uint32_t pack_entries_max = defaults::pack_entries; ///< Requests in one pack.
  uint32_t pack_tokens_max =
    defaults::pack_tokens; ///< Estimated input and output tokens of one pack.
  double pack_canary = 0;  ///< Share of packed requests also sent alone, to compare.
};

} // namespace penstock::core
