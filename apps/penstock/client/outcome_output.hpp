#pragma once

#include "core/io/file/run_files.hpp"
#include "messages/submit.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace penstock::cli {

/// Where the outcomes of a job at a head go.
struct outcome_place {
  std::string input = "-"; ///< For messages, and never to be written to.
  std::string output;      ///< A file, or "-" for standard output.
  std::string job; ///< Which job, so that another one is never continued; see `identity_of`.
  std::optional<uint64_t> requests; ///< Of the job, if known.
  uint64_t from = 0;    ///< Index of the first outcome; above zero the file cannot be continued.
  bool restart = false; ///< Throws an earlier output away.
};

/// What tells one job of a head from all others, also of its next store.
std::string identity_of(const job_info& job);
std::string identity_of(const std::string& tenant, const std::string& idempotency_key);
/// What the output at `path` was begun with, if a journal says so.
std::optional<std::string> begun_with(const std::string& path);

/// Writes outcomes in order to a file that can be continued after any crash (`io::run_files`: a
/// lock and a small journal stand beside it), or to a stream. Slow (fsync). Not thread-safe.
class outcome_output {
public:
  static result<outcome_output> open(outcome_place place);

  /// Whether an earlier command wrote all of it.
  bool is_complete() const noexcept;
  /// Whether a later command can go on where this one ends.
  bool is_resumable() const noexcept { return files_ && files_->is_resumable(); }
  /// Index of the next outcome to write.
  uint64_t next_index() const noexcept { return next_; }
  /// Sums over all of the output, earlier commands included.
  const core::output_totals& totals() const noexcept { return totals_; }

  /// Writes a page, and makes the output safe once a second. @returns `corrupt` if the page is not
  /// what comes next.
  result<void> write(const results_page& page);
  /// Makes all of it safe. @param complete Nothing is missing.
  result<void> finish(bool complete);

private:
  outcome_output() = default;

  std::optional<io::run_files> files_;
  std::optional<io::output_file> raw_; ///< Instead, if it does not begin at the first outcome.
  uint64_t next_ = 0;
  core::output_totals totals_;
  std::chrono::steady_clock::time_point safe_at_;
};

} // namespace penstock::cli
