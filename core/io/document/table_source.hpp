#pragma once

#include "core/base/error.hpp"

#include <string>
#include <vector>

namespace penstock::io {

/// A table file that `table_reader` can read: UTF-8, with line feeds.
struct table_source {
  std::string path;               ///< The file itself, or a copy.
  bool copied = false;            ///< `path` is a copy that the caller removes.
  bool marked = false;            ///< The file begins with a byte order mark.
  bool workbook = false;          ///< The file was an Excel workbook; the copy is CSV.
  std::vector<std::string> notes; ///< Changes made in the copy, for people.
};

/// Options for looking at a table.
struct table_source_options {
  std::string name;   ///< The name in messages.
  bool quotes = true; ///< CSV and TSV: a line break in double quotes belongs to its cell.
  std::string sheet;  ///< Sheet of a workbook; empty: the first one.
};

/// Looks at the regular file `path`. If it is UTF-16 or Windows-1252, has the line ends of old
/// Macs, or is an Excel workbook (XLSX), it makes a converted copy in the folder for temporary
/// files.
/// @returns `errc::invalid_input` with the remedy if the file is not a table.
result<table_source> open_table(const std::string& path, const table_source_options& options);

/// Makes a new file for a copy, readable only for its owner. @returns its path.
result<std::string> make_copy_file();
/// Appends to a copy.
result<void> append_to_copy(int to, const std::string& path, const char* bytes, size_t size);

} // namespace penstock::io
