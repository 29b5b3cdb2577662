#pragma once

#include "config/settings.hpp"

#include <optional>
#include <string>
#include <vector>

namespace penstock::cli {

/// The usable requests of an input that name the same model.
struct model_load {
  std::string model;                 ///< Empty: no model, or models are not separated.
  uint64_t requests = 0;             ///< Lines that can be sent.
  uint64_t input_bytes = 0;          ///< Bytes of their bodies.
  uint64_t output_tokens_max = 0;    ///< Sum of the maxima that they set.
  uint64_t without_output_max = 0;   ///< Requests without a maximum.
  std::optional<uint64_t> prompts{}; ///< Sent for them; unset: one for each request.
};

/// The data of a dry run about the job.
struct dry_run_input {
  std::string name;              ///< Name of the input, for the report.
  std::vector<model_load> loads; ///< By model, or one for all.
  uint64_t rejected = 0;         ///< Lines that become failed results unsent.
  core::charge_rule charging = core::charge_rule::openai;
  double bytes_per_token = 3.5;               ///< The initial value of the lanes.
  uint64_t output_tokens_assumed = 256;       ///< For a request that sets no maximum.
  duration latency = std::chrono::seconds{5}; ///< Assumed length of one answer.
  std::string packs{};                        ///< Why requests share prompts; empty: they do not.
  std::string proposal{};                     ///< What packs would save; empty: nothing.
};

/// One limit of the duration of the job.
struct dry_run_bound {
  std::string lane;   ///< Empty for the width of the whole run.
  std::string limit;  ///< "rpm", "tpm" ... or "in flight".
  double allowed = 0; ///< As configured, per minute (rpd: per day), or the number in flight.
  double need = 0;    ///< Requests or tokens of the job.
  duration least{};   ///< Shortest time for this limit.
};

/// The estimate for the job.
struct dry_run_report {
  std::string name;
  uint64_t requests = 0, prompts = 0, rejected = 0, input_bytes = 0, without_output_max = 0;
  double input_tokens = 0;  ///< Estimate.
  double output_tokens = 0; ///< Upper bound, except for requests without a maximum.
  double bytes_per_token = 0;
  uint64_t output_tokens_assumed = 0;
  duration latency{};
  double headroom = 0; ///< Headroom of the default lane.
  std::vector<dry_run_bound> bounds;
  /// The bound with the longest time; none if there is nothing to send.
  std::optional<size_t> binding;
  std::optional<double> cost; ///< Dollars, if prices are configured.
  duration deadline{};        ///< As configured; zero: none.
  std::string packs{};        ///< Why requests share prompts; empty: they do not.
  std::string proposal{};     ///< What packs would save; empty: nothing.
};

/// Computes the report. Times are lower bounds: full buckets at the start, then the refill at the
/// configured headroom, for each limit alone.
dry_run_report plan_dry_run(const dry_run_input& input, const config::settings& values);

/// The report for people.
std::string to_text(const dry_run_report& report);

/// The report for programs: one JSON object on one line, durations in seconds.
std::string to_json(const dry_run_report& report);

} // namespace penstock::cli
