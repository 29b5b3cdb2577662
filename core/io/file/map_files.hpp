#pragma once

#include "core/base/error.hpp"
#include "core/io/file/file_lock.hpp"
#include "core/io/file/journal.hpp"
#include "core/io/file/output_file.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::io {

/// The files and identity of a map.
struct map_request {
  run_identity identity;        ///< The input and all else that the answers depend on.
  uint64_t numbers_per_row = 1; ///< Journal numbers of one row; see `core::map_numbering`.
  std::string output;           ///< A path, or "-" for standard output.
  /// If set, rows are written to this new file instead. The answers stay in the journal of
  /// `output`.
  std::string sample_output;
  std::string head;     ///< Text above the first row.
  bool restart = false; ///< Removes an earlier output and journal.
};

/// The files of one map: OUTPUT, OUTPUT.penstock-journal (answers of the rows that are not yet safe
/// in OUTPUT) and OUTPUT.penstock-lock. Only this class writes them. An output that is not a
/// regular file has neither journal nor lock and cannot be resumed.
///
/// Every answer is stored in the journal before it is used. Rows of the output have no checksums
/// (they are CSV, or JSONL in the form of the user), so `open` cuts off everything after the last
/// checkpoint, and these rows are made again from the journal. The journal drops the answers of a
/// row only in the transaction that stores a checkpoint after that row.
///
/// Slow (fsync): use it from a thread that may block. Not thread-safe.
class map_files {
public:
  /// Takes the lock and decides how to begin. Refuses in the same cases as `run_files::open`.
  static result<map_files> open(map_request request);

  /// Whether an earlier map finished, so that there is nothing to do.
  bool is_complete() const noexcept { return complete_; }
  /// Rows in the output; also the index of the next row.
  uint64_t next_row() const noexcept { return written_.output_lines / per_row_; }
  /// The note of the last `commit`. Without a row in the output it means nothing.
  const std::string& note() const noexcept { return note_; }
  /// Whether a later map can continue this one.
  bool is_resumable() const noexcept { return journal_ != nullptr; }
  /// Answers of `row` that an earlier run stored, ascending by number.
  result<std::vector<journal_row>> kept(uint64_t row);
  /// Number of answers that an earlier run stored.
  uint64_t kept_at_start() const noexcept { return kept_; }

  /// Stores answers. They survive the death of the process, and after the next `commit` the death
  /// of the machine.
  result<void> keep(const std::vector<journal_row>& answers);
  /// Appends the next `rows` rows. Until `commit`, a crash may lose them.
  result<void> write(std::string_view text, uint64_t rows);
  /// Syncs the rows, then removes their answers from the journal.
  result<void> commit(std::string note);
  /// Commits and marks the map as finished.
  result<void> finish(std::string note);

private:
  map_files() = default;
  result<void> begin(const map_request& request);
  result<void> begin_output(const map_request& request);
  result<void> open_stream(output_file output, const std::string& head);
  result<void> count_kept();
  result<void> checkpoint(std::string note, bool complete);

  std::string path_;
  std::optional<file_lock> lock_; ///< Declared first, so that it is freed last.
  std::unique_ptr<journal> journal_;
  std::optional<output_file> output_;
  bool sampling_ = false;
  bool complete_ = false;
  uint64_t per_row_ = 1;
  uint64_t kept_ = 0;
  uint64_t kept_last_ = 0; ///< The highest number among these answers.
  run_checkpoint written_; ///< The next checkpoint; not yet synced.
  std::string note_;
};

} // namespace penstock::io
