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

/// What a run is about to do.
struct run_request {
  run_identity identity; ///< The input ("-" or a path) and what else the answers depend on.
  std::optional<uint64_t> input_requests; ///< Requests of a scanned input; nullopt for a pipe.
  std::string output;                     ///< A path, or "-" for standard output.
  bool restart = false;                   ///< Throws an earlier output and journal away.
};

/// How a run begins.
enum class run_start : uint8_t {
  fresh,    ///< Nothing is there yet.
  resumed,  ///< An earlier run left something; `next_index` and `waiting` say what is done.
  complete, ///< An earlier run finished: there is nothing to do.
};

/// The files of one run, and the only way to write them: OUTPUT itself, OUTPUT.penstock-journal
/// (outcomes that wait for their turn; a small one stays behind as the mark of a finished run) and
/// OUTPUT.penstock-lock (held while the run lives). An output that is no regular file (standard
/// output, a pipe, a device) has neither journal nor lock and cannot be resumed.
///
/// The order that makes it safe: a row leaves the journal only in the transaction that stores a
/// checkpoint behind its line, and a checkpoint is stored only after the output was synced up to
/// it. A crash at any point leaves each outcome in the journal, in the output, or in both; where a
/// line was written but not synced, the disk has all, some or none of it, and `open` sees which.
/// Example: outcomes 0, 2, 3 are there, 1 is missing. 0 is written, 2 and 3 are kept in the
/// journal. 1 comes: 1, 2, 3 are written, the output synced, the checkpoint set to 4 lines, 2 and 3
/// trimmed.
///
/// Slow (fsync): use it from a thread that may block. Not thread-safe.
class run_files {
public:
  /// Takes the lock and finds out how to begin. Refuses with
  /// - `locked`: another process runs on this output;
  /// - `invalid_config`: the output exists without a journal, or is the input;
  /// - `input_changed`: output and journal belong to another input or other settings;
  /// - `corrupt`: journal or output are damaged or were edited.
  static result<run_files> open(run_request request);

  run_start start() const noexcept { return start_; }
  /// Index of the next line to write; all before are in the output.
  uint64_t next_index() const noexcept { return written_.output_lines; }
  /// Indexes whose outcomes were in the journal at the start, ascending: not to be sent again.
  const std::vector<uint64_t>& waiting() const noexcept { return waiting_; }
  /// Sums over all lines of the output, those of earlier runs included.
  const core::output_totals& totals() const noexcept { return written_.totals; }
  /// What a pipe has to begin with; for `reader_options::expected_start`.
  input_mark expected_start() const;
  /// Whether a later run can go on where this one ends.
  bool is_resumable() const noexcept { return journal_ != nullptr; }

  /// Keeps outcomes that wait for their turn: at once against the death of the process, from the
  /// next `commit` on against that of the machine.
  /// @param read For pipes: a mark behind every request among `rows`.
  result<void> keep(const std::vector<journal_row>& rows, const input_mark* read = nullptr);
  /// Up to `rows_max` kept outcomes with index `first` or higher, ascending.
  result<std::vector<journal_row>> kept_from(uint64_t first, size_t rows_max);
  /// Writes the next lines; `records` has one element for each, with ascending indexes from
  /// `next_index`. They may get lost in a crash until `commit`. After an error `next_index` tells
  /// how many lines have reached the file; what did not can still be kept.
  result<void> write(std::string_view lines, std::span<const core::output_record> records);
  /// Makes what was written safe, then drops it from the journal.
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
  std::optional<file_lock> lock_; ///< Declared first, freed last.
  std::unique_ptr<journal> journal_;
  std::optional<output_file> output_;
  std::optional<uint64_t> input_requests_;
  run_start start_ = run_start::fresh;
  run_checkpoint written_; ///< As a checkpoint would say, but not yet synced.
  std::vector<uint64_t> waiting_;
};

} // namespace penstock::io
