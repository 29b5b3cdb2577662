#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

namespace penstock::core {

/// The purpose of one request of a map.
struct map_ticket {
  uint64_t row = 0;   ///< Place of the row in the input, from 0.
  uint32_t stage = 0; ///< Stage of the recipe, from 0.
  uint32_t round = 0; ///< 0: the first request of the stage; above: corrections.
  bool operator==(const map_ticket&) const = default;
};

/// The progress of the rows of a map through its stages. Knows only numbers, no values. Pure; one
/// owner.
///
/// A row is admitted in the order of the input and belongs to a group (its tenant). From then on it
/// is ready for a stage, offered (its request is with a job), or finished; finished rows are
/// released in the order of the input. Rows pass the stages independently of each other. Example
/// with two stages: row 0 is slow in stage 0; rows 1 and 2 go on to stage 1 and finish, but are
/// released only after row 0.
class map_plan {
public:
  map_plan() = default;
  /// @param rows_of_group Number of rows of each group, with those below `first_row`.
  map_plan(std::vector<uint64_t> rows_of_group, uint32_t stages);

  /// Counts the next row as written by an earlier run.
  void skip(uint32_t group);
  /// Admits the next row, ready for `stage` in `round`.
  void admit(uint32_t group, uint32_t stage = 0, uint32_t round = 0);
  /// Admits the next row, finished already.
  void admit_finished(uint32_t group);

  /// Offers the oldest ready rows of a stage, at most `max`.
  std::vector<map_ticket> take(uint32_t group, uint32_t stage, size_t max);
  /// Whether an answer to `t` is expected. False for an older round, or a second answer.
  bool is_offered(const map_ticket& t) const;
  /// Moves a ready or offered row to the next stage. @pre It is not in the last stage.
  void advance(uint64_t row);
  /// Makes an offered row ready for another round of its stage.
  void again(uint64_t row);
  /// Finishes a ready or offered row.
  void finish(uint64_t row);
  /// Makes the offered rows of a stage ready again, because their job died.
  void take_back(uint32_t group, uint32_t stage);

  /// Returns and forgets the next row in the order of the input, if it is finished.
  std::optional<uint64_t> release();
  /// Whether there will be no more requests of this stage.
  bool has_ended(uint32_t group, uint32_t stage) const;
  /// Rows of a group that are ready in any stage, in the order of the input.
  std::vector<uint64_t> ready_rows(uint32_t group) const;

  uint32_t stages() const noexcept { return stages_; }
  uint32_t groups() const noexcept { return static_cast<uint32_t>(groups_.size()); }
  /// The row that is admitted next.
  uint64_t next_row() const noexcept { return first_ + rows_.size(); }
  /// The row that is released next.
  uint64_t first_row() const noexcept { return first_; }
  /// Rows admitted and not released.
  size_t held() const noexcept { return rows_.size(); }
  /// Rows that are ready for a stage.
  size_t ready(uint32_t group, uint32_t stage) const;
  /// Rows that are offered in a stage.
  size_t offered(uint32_t group, uint32_t stage) const;
  /// Rows of a group that were not admitted yet.
  uint64_t unread(uint32_t group) const;

private:
  enum class state : uint8_t { ready, offered, finished };
  struct row_entry {
    uint32_t group = 0, stage = 0, round = 0;
    state at = state::ready;
  };
  struct stage_entry {
    std::set<uint64_t> ready, offered;
  };
  struct group_entry {
    uint64_t unread = 0;
    std::vector<stage_entry> stages;
  };

  row_entry& entry(uint64_t row) { return rows_[row - first_]; }
  stage_entry& place(const row_entry& e) { return groups_[e.group].stages[e.stage]; }
  void leave(uint64_t row);
  void enter(uint64_t row);

  uint32_t stages_ = 0;
  std::vector<group_entry> groups_;
  uint64_t first_ = 0;
  std::deque<row_entry> rows_; ///< From `first_` on.
};

} // namespace penstock::core
