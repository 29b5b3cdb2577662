#pragma once

#include "core/base/error.hpp"
#include "core/io/file/file_lock.hpp"
#include "core/io/file/journal.hpp"
#include "core/io/file/output_file.hpp"
#include "core/jsonl/jsonl.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::io {

/// The files and identity of a run.
struct run_request {
  run_identity identity; ///< The input ("-" or a path) and all else that the answers depend on.
  std::optional<uint64_t> input_requests; ///< Requests of a scanned input; nullopt for a pipe.
  std::string output;                     ///< A path, or "-" for standard output.
  bool restart = false;                   ///< Removes an earlier output and journal.
};

/// How a run begins.
enum class run_start : uint8_t {
  fresh,    ///< There is no earlier run.
  resumed,  ///< An earlier run did a part; see `next_index` and `waiting`.
  complete, ///< An earlier run finished, so that there is nothing to do.
};

/// The files of one run. Only this class writes them.
/// - OUTPUT.
/// - OUTPUT.penstock-journal: outcomes that wait for earlier ones. A small journal stays, to mark
/// the
///   run as finished.
/// - OUTPUT.penstock-lock: exists while the run does.
/// An output that is not a regular file (standard output, a pipe, a device) has neither journal nor
/// lock and cannot be resumed.
///
/// Two rules make it safe. The journal drops a row only in the transaction that stores a checkpoint
/// after its line. A checkpoint is stored only after the output was synced up to it. So after a
/// crash each outcome is in the journal, in the output, or in both. Of a line that was written but
/// not synced, the disk may have all, some or none of the bytes; `open` detects that.
/// Example: outcomes 0, 2, 3 are there, 1 is missing. 0 is written, 2 and 3 are stored in the
/// journal. 1 comes: 1, 2, 3 are written, the output is synced, the checkpoint is set to 4 lines,
/// and the rows 2 and 3 are removed.
///
/// Slow (fsync): use it from a thread that may block. Not thread-safe.
class run_files {
public:
  /// Takes the lock and decides how to begin. Refuses with
  /// - `locked`: another process runs on this output;
  /// - `invalid_config`: the output exists without a journal, or is the input;
  /// - `input_changed`: output and journal belong to another input or other settings;
  /// - `corrupt`: journal or output are damaged or were edited.
  static result<run_files> open(run_request request);

  run_start start() const noexcept { return start_; }
  /// Index of the next line to write. All earlier lines are in the output.
  uint64_t next_index() const noexcept { return written_.output_lines; }
  /// Indexes of the outcomes in the journal at the start, ascending. Do not send them again.
  const std::vector<uint64_t>& waiting() const noexcept { return waiting_; }
  /// Sums over all lines of the output, also those of earlier runs.
  const core::output_totals& totals() const noexcept { return written_.totals; }
  /// The start that a pipe must have; for `reader_options::expected_start`.
  input_mark expected_start() const;
  /// Whether a later run can continue this one.
  bool is_resumable() const noexcept { return journal_ != nullptr; }

  /// Stores outcomes that wait for earlier ones. They survive the death of the process, and after
  /// the next `commit` the death of the machine.
  /// @param read For pipes: a mark after every request among `rows`.
  result<void> keep(const std::vector<journal_row>& rows, const input_mark* read = nullptr);
  /// Up to `rows_max` stored outcomes with index `first` or higher, ascending.
  result<std::vector<journal_row>> kept_from(uint64_t first, size_t rows_max);
  /// Writes the next lines. `records` has one element for each line, with ascending indexes from
  /// `next_index`. Until `commit`, a crash may lose them. After an error, `next_index` says which
  /// lines reached the file; the others can still be stored in the journal.
  result<void> write(std::string_view lines, std::span<const core::output_record> records);
  /// Syncs the written lines, then removes their rows from the journal.
  result<void> commit();
  /// Commits and marks the run as finished.
  result<void> finish();

private:
  run_files() = default;
  result<void> begin_fresh(const run_request& request);
  result<void> begin_resumed(const run_request& request);
  result<void> load_waiting();
  result<void> checkpoint(bool complete);

  std::string path_;
  std::optional<file_lock> lock_; ///< Declared first, so that it is freed last.
  std::unique_ptr<journal> journal_;
  std::optional<output_file> output_;
  std::optional<uint64_t> input_requests_;
  run_start start_ = run_start::fresh;
  run_checkpoint written_; ///< The next checkpoint; not yet synced.
  std::vector<uint64_t> waiting_;
};

} // namespace penstock::io
