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

/// What a map is about to do.
struct map_request {
  run_identity identity;        ///< The input and what else the answers depend on.
  uint64_t numbers_per_row = 1; ///< Journal numbers of one row; see `core::map_numbering`.
  std::string output;           ///< A path, or "-" for standard output.
  std::string sample_output;    ///< If set, rows go here instead, anew each time; answers are kept
                                ///< beside `output`.
  std::string head;             ///< Stands above the first row.
  bool restart = false;         ///< Throws an earlier output and journal away.
};

/// The files of one map, and the only way to write them: OUTPUT, OUTPUT.penstock-journal (answers
/// of the rows that are not yet safe in OUTPUT) and OUTPUT.penstock-lock. An output that is no
/// regular file has neither journal nor lock and cannot be resumed.
///
/// Every answer is kept in the journal before anything is made of it. Rows of the output carry no
/// checksums of their own (they are CSV, or JSONL of the caller's shape), so nothing behind the
/// last checkpoint is trusted: `open` cuts it off, and the rows are rendered again from the
/// journal, whose answers are dropped only in the transaction that stores a checkpoint behind their
/// row.
///
/// Slow (fsync): use it from a thread that may block. Not thread-safe.
class map_files {
public:
  /// Takes the lock and finds out how to begin. Refuses as `run_files::open` does.
  static result<map_files> open(map_request request);

  /// Whether an earlier map finished: there is nothing to do.
  bool is_complete() const noexcept { return complete_; }
  /// Rows in the output; also the index of the next one.
  uint64_t next_row() const noexcept { return written_.output_lines / per_row_; }
  /// What the last `commit` stored with the rows; something else if no row is in the output.
  const std::string& note() const noexcept { return note_; }
  /// Whether a later map can go on where this one ends.
  bool is_resumable() const noexcept { return journal_ != nullptr; }
  /// Answers of `row` that an earlier life left, ascending by number.
  result<std::vector<journal_row>> kept(uint64_t row);
  /// How many answers an earlier life left.
  uint64_t kept_at_start() const noexcept { return kept_; }

  /// Keeps answers against the death of the process, and from the next `commit` on against that of
  /// the machine.
  result<void> keep(const std::vector<journal_row>& answers);
  /// Appends the next `rows` rows, which may get lost in a crash until `commit`.
  result<void> write(std::string_view text, uint64_t rows);
  /// Makes what was written safe, then drops its answers from the journal.
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
  std::optional<file_lock> lock_; ///< Declared first, freed last.
  std::unique_ptr<journal> journal_;
  std::optional<output_file> output_;
  bool sampling_ = false;
  bool complete_ = false;
  uint64_t per_row_ = 1;
  uint64_t kept_ = 0;
  uint64_t kept_last_ = 0; ///< The highest number among them.
  run_checkpoint written_; ///< As a checkpoint would say, but not yet synced.
  std::string note_;
};

} // namespace penstock::io
