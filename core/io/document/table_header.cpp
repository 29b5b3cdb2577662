#include "core/io/document/table_reader.hpp"
#include "core/base/text.hpp"
#include "core/json/json_check.hpp"
#include "core/recipe/table_text.hpp"

#include <boost/json.hpp>

#include <set>

namespace penstock::io {

namespace {

constexpr size_t peeked_rows = 100;
constexpr size_t peeked_bytes = 1u << 20;
constexpr size_t peeked_depth_max = 200; // As `check_json`.

std::string in_quotes(std::string_view text) { return '"' + core::clean_text(text, 60) + '"'; }

} // namespace

/// Finds the separator from the first rows that are in memory.
result<void> table_reader::find_separator() {
  constexpr size_t rows_looked_at = 20;
  if (format_ == core::table_format::tsv)
    options_.separator = '\0'; // The separator of the recipe is for CSV.
  if (const char named = core::separator_line(pending_.front().text); named != '\0') {
    if (options_.separator == '\0')
      options_.separator = named;
    pending_.pop_front();
    auto more = skip_blank_lines();
    if (!more)
      return more.error();
    if (!*more)
      return refused("the file holds nothing but a line that names its separator");
  }
  if (options_.separator != '\0')
    return {};
  std::string start;
  for (size_t i = 0; i < rows_looked_at && start.size() < peeked_bytes; ++i) {
    if (i >= pending_.size() && !file_.has_line() && !file_.is_regular())
      break;
    auto more = hold(i + 1);
    if (!more)
      return more.error();
    if (!*more || pending_[i].too_long)
      break;
    start += pending_[i].text + '\n';
  }
  const bool tabs = format_ == core::table_format::tsv;
  options_.separator = core::find_separator(start, tabs ? "\t,;|" : ",;\t|");
  if (tabs && core::trim(start).find('\t') != std::string_view::npos)
    options_.separator = '\t';
  return {};
}

result<void> table_reader::read_header() {
  auto more = skip_blank_lines();
  if (!more)
    return more.error();
  if (!*more)
    return refused("the file is empty; a table begins with a line of column names");
  const std::string_view first = pending_.front().text;
  if (first.starts_with("\xff\xfe") || first.starts_with("\xfe\xff"))
    return refused("the file is UTF-16; convert it: iconv -f utf-16 -t utf-8");
  if (auto found = find_separator(); !found)
    return found;
  for (;;) {
    size_t lines = 0;
    auto fault = split(columns_, lines);
    if (!fault)
      return fault.error();
    const auto at = "line " + std::to_string(pending_.front().number) + ": the header ";
    if (!fault->empty())
      return refused(at + *fault);
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(lines));
    header_cells_ = columns_.size();
    for (auto& name : columns_)
      name = core::column_name(name);
    while (!columns_.empty() && columns_.back().empty())
      columns_.pop_back();
    if (!columns_.empty())
      return name_columns(at);
    // Some headers have empty rows above them.
    more = skip_blank_lines();
    if (!more)
      return more.error();
    if (!*more)
      return refused(at + "names no column");
  }
}

/// Gives names to columns without one. @pre The names are trimmed, and the last one is not empty.
result<void> table_reader::name_columns(const std::string& at) {
  if (columns_.size() > options_.columns_max)
    return refused(at + "has more than " + std::to_string(options_.columns_max) + " columns");
  std::set<std::string, std::less<>> seen;
  for (auto& name : columns_)
    if (!name.empty() && !seen.insert(name).second)
      return refused(at + "has two columns called " + in_quotes(name) + "; rename one");
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i].empty())
      continue;
    const auto wanted = i == 0 ? std::string{"index"} : "column_" + std::to_string(i + 1);
    columns_[i] = wanted;
    for (size_t n = 2; !seen.insert(columns_[i]).second; ++n)
      columns_[i] = wanted + "_" + std::to_string(n);
    notes_.push_back("column " + std::to_string(i + 1) + " has no name; it is called " +
                     in_quotes(columns_[i]));
  }
  if (header_cells_ > columns_.size())
    notes_.push_back(header_cells_ == columns_.size() + 1
                       ? "the last column has no name and is left out"
                       : "the last " + std::to_string(header_cells_ - columns_.size()) +
                           " columns have no names and are left out");
  return {};
}

// The keys only help the checks before the first request, so do not wait for more rows.
result<void> table_reader::peek_keys() {
  auto more = skip_blank_lines();
  if (!more)
    return more.error();
  if (!*more)
    return refused("the file is empty");
  const std::string_view first = pending_.front().text;
  if (first.starts_with("\xff\xfe") || first.starts_with("\xfe\xff"))
    return refused("the file is UTF-16; convert it: iconv -f utf-16 -t utf-8");
  std::set<std::string, std::less<>> seen;
  size_t bytes = 0;
  for (size_t i = 0; i < peeked_rows && bytes < peeked_bytes; ++i) {
    if (i >= pending_.size()) {
      if (!file_.has_line() && !file_.is_regular())
        break;
      more = hold(i + 1);
      if (!more)
        return more.error();
      if (!*more)
        break;
    }
    bytes += pending_[i].text.size();
    if (core::check_json(pending_[i].text))
      continue;
    boost::json::parse_options deep;
    deep.max_depth = peeked_depth_max;
    boost::json::error_code ec;
    const auto value = boost::json::parse(pending_[i].text, ec, {}, deep);
    if (auto object = ec ? nullptr : value.if_object())
      for (auto& member : *object)
        if (columns_.size() < options_.columns_max && seen.emplace(member.key()).second)
          columns_.emplace_back(member.key());
  }
  return {};
}

} // namespace penstock::io
