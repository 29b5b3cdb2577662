#pragma once

#include "core/io/file/journal.hpp"
#include "core/jsonl/row_match.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::io {

/// How an input differs from the earlier one, in rows.
struct map_changes {
  uint64_t kept = 0;    ///< Unchanged rows, moved ones included.
  uint64_t mended = 0;  ///< Changed rows in the same place or with the same id.
  uint64_t added = 0;   ///< New rows.
  uint64_t removed = 0; ///< Deleted rows; their answers stay in the journal.
  bool operator==(const map_changes&) const = default;
};

/// The head of a map's journal.
struct map_head {
  run_identity identity;
  std::string documents;     ///< Sizes and times of the documents of all rows, as a checksum.
  run_checkpoint checkpoint; ///< Its `output_lines` are rows.
  bool complete = false;
  bool sampled = false;     ///< Only samples have run so far.
  bool partial = false;     ///< An older penstock wrote rows and did not keep their answers.
  bool replacing = false;   ///< Rows go to a file beside the output, which replaces it at the end.
  bool retrying = false;    ///< Rows that failed in earlier generations are sent again.
  uint32_t generation = 0;  ///< Counts how often the rows began anew.
  uint32_t retry_below = 0; ///< Failures of generations below this number do not count.
  /// The output that is to be replaced.
  uint64_t replaced_rows = 0, replaced_bytes = 0, replaced_checksum = 0;
  map_changes changes; ///< Of the last change of the input.
  uint64_t rows = 0;   ///< In the input.
};

/// A row of the input.
struct map_place {
  uint64_t slot = 0;             ///< Number under which its answers are stored; never changes.
  uint64_t place = core::no_row; ///< In the input, from 0; `no_row`: the row was deleted.
  core::row_keys keys;
};

/// An answer to a request of a row.
struct map_record {
  uint64_t slot = 0;
  uint32_t stage = 0; ///< Number of the stage when the request was sent.
  uint32_t round = 0; ///< 0: the first request of the stage; above: corrections.
  uint32_t generation = 0;
  uint64_t asks = 0;     ///< See `core::stage_print`. Zero: an older penstock did not store it.
  std::string documents; ///< See `core::stage_print`.
  bool good = false;     ///< True if it completed, false if it failed.
  std::string line;      ///< The outcome.
};

/// The journal of a map. It holds every answer, with a checksum of its request, also for rows that
/// were deleted from the input and for earlier prompts. No answer is ever removed. Each row of the
/// input has a slot, under which its answers are stored. `rebase` gives the slots to the rows of
/// another input, in one transaction. Guarantees, locking and errors are those of `journal`.
class map_journal {
public:
  virtual ~map_journal() = default;

  virtual const map_head& head() const noexcept = 0;
  /// Stores answers, all or none. They survive the death of the process.
  virtual result<void> append(const std::vector<map_record>& answers) = 0;
  /// Stores the head and syncs it, with all answers stored before.
  virtual result<void> set_head(const map_head& head) = 0;
  /// Stores the head and replaces all rows, in one transaction. Deleted rows without answers are
  /// removed.
  virtual result<void> rebase(const map_head& head, const std::vector<map_place>& rows) = 0;
  /// All rows, by slot.
  virtual result<std::vector<map_place>> rows() = 0;
  /// All answers of a slot, in the order in which they came.
  virtual result<std::vector<map_record>> answers_of(uint64_t slot) = 0;
  /// Slot and `asks` of all good answers, by slot.
  virtual result<std::vector<std::pair<uint64_t, uint64_t>>> good_answers() = 0;
};

/// Makes a journal at `path`, where none may be.
result<std::unique_ptr<map_journal>> create_map_journal(const std::string& path,
                                                        const map_head& head,
                                                        const std::vector<map_place>& rows);

/// What is needed to upgrade a journal of format 1.
struct older_map {
  std::vector<uint32_t> rounds;     ///< Most requests of each stage.
  std::vector<core::row_keys> rows; ///< Of the input.
  run_identity identity;            ///< The journal must have the same.
  std::string documents;            ///< As in the head.
  std::string output;               ///< For messages.
};

/// Opens the journal at `path` and checks it. Upgrades a journal of format 1.
/// @returns null if the file holds nothing. `incompatible` if a newer penstock made it,
/// `input_changed` if it is one of format 1 with another identity.
result<std::unique_ptr<map_journal>> open_map_journal(const std::string& path,
                                                      const older_map& older);

} // namespace penstock::io
