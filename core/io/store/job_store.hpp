#pragma once

#include "core/io/store/job_rows.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace penstock::io {

/// How far the outcomes of a job have got.
struct job_marks {
  job_phase phase = job_phase::receiving;
  uint8_t state = 0;
  uint64_t requests = 0;
  uint64_t ordered = 0; ///< All below have their outcome.
};

/// Looks at the jobs of a store beside its writer. One owner each; several may be open.
/// What was not committed it does not see, in a durable store.
class job_reader {
public:
  virtual ~job_reader() = default;
  /// Requests from `first` on, at most so many and, beyond the first one, bytes of bodies. Null: it
  /// has its outcome. Nothing: there are no more. @returns `not_found` if there is no such job.
  virtual result<std::vector<request_ptr>> requests(uint64_t job, uint64_t first,
                                                    uint32_t count_max, uint64_t bytes_max) = 0;
  /// Outcomes from `first` on without a gap, at most so many and, beyond the first one, bytes.
  virtual result<std::vector<job_outcome>> outcomes(uint64_t job, uint64_t first,
                                                    uint32_t count_max, uint64_t bytes_max) = 0;
  virtual result<job_marks> marks(uint64_t job) = 0;
  virtual result<job_row> row(uint64_t job) = 0;
  virtual result<std::vector<job_row>> rows(const job_selection& which) = 0;
  virtual result<std::vector<tenant_row>> tenants() = 0;
};

/// Jobs, their requests and their outcomes: one owner, which writes.
///
/// What is written belongs to a group and is safe when `commit` has returned; nothing may be
/// acknowledged before. A request or an outcome never changes, and the counters of tenants and jobs
/// are committed with the rows that they count. A failure of the disk leaves the store without a
/// known state: from then on it refuses everything with the same error, and what it kept is found
/// when it is opened anew.
class job_store {
public:
  virtual ~job_store() = default;
  /// Begins a job with its first requests. If the tenant has used the idempotency key before, that
  /// job is the answer, and what is here of its requests and not yet there continues it.
  virtual result<job_receipt> submit(const job_header& head, std::span<const request_ptr> requests,
                                     bool complete, unix_ms now) = 0;
  /// Goes on with it. Requests that are there already are skipped.
  /// @returns `invalid_input` if some would be missing in between, or the job is complete and these
  /// go beyond it; `not_found` if there is no such job.
  virtual result<job_receipt> add(uint64_t job, uint64_t first,
                                  std::span<const request_ptr> requests, bool complete,
                                  unix_ms now) = 0;
  /// Begins another life of a complete job that has not ended.
  virtual result<job_row> take_up(uint64_t job) = 0;
  /// The indexes of outcomes above the first gap, ascending.
  virtual result<std::vector<uint64_t>> recorded(uint64_t job) = 0;
  /// Keeps outcomes; those that are there already stay as they are.
  /// @returns the index below which all are there.
  virtual result<uint64_t> write(uint64_t job, std::span<const job_outcome> outcomes) = 0;
  /// Notes how a job stands; `ended`: for good.
  virtual result<void> finish(uint64_t job, bool ended, uint8_t state, std::string progress,
                              unix_ms now) = 0;
  /// Forgets the outcomes of a job that are not completed, and opens it again if it has requests
  /// without an outcome then. Refused while it runs, and if it never was complete. @returns how
  /// many these are.
  virtual result<uint64_t> retry(uint64_t job, unix_ms now) = 0;
  /// Complete jobs that have not ended, oldest first.
  virtual result<std::vector<uint64_t>> unfinished() = 0;
  /// Outcomes below are not asked for again: a store in memory drops them.
  virtual void forget(uint64_t job, uint64_t below) = 0;
  /// Removes jobs that ended before one time, or got nothing since another while they were
  /// received; about `rows_max` rows of them at once. @returns whether there is more to remove.
  virtual result<bool> sweep(unix_ms ended_before, unix_ms received_before, uint32_t rows_max) = 0;
  /// Makes everything so far safe.
  virtual result<void> commit() = 0;
  /// Whether anything outlives the process.
  virtual bool is_durable() const noexcept = 0;
  /// A reader of the same store. It must not outlive the store.
  virtual result<std::shared_ptr<job_reader>> open_reader() = 0;
};

/// Opens the store in `path`, which is made if it is missing, for its owner's eyes only. One
/// process at a time: `path`.lock says which. SQLite in WAL mode; what was committed survives the
/// death of the machine. The log is carried over into the file by a thread of its own, so that
/// commits stay short.
/// A store of an older format is upgraded; a copy of it stays beside it.
/// @returns `locked`, `corrupt` if the file is damaged, `incompatible` if a newer penstock made it,
/// `invalid_config` if it is another program's, `disk_full` or `io_error`.
result<std::shared_ptr<job_store>> open_job_store(const std::string& path);

/// A store in plain memory that behaves the same; outcomes stay objects, `forget` drops them, and a
/// request whose outcome is there is dropped, too.
std::shared_ptr<job_store> make_memory_job_store();

} // namespace penstock::io
