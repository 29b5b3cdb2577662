#pragma once

#include "core/base/error.hpp"
#include "core/io/file/file_lock.hpp"
#include "core/io/file/map_journal.hpp"
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
  run_identity identity;            ///< The input and all else that the answers depend on.
  std::string documents;            ///< Checksum of sizes and times of the documents.
  std::vector<core::row_keys> rows; ///< All rows of the input.
  uint64_t rows_to_run = 0;         ///< Number of rows, from the first on, that this map runs.
  std::vector<uint32_t> rounds;     ///< Most requests of each stage.
  std::string output;               ///< A path, or "-" for standard output.
  /// If set, rows are written to this new file instead. The answers stay in the journal of
  /// `output`.
  std::string sample_output;
  std::string head;          ///< Text above the first row.
  bool restart = false;      ///< Removes an earlier output and journal.
  bool retry_failed = false; ///< Sends failed rows again.
};

/// The files of one map: OUTPUT, OUTPUT.penstock-journal (every answer, with a checksum of its
/// request) and OUTPUT.penstock-lock. Only this class writes them. An output that is not a regular
/// file has neither journal nor lock and cannot be resumed.
///
/// Every answer is stored in the journal before it is used. Rows of the output have no checksums
/// (they are CSV, or JSONL in the form of the user), so `open` cuts off everything after the last
/// checkpoint, and these rows are made again from the journal.
///
/// A change of the input, the recipe or a document, and a retry of failed rows, begin a new
/// generation. Each row of the new input gets the answers of the old row that it matches
/// (`core::match_rows`). All rows are written anew, to OUTPUT.penstock-next; requests without an
/// answer are sent. When all rows are there, that file replaces the output. Until then the output
/// stays as it was. A kill at any moment leaves either the old output or the new one.
///
/// Slow (fsync): use it from a thread that may block. Not thread-safe.
class map_files {
public:
  /// Takes the lock and decides how to begin. Refuses with
  /// - `locked`: another process runs on this output;
  /// - `invalid_config`: the output exists without a journal, is the input, or has nothing to
  /// retry;
  /// - `input_changed`: no paid answer can be kept;
  /// - `corrupt`: journal or output are damaged or were edited.
  static result<map_files> open(map_request request);

  /// Whether an earlier map finished, so that there is nothing to do.
  bool is_complete() const noexcept { return complete_; }
  /// Rows in the output; also the index of the next row.
  uint64_t next_row() const noexcept { return written_.output_lines; }
  /// The note of the last `commit`. Without a row in the output it means nothing.
  const std::string& note() const noexcept { return note_; }
  /// Whether a later map can continue this one.
  bool is_resumable() const noexcept { return journal_ != nullptr; }
  /// Changes of the input since the last generation; nullopt if it is the first.
  const std::optional<map_changes>& changes() const noexcept { return changes_; }
  /// Whether this run sends failed rows again.
  bool is_retrying() const noexcept { return retrying_; }
  /// Failures of earlier generations do not count.
  uint32_t retry_below() const noexcept { return retry_below_; }
  /// Whether the rows go to a file beside the output.
  bool is_replacing() const noexcept { return replacing_; }
  /// All answers of the row at `place`, in the order in which they came.
  result<std::vector<map_record>> kept(uint64_t place);

  /// Stores answers. They survive the death of the process, and after the next `commit` the death
  /// of the machine. Give the place of the row as the slot; the generation is set here.
  result<void> keep(std::vector<map_record> answers);
  /// Appends the next `rows` rows. Until `commit`, a crash may lose them.
  result<void> write(std::string_view text, uint64_t rows);
  /// Syncs the rows.
  result<void> commit(std::string note);
  /// Commits, and replaces the output by the new rows. @param whole Whether these are all rows of
  /// the input; then the map is finished.
  result<void> finish(std::string note, bool whole = true);

private:
  map_files() = default;
  result<void> open_stream(output_file output, const std::string& head);
  result<void> create(const map_request& request);
  // map_changes.cpp: an earlier map
  result<void> resume(const map_request& request);
  result<void> check_known(const map_request& request, map_head& head);
  result<void> rebase(const map_request& request, map_head head, bool same);
  result<void> check_loss(const map_request& request, const map_head& head,
                          const std::vector<map_place>& rows);
  // The output
  result<void> begin_output(const map_request& request);
  result<void> begin_sample(const map_request& request);
  result<void> checkpoint(std::string note, bool complete);
  result<void> publish();

  std::string path_;
  std::optional<file_lock> lock_; ///< Declared first, so that it is freed last.
  std::unique_ptr<map_journal> journal_;
  std::optional<output_file> output_;
  bool sampling_ = false;
  bool complete_ = false;
  bool retrying_ = false, replacing_ = false;
  uint32_t retry_below_ = 0;
  std::optional<map_changes> changes_;
  std::vector<uint64_t> slots_; ///< By place.
  run_checkpoint written_;      ///< The next checkpoint; not yet synced.
  std::string note_;
};

} // namespace penstock::io
