#include "core/recipe/table_writer.hpp"
#include "core/json/json_scan.hpp"
#include "core/json/json_text.hpp"

#include <boost/json/value_from.hpp>

#include <algorithm>

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// Models can say it (as \u0000), but no text file holds it.
void append_char(std::string& out, char c) {
  if (c == '\0')
    out += "\xef\xbf\xbd";
  else
    out += c;
}

void append_cell(std::string& out, char separator, std::string_view text, bool alone) {
  // A mark at the very start of a file would be taken for the mark of the file; a line that is
  // empty would be none.
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

char separator_of(table_format format) { return format == table_format::tsv ? '\t' : ','; }

} // namespace

std::string cell_text(const json::value& value) {
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
  return json_text(value);
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
                std::span<const json::value> values, std::span<const std::string> notes) {
  const auto separator = separator_of(format);
  char mark = '{';
  for (size_t i = 0; i < columns.size(); ++i) {
    if (format == table_format::jsonl) {
      out += mark;
      append_json_string(out, columns[i]);
      out += ':';
      append_json(out, values[i]);
      mark = ',';
      continue;
    }
    if (i > 0)
      out += separator;
    append_cell(out, separator, cell_text(values[i]), columns.size() == 1);
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
