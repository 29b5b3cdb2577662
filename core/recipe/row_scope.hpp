#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// The answer of a stage for one row.
struct stage_answer {
  std::string text;        ///< The text of the model.
  boost::json::value json; ///< The checked JSON in it; null for a stage without a schema.
};

/// The values that templates and columns of one row may use: its cells, and the answers of earlier
/// stages. Copy and move it freely.
class row_scope {
public:
  row_scope() = default;
  /// @param number From 1, for `{{_row}}`.
  row_scope(uint64_t number, boost::json::object cells);

  /// Adds (or replaces) the answer of a stage.
  void set_answer(std::string_view stage, stage_answer answer);
  /// The answer of a stage, or an empty text if it has none yet.
  std::string_view answer_text(std::string_view stage) const noexcept;

  /// The value at `path`, or null. In this order: `_row`; a column of exactly that name; the answer
  /// of a stage (`extract`: its JSON or else its text; `extract.text`: its text, unless the JSON
  /// has a field of that name; `extract.items.0.title`: a value inside its JSON); a value inside a
  /// nested cell.
  const boost::json::value* find(std::string_view path) const noexcept;
  /// The cells of the row.
  const boost::json::object& cells() const noexcept { return cells_; }

private:
  struct entry {
    std::string stage;
    boost::json::value text;
    boost::json::value json;
  };
  boost::json::value number_;
  boost::json::object cells_;
  std::vector<entry> answers_;
};

/// The value at a dotted path inside `from` (numbers count list entries from 0), or null.
const boost::json::value* value_at(const boost::json::value& from, std::string_view path) noexcept;

} // namespace penstock::core
