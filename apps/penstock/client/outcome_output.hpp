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
  bool restart = false; ///< Throws an earlier output away.
  bool refresh = false; ///< Fetches the lines again that are not completed, and keeps the others.
};

/// The line of an outcome, with its line break.
std::string line_of(const sink_item& item);

/// What tells one job of a head from all others, also of its next store.
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
  /// Whether lines are fetched again: the file is replaced once all of them are there.
  bool is_rebuilding() const noexcept { return files_ && files_->is_rebuilding(); }
  /// Index of the next outcome to write; lines that stay are passed over.
  uint64_t next_index() const noexcept { return next_; }
  /// The first outcome at or above `index` that is to be written.
  uint64_t wanted_from(uint64_t index) const noexcept;
  /// How many outcomes are to be written from `index` on without a line that stays, at most `most`.
  uint32_t wanted_count(uint64_t index, uint32_t most) const noexcept;
  /// How the file differs from the one before, if lines were fetched again.
  std::optional<io::change_counts> changes() const {
    return files_ ? files_->changes() : std::nullopt;
  }
  /// Sums over all of the output, earlier commands included.
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
