#pragma once

#include "core/io/file/wall_clock.hpp"
#include "core/jsonl/jsonl.hpp"
#include "core/base/request.hpp"

#include <cstdint>
#include <memory>
#include <string>

/// What a job store keeps, as values.
namespace penstock::io {

/// Most requests of one job: an index has so many numbers in the key of a row.
inline constexpr uint64_t job_requests_max = (uint64_t{1} << 32) - 1;

/// Where a job stands for its store. The numbers reach disk.
enum class job_phase : uint8_t {
  receiving, ///< Not all of its requests are there; it does not run.
  open,      ///< It runs, or is to be taken up at the next start.
  ended,     ///< Nothing more happens, unless it is retried.
  leaving,   ///< Past its retention: nobody sees it any more, its rows are being removed.
};

/// What a submission says of its job.
struct job_header {
  std::string tenant;
  core::priority priority = core::priority::normal;
  std::string name;            ///< For people.
  std::string idempotency_key; ///< Unique in its tenant; empty: none.
  std::string options;         ///< `stored_json`; the store does not look inside.
};

/// A job as it is kept.
struct job_row {
  uint64_t id = 0;
  job_header head;
  job_phase phase = job_phase::receiving;
  bool complete = false;      ///< All of its requests are there.
  uint8_t state = 0;          ///< The owner's number of how it stands; 0 whenever it is taken up.
  uint32_t lives = 0;         ///< How often it was taken up.
  uint64_t requests = 0;      ///< Kept so far; all of them if `complete`.
  uint64_t ordered = 0;       ///< All below have their outcome.
  core::output_totals totals; ///< Over its outcomes; what forgotten ones cost stays in.
  unix_ms created = 0, touched = 0, ended = 0; ///< `touched`: when requests last came.
  std::string progress; ///< `stored_json` of how it last ended; empty: it never did.

  /// Requests without an outcome.
  uint64_t open_requests() const noexcept { return requests - totals.requests(); }
};

/// So much of a submission is kept.
struct job_receipt {
  uint64_t job = 0;
  uint64_t accepted = 0; ///< The index that the next part begins with.
  bool complete = false;
  bool existed = false; ///< The idempotency key was known.
};

/// A result on its way into or out of a store: the outcome, or its output line.
struct job_outcome {
  uint64_t index = 0;
  std::shared_ptr<const core::outcome> outcome;
  core::payload line;
};

/// Requests by pointer, so that nobody copies a body.
using request_ptr = std::shared_ptr<const core::request>;

/// Which jobs to list: the newest first.
struct job_selection {
  std::string tenant;       ///< Empty: all.
  bool active_only = false; ///< Leaves those out that have ended.
  uint64_t before = 0;      ///< Only ids below; 0: from the newest.
  uint32_t count_max = 100;
};

/// The requests of one tenant and class, as the outcomes say.
struct tenant_row {
  std::string tenant;
  core::priority priority = core::priority::normal;
  uint64_t jobs = 0;    ///< Jobs that have not ended.
  uint64_t pending = 0; ///< Their requests without an outcome.
  uint64_t completed = 0, failed = 0, cancelled = 0, expired = 0; ///< Of all jobs that are kept.
  bool operator==(const tenant_row&) const = default;
};

/// What a question for a job gets that is not there.
inline error unknown_job(uint64_t job) {
  return {errc::not_found, "no job " + std::to_string(job) + "; look at the list of jobs"};
}

} // namespace penstock::io
