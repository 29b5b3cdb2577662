#include "core/recipe/table_writer.hpp"
#include "core/json/json_scan.hpp"
#include "core/json/json_text.hpp"
#include "core/recipe/exact_number.hpp"

#include <boost/json/value_from.hpp>

#include <algorithm>

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// Models can write it (as \u0000), but text files cannot have it.
void append_char(std::string& out, char c) {
  if (c == '\0')
    out += "\xef\xbf\xbd";
  else
    out += c;
}

void append_cell(std::string& out, char separator, std::string_view text, bool alone) {
  // A mark at the very start of a file would look like the mark of the file, and an empty line
  // would be no row.
  const bool quoted = text.find_first_of("\"\r\n") != std::string_view::npos ||
                      text.find(separator) != std::string_view::npos ||
                      text.starts_with(byte_order_mark) || (alone && text.empty());
  if (!quoted) {
    for (char c : text)
      append_char(out, c);
    return;
  }
  out += '"';
  for (char c : text) {
    if (c == '"')
      out += '"';
    append_char(out, c);
  }
  out += '"';
}

/// -5, +3.2, 1,000.5, -2e3, -5 %: with separators of any country.
bool is_number_text(std::string_view text) noexcept {
  if (!text.empty() && (text[0] == '-' || text[0] == '+'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == '%' || text.back() == ' '))
    text.remove_suffix(1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !std::ranges::any_of(text, is_digit))
    return false;
  const auto exponent = text.find_first_of("eE");
  const auto digits = text.substr(0, exponent);
  auto rest = exponent == text.npos ? std::string_view{"0"} : text.substr(exponent + 1);
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+'))
    rest.remove_prefix(1);
  return !rest.empty() && std::ranges::all_of(rest, is_digit) &&
         std::ranges::all_of(digits, [&](char c) { return is_digit(c) || c == '.' || c == ','; });
}

char separator_of(table_format format) { return format == table_format::tsv ? '\t' : ','; }

} // namespace

bool is_formula(std::string_view text) noexcept {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos)
    return false;
  const auto rest = text.substr(begin);
  // Spreadsheets in East Asia treat the wide forms like the narrow ones.
  for (std::string_view wide : {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"})
    if (rest.starts_with(wide))
      return rest.size() > wide.size();
  return rest.size() > 1 && std::string_view{"=+-@"}.find(rest[0]) != std::string_view::npos &&
         !is_number_text(rest);
}

uint64_t count_formulas(std::span<const json::value> values) {
  return static_cast<uint64_t>(std::ranges::count_if(values, [](auto& value) {
    auto text = value.if_string();
    return text && !exact_number(value) && is_formula({text->data(), text->size()});
  }));
}

std::string cell_text(const json::value& value) {
  if (auto number = exact_number(value))
    return std::string{*number};
  if (auto text = value.if_string())
    return {text->data(), text->size()};
  if (value.is_null())
    return {};
  if (auto x = value.if_double()) { // A cell has no types: 5, not 5.0.
    auto text = json_text(*x);
    if (text.ends_with(".0"))
      text.resize(text.size() - 2);
    return text;
  }
  std::string out;
  append_exact_json(out, value);
  return out;
}

void append_header(std::string& out, table_format format, std::span<const std::string> columns) {
  if (format == table_format::jsonl)
    return;
  const auto separator = separator_of(format);
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i > 0)
      out += separator;
    append_cell(out, separator, columns[i], columns.size() == 1);
  }
  out += '\n';
}

void append_row(std::string& out, table_format format, std::span<const std::string> columns,
                std::span<const json::value> values, std::span<const std::string> notes,
                formula_mode formulas) {
  const auto separator = separator_of(format);
  char mark = '{';
  for (size_t i = 0; i < columns.size(); ++i) {
    if (format == table_format::jsonl) {
      out += mark;
      append_json_string(out, columns[i]);
      out += ':';
      append_exact_json(out, values[i]);
      mark = ',';
      continue;
    }
    if (i > 0)
      out += separator;
    auto text = cell_text(values[i]);
    if (formulas == formula_mode::escape && count_formulas(values.subspan(i, 1)) > 0)
      text.insert(text.begin(), '\'');
    append_cell(out, separator, text, columns.size() == 1);
  }
  if (format == table_format::jsonl && !notes.empty() &&
      std::ranges::find(columns, "penstock") == columns.end()) {
    out += mark;
    out += R"("penstock":{"notes":)";
    append_json(out, json::value_from(notes));
    out += '}';
    mark = ',';
  }
  if (format == table_format::jsonl)
    out += mark == '{' ? "{}" : "}";
  out += '\n';
}

} // namespace penstock::core
