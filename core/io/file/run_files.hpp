#pragma once

#include "core/base/error.hpp"
#include "core/io/file/file_lock.hpp"
#include "core/io/file/journal.hpp"
#include "core/io/file/kept_places.hpp"
#include "core/io/file/line_fetcher.hpp"
#include "core/io/file/output_check.hpp"
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
  /// Requests of the earlier output that did not complete are sent again. If it is finished, it is
  /// written anew.
  bool retry_failed = false;
  core::line_options lines = {}; ///< How the input is read, where it has to be compared.
  uint64_t line_max = 64u << 20; ///< As in `reader_options`.
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
/// Requests sent again (`retry_failed`), or another input: the output is written anew. Lines that
/// stay go to OUTPUT.penstock-kept.1 with their new indexes. One transaction of the journal then
/// begins the rebuild. The new output grows in OUTPUT.penstock-next.1: lines that stay are copied
/// from the first file, the others are written as they come. OUTPUT stays as it was until the new
/// one is complete and synced; then the journal says so, the new one is renamed, and the journal
/// forgets the rebuild. A crash before the transaction changes nothing; after it the same command
/// goes on. An input that only grew behind the written lines needs none of this: OUTPUT is
/// continued.
///
/// Indexes here are places in the output. `sent_below` and `place_of` translate to the numbers of
/// the requests of the job, of which kept lines have none.
///
/// Slow (fsync): use it from a thread that may block. Not thread-safe.
class run_files {
public:
  /// Takes the lock and decides how to begin. Refuses with
  /// - `locked`: another process runs on this output;
  /// - `invalid_config`: the output exists without a journal, or is the input;
  /// - `input_changed`: output and journal belong to other settings, or to an input that has
  ///   nothing in common with this one, so that paid answers would be thrown away;
  /// - `corrupt`: journal or output are damaged or were edited.
  static result<run_files> open(run_request request);

  run_start start() const noexcept { return start_; }
  /// Index of the next line to write. All earlier lines are in the output.
  uint64_t next_index() const noexcept { return written_.output_lines; }
  /// Indexes of the outcomes in the journal at the start, ascending. Do not send them again.
  const std::vector<uint64_t>& waiting() const noexcept { return waiting_; }
  /// Requests of the job that stand below `place`: all places but those of kept lines.
  uint64_t sent_below(uint64_t place) const noexcept { return kept_->sent_below(place); }
  /// The place of request `nth` of the job.
  uint64_t place_of(uint64_t nth) const noexcept { return kept_->place_of(nth); }
  /// Places whose lines stay; all the others are to be sent.
  std::shared_ptr<const kept_places> kept() const noexcept { return kept_; }
  /// Whether the output is being written anew.
  bool is_rebuilding() const noexcept { return journal_ && journal_->head().rebuild.number > 0; }
  /// Sums over the lines that stay and are not yet copied, as they were at the start.
  const core::output_totals& kept_totals() const noexcept { return kept_totals_; }
  /// How the new output differs from the earlier one; nullopt if nothing did.
  const std::optional<change_counts>& changes() const noexcept { return changes_; }
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
  result<checked_output> look_at_output() const;
  result<bool> adapt(const run_request& request, const checked_output& found);
  result<void> take_place();
  result<void> load_kept();
  result<void> load_waiting();
  result<void> append(std::string_view lines, std::span<const core::output_record> records);
  result<void> copy_kept(uint64_t below);
  std::string written_path() const;
  result<void> checkpoint(bool complete);

  std::string path_;
  std::optional<file_lock> lock_; ///< Declared first, so that it is freed last.
  std::unique_ptr<journal> journal_;
  std::optional<output_file> output_;
  std::optional<uint64_t> input_requests_;
  run_start start_ = run_start::fresh;
  run_checkpoint written_; ///< The next checkpoint; not yet synced.
  std::vector<uint64_t> waiting_;
  std::shared_ptr<const kept_places> kept_ = std::make_shared<kept_places>();
  std::optional<line_fetcher> kept_lines_;
  uint64_t kept_at_ = 0; ///< Offset of the next line to copy.
  core::output_totals kept_totals_;
  std::optional<change_counts> changes_;
};

} // namespace penstock::io
