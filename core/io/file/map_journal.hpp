#pragma once

#include "core/io/file/journal.hpp"
#include "core/jsonl/row_match.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::io {

/// What became of the rows of an earlier input.
struct map_changes {
  uint64_t kept = 0;    ///< They are as they were, wherever they stand now.
  uint64_t mended = 0;  ///< They say something else in the same place, or under the same id.
  uint64_t added = 0;   ///< They were not there.
  uint64_t removed = 0; ///< They are not there any more; their answers stay in the journal.
  bool operator==(const map_changes&) const = default;
};

/// The head of a map's journal.
struct map_head {
  run_identity identity;
  std::string documents;     ///< Sizes and times of the documents of all rows, as a checksum.
  run_checkpoint checkpoint; ///< Its `output_lines` are rows.
  bool complete = false;
  bool sampled = false;   ///< Nothing but samples has run.
  bool partial = false;   ///< Rows at the output have no answers here: an older penstock made them.
  bool replacing = false; ///< Rows go to a file beside the output, and take its place at the end.
  bool retrying = false;  ///< Failed rows of earlier generations are sent again.
  uint32_t generation = 0;  ///< Grows each time the rows are gone through from the start.
  uint32_t retry_below = 0; ///< Failures of generations below it do not count.
  /// The output that is to be replaced.
  uint64_t replaced_rows = 0, replaced_bytes = 0, replaced_checksum = 0;
  map_changes changes; ///< At the last change of the input.
  uint64_t rows = 0;   ///< In the input.
};

/// A row of the input.
struct map_place {
  uint64_t slot = 0;             ///< Under what its answers are kept; never changes.
  uint64_t place = core::no_row; ///< In the input, from 0; `no_row`: it has left the input.
  core::row_keys keys;
};

/// An answer to a request of a row.
struct map_record {
  uint64_t slot = 0;
  uint32_t stage = 0; ///< Its place in the recipe when it was asked.
  uint32_t round = 0; ///< 0: the first request of the stage; above: corrections.
  uint32_t generation = 0;
  uint64_t asks = 0;     ///< What was asked: see `core::stage_print`. Zero: an older penstock did.
  std::string documents; ///< And with which documents.
  bool good = false;     ///< It completed; else it is a failure.
  std::string line;      ///< The outcome.
};

/// The journal of a map: every answer that any row of any version of its input ever had, with what
/// was asked for it. Nothing is ever removed. Each row of the input has a slot, whose answers
/// follow it when it moves; `rebase` lays another input over the same slots in one step.
/// Guarantees, locking and errors are those of `journal`.
class map_journal {
public:
  virtual ~map_journal() = default;

  virtual const map_head& head() const noexcept = 0;
  /// Keeps answers, all or none, against the death of the process.
  virtual result<void> append(const std::vector<map_record>& answers) = 0;
  /// Stores the head, and syncs it with all answers before it.
  virtual result<void> set_head(const map_head& head) = 0;
  /// Stores the head and other rows in one step. Rows that have left the input go if they have no
  /// answers.
  virtual result<void> rebase(const map_head& head, const std::vector<map_place>& rows) = 0;
  /// All rows, by slot.
  virtual result<std::vector<map_place>> rows() = 0;
  /// All answers of a slot, in their order.
  virtual result<std::vector<map_record>> answers_of(uint64_t slot) = 0;
  /// The slots of good answers, with what was asked; ascending.
  virtual result<std::vector<std::pair<uint64_t, uint64_t>>> good_answers() = 0;
};

/// Makes a journal at `path`, where none may be.
result<std::unique_ptr<map_journal>> create_map_journal(const std::string& path,
                                                        const map_head& head,
                                                        const std::vector<map_place>& rows);

/// What a map's journal of format 1 needs to become one of today.
struct older_map {
  std::vector<uint32_t> rounds;     ///< Requests of each stage at most.
  std::vector<core::row_keys> rows; ///< Of the input.
  run_identity identity;            ///< It must have been begun with it.
  std::string documents;            ///< As in the head.
  std::string output;               ///< For messages.
};

/// Opens the journal at `path` and checks it; brings one of format 1 up to date.
/// @returns null if the file holds nothing. `incompatible` if a newer penstock made it,
/// `input_changed` if it is one of format 1 with another identity.
result<std::unique_ptr<map_journal>> open_map_journal(const std::string& path,
                                                      const older_map& older);

} // namespace penstock::io
