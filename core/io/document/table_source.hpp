#pragma once

#include "core/base/error.hpp"

#include <string>
#include <vector>

namespace penstock::io {

/// A table as a file that `table_reader` can read: UTF-8, lines that end in a line feed.
struct table_source {
  std::string path;               ///< The file itself, or a copy.
  bool copied = false;            ///< `path` is a copy that the caller removes.
  bool marked = false;            ///< The file begins with a byte order mark.
  bool workbook = false;          ///< It was an Excel workbook; the copy is CSV.
  std::vector<std::string> notes; ///< What was done to it, for people.
};

/// How to look at a table.
struct table_source_options {
  std::string name;   ///< As the caller named it, for messages.
  bool quotes = true; ///< CSV and TSV: line breaks in double quotes belong to cells.
  std::string sheet;  ///< Of a workbook; empty: the first one.
};

/// Looks at the regular file `path` and, where it is UTF-16, Windows-1252, has the line ends of old
/// Macs, or is an Excel workbook (XLSX), makes a converted copy in the folder for temporary files.
/// @returns `errc::invalid_input` for files that are no tables, with the remedy.
result<table_source> open_table(const std::string& path, const table_source_options& options);

/// A new file that nobody else can read, for a copy. @returns its path.
result<std::string> make_copy_file();
/// Appends to a copy.
result<void> append_to_copy(int to, const std::string& path, const char* bytes, size_t size);

} // namespace penstock::io
