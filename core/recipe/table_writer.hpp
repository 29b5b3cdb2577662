#pragma once

#include "core/recipe/table.hpp"

#include <boost/json/value.hpp>

#include <span>
#include <string>
#include <vector>

namespace penstock::core {

/// `value` as the text of a CSV or TSV cell, or of a template: texts as they are, null as nothing,
/// numbers and booleans as JSON writes them, lists and objects as JSON.
std::string cell_text(const boost::json::value& value);

/// Appends the header line of `columns`; JSONL has none.
void append_header(std::string& out, table_format format, std::span<const std::string> columns);

/// Appends one row with its line break: in JSONL an object with all columns in order. What it
/// writes `io::table_reader` reads back: the same texts from CSV and TSV (U+FFFD for the character
/// NUL), the same values from JSONL (numbers to 15 digits).
/// @param notes In JSONL a last member `"penstock":{"notes":[...]}` if there are any, unless a
/// column has that name.
/// @pre `values` has one value for each column, all texts are UTF-8.
void append_row(std::string& out, table_format format, std::span<const std::string> columns,
                std::span<const boost::json::value> values,
                std::span<const std::string> notes = {});

} // namespace penstock::core
