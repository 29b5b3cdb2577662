#pragma once

#include "core/io/file/run_files.hpp"
#include "messages/submit.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace penstock::cli {

/// The output of a job at a head.
struct outcome_place {
  std::string input = "-"; ///< For messages; must not be written to.
  std::string output;      ///< A file, or "-" for standard output.
  std::string job; ///< Identity of the job, so that no other is continued; see `identity_of`.
  std::optional<uint64_t> requests; ///< Of the job, if known.
  uint64_t from = 0;    ///< Index of the first outcome; above zero the file cannot be continued.
  bool restart = false; ///< Removes an earlier output.
};

/// The identity of a job of a head; it differs from all other jobs, also of another store.
std::string identity_of(const job_info& job);
std::string identity_of(const std::string& tenant, const std::string& idempotency_key);
/// The job of the output at `path`, from its journal.
std::optional<std::string> begun_with(const std::string& path);

/// Writes outcomes in order to a file that can be continued after any crash (`io::run_files`: a
/// lock and a small journal are beside it), or to a stream. Slow (fsync). Not thread-safe.
class outcome_output {
public:
  static result<outcome_output> open(outcome_place place);

  /// Whether an earlier command has written everything.
  bool is_complete() const noexcept;
  /// Whether a later command can continue this one.
  bool is_resumable() const noexcept { return files_ && files_->is_resumable(); }
  /// Index of the next outcome to write.
  uint64_t next_index() const noexcept { return next_; }
  /// Sums over the whole output, with earlier commands.
  const core::output_totals& totals() const noexcept { return totals_; }

  /// Writes a page, and syncs the output once a second. @returns `corrupt` if the page is not the
  /// next one.
  result<void> write(const results_page& page);
  /// Syncs everything. @param complete No outcome is missing.
  result<void> finish(bool complete);

private:
  outcome_output() = default;

  std::optional<io::run_files> files_;
  std::optional<io::output_file> raw_; ///< Used instead if it does not begin at the first outcome.
  uint64_t next_ = 0;
  core::output_totals totals_;
  std::chrono::steady_clock::time_point safe_at_;
};

} // namespace penstock::cli
