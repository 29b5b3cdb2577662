#pragma once

#include "core/base/error.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::core {

/// The format of rows in a file.
///
/// CSV is RFC 4180 with a header line; TSV is the same grammar with a tab instead of the comma
/// (also the quotes: a cell with tabs, line breaks or a leading quote stands in quotes, inner
/// quotes are doubled). JSONL holds one object a line.
enum class table_format : uint8_t { csv, tsv, jsonl };

std::string_view to_string(table_format f) noexcept;
/// Reads a text of `to_string`: "csv", "tsv", "jsonl".
std::optional<table_format> table_format_from(std::string_view text) noexcept;
/// The format that a file name promises (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", each also
/// with
/// ".gz"), or nothing.
std::optional<table_format> table_format_of(std::string_view path) noexcept;

/// One row of an input. Cells of CSV and TSV are texts; those of JSONL keep their types.
struct table_row {
  uint64_t index = 0; ///< Place among the rows, from 0; blank lines do not count.
  uint64_t line = 0;  ///< Line of the file on which it begins, from 1.
  /// By column, in the order of the header; what could be read on a fault.
  boost::json::object values;
  std::optional<error> fault; ///< Set if the row is unusable: it fails, in its place.
  bool blank = false;         ///< All cells are empty: no request is sent for it.
};

} // namespace penstock::core
