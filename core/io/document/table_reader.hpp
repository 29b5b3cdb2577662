#pragma once

#include "core/io/file/input_file.hpp"
#include "core/recipe/table.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace penstock::io {

/// Options for reading an input of rows.
struct table_options {
  std::optional<core::table_format> format; ///< Unset: by the name; required for "-".
  /// The separator of CSV. Zero: from a first line "sep=;", or else found from the first rows: `,`,
  /// `;`, tab or `|`. TSV: the tab, unless its first rows have none.
  char separator = '\0';
  uint64_t row_max = 16u << 20;  ///< Rows with more bytes fail.
  uint32_t columns_max = 10'000; ///< Largest number of columns.
  std::string name = {};         ///< For messages; empty: the path.
};

/// Reads rows one at a time from a plain or gzip file, a pipe, or standard input ("-"). The memory
/// is bounded by twice `row_max`.
///
/// A row that cannot be used (too many or too few cells, broken quotes, bytes that are not UTF-8,
/// NUL bytes, not a JSON object, too large) is returned in its place with `fault` set; the next row
/// is read as usual. After broken quotes, reading goes on at the line after the opening quote, so
/// that no row disappears inside a cell. A file that cannot be used at all (missing, empty, UTF-16,
/// a header with repeated names or without names) is an error of `open`.
///
/// Blanks and zero-width characters around the names of the header are removed. A first column
/// without a name is called "index" (the index of pandas and R), other ones "column_3"; columns
/// without a name at the end are left out. A quote at the start of a TSV cell may be a plain quote.
class table_reader {
public:
  /// Opens `path` and reads its header; for JSONL the first rows, to find the columns.
  static result<table_reader> open(const std::string& path, const table_options& options = {});

  /// Goes to the next row. @returns false at the end; an error if reading fails.
  result<bool> next(core::table_row& row);
  /// The names of the header. For JSONL: all keys of the first 100 rows (at most 1 MiB) that can be
  /// read without waiting for a pipe.
  const std::vector<std::string>& columns() const noexcept { return columns_; }
  core::table_format format() const noexcept { return format_; }
  /// Changes made to the header, for people.
  const std::vector<std::string>& notes() const noexcept { return notes_; }
  /// Whether the input can be opened and read again from the start.
  bool is_regular() const noexcept { return file_.is_regular(); }
  /// Decompressed bytes read so far; the whole input after the last row.
  uint64_t bytes() const noexcept { return file_.bytes(); }
  /// SHA-256 of those bytes, in hex.
  std::string hash() { return file_.hash(); }

private:
  /// A line that was read but is not part of a row yet.
  struct held_line {
    std::string text;
    uint64_t number = 0;
    uint64_t size = 0; ///< Of the whole line, even if only its start was kept.
    bool too_long = false;
  };
  table_reader(input_file file, core::table_format format, const table_options& options,
               std::string name);
  error refused(const std::string& what) const;
  result<bool> hold(size_t count);
  result<void> find_separator();
  result<void> read_header();
  result<void> name_columns(const std::string& at);
  result<void> peek_keys();
  result<bool> skip_blank_lines();
  result<std::string> split(std::vector<std::string>& cells, size_t& lines);
  std::vector<std::string> split_plainly(bool quotes) const;
  bool fits(const std::vector<std::string>& cells) const;
  result<void> read_cells(core::table_row& row);
  void read_object(core::table_row& row);

  input_file file_;
  core::table_format format_;
  table_options options_;
  std::string name_;
  std::vector<std::string> columns_;
  size_t header_cells_ = 0; ///< Cells of the header, with empty ones at its end.
  std::vector<std::string> notes_;
  std::deque<held_line> pending_;
  uint64_t rows_ = 0;
};

} // namespace penstock::io
