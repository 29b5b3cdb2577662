#pragma once

#include "core/io/file/input_file.hpp"
#include "core/recipe/table.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace penstock::io {

/// How an input of rows is to be read.
struct table_options {
  std::optional<core::table_format> format; ///< Unset: as the name promises; "-" needs one.
  /// The separator of CSV; zero: the one of a first line "sep=;", or else found from the first rows
  /// among `,` `;` tab and `|`. TSV: the tab, unless its first rows have none.
  char separator = '\0';
  uint64_t row_max = 16u << 20;  ///< Bytes of a row above which it fails.
  uint32_t columns_max = 10'000; ///< Columns of a header.
  std::string name = {};         ///< For messages; empty: the path.
};

/// Reads rows one at a time, in memory bounded by `row_max` (twice): a plain or gzip file, a pipe,
/// or standard input ("-").
///
/// A row that cannot be used (too many or too few cells, broken quotes, bytes that are no UTF-8,
/// NUL bytes, no JSON object, too large) comes with `fault` set, in its place; the next row is read
/// as if nothing had been. After broken quotes reading goes on at the line after the one that
/// opened them, so that no row disappears inside a cell. A file that cannot be used at all (not
/// there, empty, UTF-16, a header with repeated or no names) is an error of `open`.
///
/// Names of the header come without blanks and zero-width characters around them. A first column
/// without a name is called "index" (the index of pandas and R), others "column_3"; nameless
/// columns at the end are left out. Cells of TSV may begin with a quote that is only a quote.
class table_reader {
public:
  /// Opens `path` and reads its header; of JSONL the first rows, to know their columns.
  static result<table_reader> open(const std::string& path, const table_options& options = {});

  /// Goes to the next row. @returns false at the end; an error if reading fails half way.
  result<bool> next(core::table_row& row);
  /// The names of the header. Of JSONL: all keys of the first 100 rows (at most 1 MiB), as far as
  /// they are at hand without waiting for a pipe.
  const std::vector<std::string>& columns() const noexcept { return columns_; }
  core::table_format format() const noexcept { return format_; }
  /// What was done to the header, for people.
  const std::vector<std::string>& notes() const noexcept { return notes_; }
  /// Whether the input can be opened and read again from the start.
  bool is_regular() const noexcept { return file_.is_regular(); }
  /// Decompressed bytes read so far; the whole input after the last row.
  uint64_t bytes() const noexcept { return file_.bytes(); }
  /// SHA-256 of those bytes, in hex.
  std::string hash() { return file_.hash(); }

private:
  /// A line that was read but of which no row was made yet.
  struct held_line {
    std::string text;
    uint64_t number = 0;
    uint64_t size = 0; ///< Of the whole line, also if it was too long to be kept.
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
  size_t header_cells_ = 0; ///< Cells of the header, nameless ones at its end included.
  std::vector<std::string> notes_;
  std::deque<held_line> pending_;
  uint64_t rows_ = 0;
};

} // namespace penstock::io
