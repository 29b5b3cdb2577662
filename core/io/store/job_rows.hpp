#pragma once

#include "core/io/file/wall_clock.hpp"
#include "core/jsonl/jsonl.hpp"
#include "core/base/request.hpp"

#include <cstdint>
#include <memory>
#include <string>

/// The values in a job store.
namespace penstock::io {

/// Largest number of requests of one job: the key of a row has no room for a larger index.
inline constexpr uint64_t job_requests_max = (uint64_t{1} << 32) - 1;

/// The state of a job in its store. The numbers are stored on disk: never change one.
enum class job_phase : uint8_t {
  receiving, ///< More requests are expected; it does not run.
  open,      ///< It runs, or runs again after the next start.
  ended,     ///< Nothing happens until a retry.
  leaving,   ///< Its retention is over: it is hidden, and its rows are being removed.
};

/// The description of a job in its submission.
struct job_header {
  std::string tenant;
  core::priority priority = core::priority::normal;
  std::string name;            ///< For people.
  std::string idempotency_key; ///< Unique within the tenant; empty: no key.
  std::string options;         ///< A text of `stored_json`; the store does not read it.
};

/// A stored job.
struct job_row {
  uint64_t id = 0;
  job_header head;
  job_phase phase = job_phase::receiving;
  bool complete = false;      ///< All of its requests are stored.
  uint8_t state = 0;          ///< A number of the owner for its state; 0 at the start of each life.
  uint32_t lives = 0;         ///< How often it was started.
  uint64_t requests = 0;      ///< Requests stored so far; all if `complete`.
  uint64_t ordered = 0;       ///< All requests below this index have their outcome.
  core::output_totals totals; ///< Sums over its outcomes, with the cost of removed ones.
  unix_ms created = 0, touched = 0, ended = 0; ///< `touched`: when the last requests came.
  std::string progress; ///< `stored_json` of its last end; empty: it never ended.

  /// Requests without an outcome.
  uint64_t open_requests() const noexcept { return requests - totals.requests(); }
};

/// How much of a submission is stored.
struct job_receipt {
  uint64_t job = 0;
  uint64_t accepted = 0; ///< The index that the next part begins with.
  bool complete = false;
  bool existed = false; ///< The idempotency key was known.
};

/// A result to store, or from the store: an outcome or its output line.
struct job_outcome {
  uint64_t index = 0;
  std::shared_ptr<const core::outcome> outcome;
  core::payload line;
};

/// Requests by pointer, so that bodies are not copied.
using request_ptr = std::shared_ptr<const core::request>;

/// Which jobs to list: the newest first.
struct job_selection {
  std::string tenant;       ///< Empty: all tenants.
  bool active_only = false; ///< Without the jobs that have ended.
  uint64_t before = 0;      ///< Only lower ids; 0: from the newest.
  uint32_t count_max = 100;
};

/// The requests of one tenant and priority, counted by their outcomes.
struct tenant_row {
  std::string tenant;
  core::priority priority = core::priority::normal;
  uint64_t jobs = 0;    ///< Jobs that have not ended.
  uint64_t pending = 0; ///< Their requests without an outcome.
  uint64_t completed = 0, failed = 0, cancelled = 0, expired = 0; ///< Of all stored jobs.
  bool operator==(const tenant_row&) const = default;
};

/// The error for a job that does not exist.
inline error unknown_job(uint64_t job) {
  return {errc::not_found, "no job " + std::to_string(job) + "; look at the list of jobs"};
}

} // namespace penstock::io
