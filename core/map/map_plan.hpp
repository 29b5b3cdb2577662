#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

namespace penstock::core {

/// What one request of a map is for.
struct map_ticket {
  uint64_t row = 0;   ///< Place of the row in the input, from 0.
  uint32_t stage = 0; ///< Stage of the recipe, from 0.
  uint32_t round = 0; ///< 0: the first request of the stage; above: corrections.
  bool operator==(const map_ticket&) const = default;
};

/// Where the rows of a map stand: rows x stages. Knows no values, only numbers. Pure; one owner.
///
/// A row is admitted in the order of the input and belongs to a group (its tenant). From then on it
/// is ready for a stage, offered (a request of it is under way), or finished; finished rows are
/// released in the order of the input. Rows pass the stages independently of each other. Example
/// with two stages: row 0 is slow in stage 0; rows 1 and 2 go on to stage 1 and finish, but are
/// released only after row 0.
class map_plan {
public:
  map_plan() = default;
  /// @param rows_of_group How many rows each group has, those below `first_row` included.
  map_plan(std::vector<uint64_t> rows_of_group, uint32_t stages);

  /// Counts the next row as done by an earlier life: already at the output.
  void skip(uint32_t group);
  /// Takes the next row in, ready for `stage` in `round`.
  void admit(uint32_t group, uint32_t stage = 0, uint32_t round = 0);
  /// Takes the next row in, finished already.
  void admit_finished(uint32_t group);

  /// The oldest ready rows of a stage, at most `max`: they are offered now.
  std::vector<map_ticket> take(uint32_t group, uint32_t stage, size_t max);
  /// Whether an answer to `t` is still waited for; an older round's, or a second one, is not.
  bool is_offered(const map_ticket& t) const;
  /// A row that is ready or offered goes on to the next stage.
  /// @pre it is not in the last one.
  void advance(uint64_t row);
  /// A row that was offered needs another round of its stage.
  void again(uint64_t row);
  /// A row that is ready or offered is done with.
  void finish(uint64_t row);
  /// What is offered of a stage is ready again: whoever had it died.
  void take_back(uint32_t group, uint32_t stage);

  /// The next row in the order of the input, if it is finished; it is forgotten.
  std::optional<uint64_t> release();
  /// Whether no request of this stage will come any more.
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
