#pragma once

#include "core/io/store/job_rows.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace penstock::io {

/// How many outcomes of a job are stored.
struct job_marks {
  job_phase phase = job_phase::receiving;
  uint8_t state = 0;
  uint64_t requests = 0;
  uint64_t ordered = 0; ///< All requests below this index have their outcome.
};

/// Reads the jobs of a store beside its writer. Several readers may be open, each with one owner.
/// In a durable store a reader sees only committed data.
class job_reader {
public:
  virtual ~job_reader() = default;
  /// Requests from `first` on, at most so many and so many bytes of bodies, but at least one. A
  /// null request has its outcome. An empty list: there are no more requests.
  /// @returns `not_found` if there is no such job.
  virtual result<std::vector<request_ptr>> requests(uint64_t job, uint64_t first,
                                                    uint32_t count_max, uint64_t bytes_max) = 0;
  /// Outcomes from `first` on without a gap, at most so many and so many bytes, but at least one.
  virtual result<std::vector<job_outcome>> outcomes(uint64_t job, uint64_t first,
                                                    uint32_t count_max, uint64_t bytes_max) = 0;
  virtual result<job_marks> marks(uint64_t job) = 0;
  virtual result<job_row> row(uint64_t job) = 0;
  virtual result<std::vector<job_row>> rows(const job_selection& which) = 0;
  virtual result<std::vector<tenant_row>> tenants() = 0;
};

/// Stores jobs, their requests and their outcomes. One owner.
///
/// Writes are collected in a group. They are safe when `commit` has returned; do not acknowledge
/// them before. A stored request or outcome never changes. The counters of tenants and jobs are
/// committed together with the rows that they count. After a failure of the disk the state of the
/// file is unknown: then every call fails with the same error, until the store is opened again.
class job_store {
public:
  virtual ~job_store() = default;
  /// Begins a job with its first requests. If the tenant has used the idempotency key before, the
  /// answer is that job, and requests that it does not have yet are added to it.
  virtual result<job_receipt> submit(const job_header& head, std::span<const request_ptr> requests,
                                     bool complete, unix_ms now) = 0;
  /// Adds requests to a job. Requests that are stored already are skipped.
  /// @returns `invalid_input` if there would be a gap, or if the job is complete and these requests
  /// are new; `not_found` if there is no such job.
  virtual result<job_receipt> add(uint64_t job, uint64_t first,
                                  std::span<const request_ptr> requests, bool complete,
                                  unix_ms now) = 0;
  /// Begins the next life of a complete job that has not ended.
  virtual result<job_row> take_up(uint64_t job) = 0;
  /// The indexes of the outcomes above the first gap, ascending.
  virtual result<std::vector<uint64_t>> recorded(uint64_t job) = 0;
  /// Stores outcomes. An outcome that is stored already stays as it is.
  /// @returns the first index without an outcome.
  virtual result<uint64_t> write(uint64_t job, std::span<const job_outcome> outcomes) = 0;
  /// Stores the state of a job; `ended`: it has ended.
  virtual result<void> finish(uint64_t job, bool ended, uint8_t state, std::string progress,
                              unix_ms now) = 0;
  /// Removes the outcomes of a job that are not completed, and opens the job again if some of its
  /// requests are now without an outcome. Refused while the job runs, or if it was never complete.
  /// @returns the number of requests without an outcome.
  virtual result<uint64_t> retry(uint64_t job, unix_ms now) = 0;
  /// Complete jobs that have not ended, oldest first.
  virtual result<std::vector<uint64_t>> unfinished() = 0;
  /// Outcomes below this index are no longer needed. A store in memory drops them.
  virtual void forget(uint64_t job, uint64_t below) = 0;
  /// Removes jobs that ended before the first time, and incomplete jobs that got no requests since
  /// the second time; about `rows_max` rows per call. @returns whether there is more to remove.
  virtual result<bool> sweep(unix_ms ended_before, unix_ms received_before, uint32_t rows_max) = 0;
  /// Makes all writes so far safe.
  virtual result<void> commit() = 0;
  /// Whether the data outlives the process.
  virtual bool is_durable() const noexcept = 0;
  /// A reader of the same store. It must not outlive the store.
  virtual result<std::shared_ptr<job_reader>> open_reader() = 0;
};

/// Opens the store in `path`. A missing file is made, readable only for its owner. One process at a
/// time may use it; `path`.lock names that process. It is an SQLite file in WAL mode; committed
/// data survives the death of the machine. A thread copies the log into the file (checkpoints), so
/// that commits stay short. A store of an older format is upgraded; a copy of it stays beside it.
/// @returns `locked`, `corrupt` if the file is damaged, `incompatible` if a newer penstock made it,
/// `invalid_config` if it belongs to another program, `disk_full` or `io_error`.
result<std::shared_ptr<job_store>> open_job_store(const std::string& path);

/// A store in memory that behaves the same. Outcomes stay objects; `forget` drops them. A request
/// with an outcome is dropped, too.
std::shared_ptr<job_store> make_memory_job_store();

} // namespace penstock::io
