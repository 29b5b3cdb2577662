#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// Rows and columns for a terminal. Columns are as wide as their widest cell; the last one is not
/// padded.
class text_table {
public:
  /// @param heads The heads of the columns. '>' at the start aligns a column to the right, for
  /// numbers.
  explicit text_table(std::initializer_list<std::string_view> heads);
  /// Adds a row, one cell for each column; missing ones are empty.
  void add(std::vector<std::string> cells);
  bool empty() const noexcept { return rows_.size() == 1; }
  /// The heads and the rows, each one line.
  std::vector<std::string> lines() const;
  /// The same as one text; `nothing` if there are no rows.
  std::string text(std::string_view nothing) const;

private:
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

/// The number of columns of a line of well-formed UTF-8, one per character.
size_t columns_of(std::string_view text) noexcept;
/// The first `width` columns of it.
std::string_view cut_to(std::string_view text, size_t width) noexcept;

/// A text from outside, made safe for a terminal: line breaks stay; other control characters and
/// broken UTF-8 become U+FFFD.
std::string printable(std::string_view text);

} // namespace penstock::core
