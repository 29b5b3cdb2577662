#pragma once

#include "core/recipe/table.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// `value` as the text of a CSV or TSV cell, or of a template: texts as they are, null as nothing,
/// numbers and booleans as JSON writes them, lists and objects as JSON.
std::string cell_text(const boost::json::value& value);

/// What to do with texts that a spreadsheet would run as formulas.
enum class formula_mode : uint8_t {
  keep,   ///< Write them unchanged.
  escape, ///< Write a ' before them, so that spreadsheets show them as texts.
};

/// Whether a spreadsheet runs a cell with this text: it begins with = + - or @ (blanks before it do
/// not help) and is no number.
bool is_formula(std::string_view text) noexcept;
/// The number of `values` that a spreadsheet would run.
uint64_t count_formulas(std::span<const boost::json::value> values);

/// Appends the header line of `columns`; JSONL has none.
void append_header(std::string& out, table_format format, std::span<const std::string> columns);

/// Appends one row with its line break: in JSONL an object with all columns in order. What it
/// writes `io::table_reader` reads back: the same texts from CSV and TSV (U+FFFD for the character
/// NUL), the same values from JSONL (numbers of its rows with all their digits, others to 15).
/// @param notes In JSONL a last member `"penstock":{"notes":[...]}` if there are any, unless a
/// column has that name. @param formulas Of CSV and TSV.
/// @pre `values` has one value for each column, all texts are UTF-8.
void append_row(std::string& out, table_format format, std::span<const std::string> columns,
                std::span<const boost::json::value> values, std::span<const std::string> notes = {},
                formula_mode formulas = formula_mode::keep);

} // namespace penstock::core
