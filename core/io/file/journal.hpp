#pragma once

#include "core/base/error.hpp"
#include "core/io/file/request_reader.hpp"
#include "core/jsonl/change_counts.hpp"
#include "core/jsonl/jsonl.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::io {

/// The input and settings with which an output was begun.
struct run_identity {
  std::string input_path; ///< For messages: the file may move, but not change.
  std::string input_hash; ///< SHA-256 of a regular input; empty: a pipe.
  std::string settings;   ///< Everything else that the answers depend on; a text of the caller.
  bool operator==(const run_identity&) const = default;
};

/// The part of the output that is safe on disk.
struct run_checkpoint {
  uint64_t output_bytes = 0;    ///< Size of the synced part.
  uint64_t output_lines = 0;    ///< Lines in it; also the index of the next line.
  uint64_t output_checksum = 0; ///< `core::running_checksum` over it.
  core::output_totals totals;   ///< Sums over it.
  std::string note = {};        ///< A text of the owner.
  bool operator==(const run_checkpoint&) const = default;
};

using core::change_counts;

/// An output that is written anew from kept lines and new ones (see `run_files`).
struct rebuild_mark {
  uint64_t number = 0;        ///< Part of the names of its files; 0: no rebuild is under way.
  uint64_t requests = 0;      ///< Lines that the new output will have.
  uint64_t kept_bytes = 0;    ///< Size of the file of kept lines.
  uint64_t kept_checksum = 0; ///< `core::running_checksum` over it.
  change_counts counts;
  bool whole = false; ///< The new output is complete and takes the place of the old one.
  bool operator==(const rebuild_mark&) const = default;
};

/// The head of a journal.
struct journal_head {
  run_identity identity;
  run_checkpoint checkpoint;
  input_mark input_read; ///< Of a pipe: covers every request that has a row or line.
  /// The run is finished. The journal stays, so that the same command can say so.
  bool complete = false;
  rebuild_mark rebuild = {}; ///< Under way.
};

/// An outcome that waits for earlier ones: index and output line.
using journal_row = std::pair<uint64_t, std::string>;

/// The journal of one run: the outcomes that are not yet in the output, and how much of the output
/// is safe. It is an SQLite file in WAL mode.
///
/// When `append` returns, the rows survive the death of the process, but not of the machine: it
/// does not sync, because answers would collect in memory during the sync, and a kill would lose
/// them. `set_checkpoint` syncs: all rows appended before survive the death of the machine. Rows
/// and head have checksums, so damage gives `errc::corrupt`, never a wrong outcome. A full disk
/// gives `errc::disk_full`. Slow (fsync): call it from a thread that may block. Not thread-safe.
class journal {
public:
  virtual ~journal() = default;

  /// The last stored head.
  virtual const journal_head& head() const noexcept = 0;
  /// Stores all of the rows or none. They survive the death of the process. A row with a known
  /// index is replaced.
  /// @param read For pipes: a mark after every request among `rows`.
  virtual result<void> append(const std::vector<journal_row>& rows,
                              const input_mark* read = nullptr) = 0;
  /// Stores a checkpoint of the output and removes the rows before it, in one transaction.
  /// @pre The output was synced up to the checkpoint.
  virtual result<void> set_checkpoint(const run_checkpoint& at, bool complete = false) = 0;
  /// Begins anew with another identity: no checkpoint, no rows. @pre All rows that are still wanted
  /// are safe elsewhere: in the files of `with`, or there are none.
  virtual result<void> begin_rebuild(run_identity identity, const rebuild_mark& with) = 0;
  /// The new output of a rebuild has taken its place.
  virtual result<void> end_rebuild() = 0;
  /// Goes on with the same output and rows for another identity.
  virtual result<void> go_on_with(run_identity identity) = 0;
  /// The indexes of all rows, ascending.
  virtual result<std::vector<uint64_t>> waiting() = 0;
  /// Up to `rows_max` rows with index `first` or higher, ascending.
  virtual result<std::vector<journal_row>> rows_from(uint64_t first, size_t rows_max) = 0;
};

/// Makes an empty journal. @pre There is no file at `path`. ":memory:" keeps it in memory.
result<std::unique_ptr<journal>> create_journal(const std::string& path, run_identity identity);

/// Opens the journal at `path` and checks it.
/// @returns null if the file is empty: its creation was interrupted, and no outcome is lost.
/// `incompatible` if a newer penstock made it.
result<std::unique_ptr<journal>> open_journal(const std::string& path);

/// Removes a journal and the files that SQLite keeps beside it, if they exist.
result<void> remove_journal(const std::string& path);

} // namespace penstock::io
