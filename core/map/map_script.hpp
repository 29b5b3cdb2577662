#pragma once

#include "core/base/request.hpp"
#include "core/map/map_print.hpp"
#include "core/recipe/row_scope.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// A row between reading and writing.
struct map_row {
  uint64_t index = 0;         ///< Place in the input, from 0.
  uint32_t group = 0;         ///< Its group.
  std::optional<error> fault; ///< Set if the row is unusable: it fails, in its place.
  bool blank = false;         ///< Its cells are empty: no request is sent, but its place is kept.
  row_scope scope;            ///< Its cells, and the answers of the stages it has passed.
  size_t bytes = 0;           ///< About its bytes in memory.
  std::vector<std::string> notes; ///< What was left out of its documents, each note once.

  /// Adds notes that it does not have yet.
  void add_notes(const std::vector<std::string>& more);
};

/// An answer that was not good enough, and why.
struct map_correction {
  std::string answer; ///< Its text.
  std::string fault;  ///< The fault, as a text for the model.
};

/// The work on the rows of a map: reads them, makes requests, checks answers, makes result rows.
/// One thread at a time; may block on files.
class map_script {
public:
  virtual ~map_script() = default;
  /// Goes to the next row. @returns false at the end.
  virtual result<bool> next(map_row& row) = 0;
  /// The request of a stage for a row; its index is set later. Adds notes about left out parts to
  /// the row.
  /// @param correction The last answer of this stage, if it was not accepted.
  virtual result<request> compose(map_row& row, uint32_t stage, const map_correction* correction,
                                  std::string custom_id) = 0;
  /// What a stage asks for a row. @returns an error where `compose` would have one.
  virtual result<stage_print> print(const map_row& row, uint32_t stage) = 0;
  /// The value of an answer for later stages. @returns `errc::schema_mismatch` if asking again may
  /// help; another error if not.
  virtual result<stage_answer> accept(uint32_t stage, std::string_view body) = 0;
  /// The text of an answer that was not accepted, for its correction.
  virtual std::string words_of(std::string_view body) = 0;
  /// The name of a stage in the row's scope.
  virtual std::string_view stage_name(uint32_t stage) const = 0;
  /// The text above the first row of the output; empty or complete lines.
  virtual std::string head() const = 0;
  /// Appends the output of the row with its line break. @param failure Null for a completed row.
  virtual void append_row(std::string& out, const map_row& row, const error* failure) const = 0;
};

} // namespace penstock::core
