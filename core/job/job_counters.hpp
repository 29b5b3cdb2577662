#pragma once

#include "core/job/job_progress.hpp"

#include <array>

namespace penstock::core {

/// The lines of the status of a job that consist of counters. `requests` are the counts of requests
/// by state: they also stand in lists of jobs.
enum class counter_line : uint8_t { none, requests, attempts, cache, packs, lanes };

/// A counter of a job. Messages, the store, the JSON and the status text walk these rows.
struct job_counter {
  std::string_view name; ///< In JSON and in the store: never change a name.
  uint64_t job_progress::*member;
  counter_line line = counter_line::none; ///< Where the status text shows it.
  std::string_view text = "";             ///< Its text; "{}" stands for the number.
};

inline constexpr std::array job_counters{
  // Requests by state. The status text words them itself.
  job_counter{"completed", &job_progress::completed, counter_line::requests},
  job_counter{"failed", &job_progress::failed, counter_line::requests},
  job_counter{"cancelled", &job_progress::cancelled, counter_line::requests},
  job_counter{"expired", &job_progress::expired, counter_line::requests},
  job_counter{"in_flight", &job_progress::in_flight, counter_line::requests},
  // Waits for a lane, or for the next mode.
  job_counter{"held", &job_progress::held, counter_line::requests},
  // Requests read from the source, also in earlier lives.
  job_counter{"read", &job_progress::read},
  job_counter{"written", &job_progress::written}, // Lines that the sink has written.
  job_counter{"resumed", &job_progress::resumed}, // Outcomes of earlier lives.
  // Attempts.
  job_counter{"attempts", &job_progress::attempts, counter_line::attempts, "{}"},
  job_counter{"rate_limited", &job_progress::rate_limited, counter_line::attempts, "429s {}"},
  // Hand-outs whose worker or node died.
  job_counter{"lost", &job_progress::lost, counter_line::attempts, "lost {}"},
  // Restarts of the job's own actors.
  job_counter{"restarts", &job_progress::restarts, counter_line::attempts, "restarts {}"},
  job_counter{"in_flight_peak", &job_progress::in_flight_peak, counter_line::attempts,
              "peak in flight {}"},
  job_counter{"refused_late", &job_progress::refused_late}, // Results of an older epoch, dropped.
  // Requests answered by the cache, or by an equal request in flight (`joined`).
  job_counter{"cached", &job_progress::cached, counter_line::cache,
              "{} answered without an attempt"},
  job_counter{"joined", &job_progress::joined, counter_line::cache, "{} of them joined"},
  // Packs, and the requests in them.
  job_counter{"packs", &job_progress::packs, counter_line::packs, "{} sent"},
  job_counter{"packed", &job_progress::packed, counter_line::packs, "{} requests answered by them"},
  // Packs with a wrong reply that were halved.
  job_counter{"pack_splits", &job_progress::pack_splits, counter_line::packs, "{} split"},
  // Packed requests that were also sent alone, and those with the same answer.
  job_counter{"canaries", &job_progress::canaries},
  job_counter{"canaries_agreed", &job_progress::canaries_agreed},
  // Use of lanes after the first one of the route.
  job_counter{"rerouted", &job_progress::rerouted, counter_line::lanes, "{} rerouted"},
  job_counter{"hedged", &job_progress::hedged, counter_line::lanes, "{} second attempts"},
  job_counter{"hedges_won", &job_progress::hedges_won, counter_line::lanes,
              "{} of them answered first"},
  // Tokens as the provider counted them.
  job_counter{"input_tokens", &job_progress::input_tokens},
  job_counter{"cached_input_tokens", &job_progress::cached_input_tokens},
  job_counter{"output_tokens", &job_progress::output_tokens},
};

} // namespace penstock::core
