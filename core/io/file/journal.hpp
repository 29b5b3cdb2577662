#pragma once

#include "core/base/error.hpp"
#include "core/io/file/request_reader.hpp"
#include "core/jsonl/jsonl.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::io {

/// What an output was begun with.
struct run_identity {
  std::string input_path; ///< For people: it may move, the content may not change.
  std::string input_hash; ///< SHA-256 of a regular input; empty: a pipe.
  std::string settings;   ///< What the answers depend on besides the input; the caller's choice.
  bool operator==(const run_identity&) const = default;
};

/// What is known to be on disk in the output.
struct run_checkpoint {
  uint64_t output_bytes = 0;    ///< Size of the part that was synced.
  uint64_t output_lines = 0;    ///< Lines in it; also the index of the next one.
  uint64_t output_checksum = 0; ///< `core::running_checksum` over it.
  core::output_totals totals;   ///< Sums over it.
  std::string note = {};        ///< What else its owner wants to find again.
  bool operator==(const run_checkpoint&) const = default;
};

/// The head of a journal.
struct journal_head {
  run_identity identity;
  run_checkpoint checkpoint;
  input_mark input_read; ///< Of a pipe: covers every request with a row or line.
  bool complete = false; ///< The run is over; kept so that the same command says so.
};

/// An outcome that waits for its turn: index and output line.
using journal_row = std::pair<uint64_t, std::string>;

/// The journal of one run: outcomes that are not yet in the output, and how far the output is safe.
/// SQLite in WAL mode. When `append` returns, the rows survive the death of the process: waiting
/// for the disk there would let answers pile up that a kill then loses. `set_checkpoint` syncs, and
/// with it all rows appended before survive the death of the machine. Rows and head carry
/// checksums, so damage is `errc::corrupt` and never a wrong outcome. A full disk is
/// `errc::disk_full`. Slow (fsync): call it from a thread that may block. Not thread-safe.
class journal {
public:
  virtual ~journal() = default;

  /// What was stored last.
  virtual const journal_head& head() const noexcept = 0;
  /// Keeps rows, all or none, against the death of the process. A row that is there already is
  /// replaced.
  /// @param read For pipes: a mark behind every request among `rows`.
  virtual result<void> append(const std::vector<journal_row>& rows,
                              const input_mark* read = nullptr) = 0;
  /// Stores how far the output is safe and drops the rows before it, in one step.
  /// @pre The output was synced up to there.
  virtual result<void> set_checkpoint(const run_checkpoint& at, bool complete = false) = 0;
  /// The indexes of all rows, ascending.
  virtual result<std::vector<uint64_t>> waiting() = 0;
  /// Up to `rows_max` rows with index `first` or higher, ascending.
  virtual result<std::vector<journal_row>> rows_from(uint64_t first, size_t rows_max) = 0;
};

/// Makes an empty journal at `path`, where none may be; ":memory:" keeps it in memory.
result<std::unique_ptr<journal>> create_journal(const std::string& path, run_identity identity);

/// Opens the journal at `path` and checks it.
/// @returns null if the file holds nothing: its creation was interrupted, no outcome is lost.
/// `incompatible` if a newer penstock made it.
result<std::unique_ptr<journal>> open_journal(const std::string& path);

/// Removes a journal and the files that SQLite keeps beside it; none there is fine.
result<void> remove_journal(const std::string& path);

} // namespace penstock::io
