#include "core/io/document/table_reader.hpp"
#include "core/json/json_check.hpp"
#include "core/base/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <set>

namespace penstock::io {

namespace {

namespace json = boost::json;

constexpr size_t peeked_rows = 100;
constexpr size_t peeked_bytes = 1u << 20;
constexpr size_t depth_max = 200; // As `check_json`.

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  return line;
}

std::string in_quotes(std::string_view text) { return '"' + core::clean_text(text, 60) + '"'; }

/// Why the bytes of a row are no text, or an empty text.
std::string byte_fault(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    return "holds a NUL byte; is this a text file?";
  if (!core::is_utf8(text))
    return "holds bytes that are no UTF-8; convert the file, for example with iconv -f "
           "windows-1252 -t utf-8";
  return {};
}

char find_separator(std::string_view header) {
  char best = ',';
  std::ptrdiff_t most = 0;
  for (char c : {',', ';', '\t', '|'}) {
    bool quoted = false;
    const auto count = std::ranges::count_if(header, [&](char x) {
      quoted ^= x == '"';
      return !quoted && x == c;
    });
    if (count > most) {
      most = count;
      best = c;
    }
  }
  return best;
}

} // namespace

table_reader::table_reader(input_file file, core::table_format format, const table_options& options,
                           std::string name)
    : file_{std::move(file)}, format_{format}, options_{options}, name_{std::move(name)} {
  if (format == core::table_format::tsv)
    options_.separator = '\t';
}

error table_reader::refused(const std::string& what) const {
  return {errc::invalid_input, (name_ == "-" ? "the input" : name_) + ": " + what};
}

result<table_reader> table_reader::open(const std::string& path, const table_options& options) {
  auto format = options.format ? options.format : core::table_format_of(path);
  if (!format)
    return error{errc::invalid_input,
                 (path == "-" ? "the input" : path) +
                   ": its name does not tell whether it is csv, tsv or jsonl; say so "
                   "with the input format"};
  auto file = input_file::open(path, options.row_max);
  if (!file)
    return file.error();
  table_reader made{std::move(*file), *format, options, path};
  auto ready = *format == core::table_format::jsonl ? made.peek_keys() : made.read_header();
  if (!ready)
    return ready.error();
  return made;
}

/// Sees that `count` lines are held, if the input has them. @returns whether they are.
result<bool> table_reader::hold(size_t count) {
  while (pending_.size() < count) {
    input_line line;
    auto more = file_.next(line);
    if (!more)
      return more.error();
    if (!*more)
      return false;
    pending_.push_back({std::string{line.text}, line.number, line.size, line.too_long});
  }
  return true;
}

/// @returns false at the end of the input.
result<bool> table_reader::skip_blank_lines() {
  for (;;) {
    auto more = hold(1);
    if (!more || !*more)
      return more;
    auto& line = pending_.front();
    const bool blank = format_ == core::table_format::jsonl ? core::trim(line.text).empty()
                                                            : without_return(line.text).empty();
    if (!blank || line.too_long)
      return true;
    pending_.pop_front();
  }
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
  if (options_.separator == '\0')
    options_.separator = find_separator(first);
  size_t lines = 0;
  auto fault = split(columns_, lines);
  if (!fault)
    return fault.error();
  const auto at = "line " + std::to_string(pending_.front().number) + ": the header ";
  if (!fault->empty())
    return refused(at + *fault);
  if (columns_.size() > options_.columns_max)
    return refused(at + "has more than " + std::to_string(options_.columns_max) + " columns");
  std::set<std::string_view> seen;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (core::trim(columns_[i]).empty())
      return refused(at + "gives column " + std::to_string(i + 1) + " no name");
    if (!seen.insert(columns_[i]).second)
      return refused(at + "has two columns called " + in_quotes(columns_[i]) + "; rename one");
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(lines));
  return {};
}

// The keys are a help for checks before the first request, so nothing waits for rows to come.
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
    json::parse_options deep;
    deep.max_depth = depth_max;
    json::error_code ec;
    const auto value = json::parse(pending_[i].text, ec, {}, deep);
    if (auto object = ec ? nullptr : value.if_object())
      for (auto& member : *object)
        if (columns_.size() < options_.columns_max && seen.emplace(member.key()).second)
          columns_.emplace_back(member.key());
  }
  return {};
}

/// Cuts the held lines into the cells of one row. @param lines How many lines the row takes; on a
/// fault one, so that the rows behind broken quotes are not lost inside of a cell.
/// @returns what is wrong, empty if nothing is.
result<std::string> table_reader::split(std::vector<std::string>& cells, size_t& lines) {
  enum class state : uint8_t { start, plain, quoted, closed } at = state::start;
  cells.clear();
  lines = 1;
  uint64_t size = 0;
  std::string cell;
  const auto end_cell = [&] {
    cells.push_back(std::move(cell));
    cell.clear();
    at = state::start;
  };
  for (size_t i = 0;; ++i) {
    auto more = hold(i + 1);
    if (!more)
      return more.error();
    if (!*more)
      return "has a quote that is never closed";
    auto& line = pending_[i];
    size += line.size + 1;
    if (line.too_long || size > options_.row_max + 1)
      return (i > 0 ? "has a quote that is not closed within " : "is longer than ") +
             std::to_string(options_.row_max) + " bytes";
    if (auto fault = byte_fault(line.text); !fault.empty())
      return fault;
    // The carriage return belongs to the line break, unless the line ends inside of quotes.
    const std::string_view text = line.text;
    for (size_t k = 0; k < text.size(); ++k) {
      const char c = text[k];
      if (at == state::quoted) {
        if (c != '"')
          cell += c;
        else if (k + 1 < text.size() && text[k + 1] == '"')
          cell += text[k++];
        else
          at = state::closed;
      } else if (c == options_.separator) {
        end_cell();
        if (cells.size() > options_.columns_max)
          return "has more than " + std::to_string(options_.columns_max) + " cells";
      } else if (c == '\r' && k + 1 == text.size()) {
        break;
      } else if (at == state::closed) {
        return "has text behind a closing quote: quotes inside of a quoted cell are doubled (\"\")";
      } else if (c == '"' && at == state::start) {
        at = state::quoted;
      } else {
        cell += c;
        at = state::plain;
      }
    }
    if (at == state::quoted) {
      cell += '\n';
      continue;
    }
    end_cell();
    lines = i + 1;
    return std::string{};
  }
}

result<void> table_reader::read_cells(core::table_row& row) {
  std::vector<std::string> cells;
  size_t lines = 0;
  auto fault = split(cells, lines);
  if (!fault)
    return fault.error();
  if (fault->empty() && cells.size() != columns_.size())
    *fault = "has " + std::to_string(cells.size()) + (cells.size() == 1 ? " cell" : " cells") +
             " where the header has " + std::to_string(columns_.size());
  // Broken bytes stay out of the values: they go into the output.
  for (size_t i = 0; i < std::min(cells.size(), columns_.size()); ++i)
    row.values.emplace(columns_[i], cells[i]);
  if (!fault->empty())
    row.fault = refused("line " + std::to_string(row.line) + ": the row " + *fault);
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(lines));
  return {};
}

void table_reader::read_object(core::table_row& row) {
  auto& line = pending_.front();
  std::string fault;
  if (line.too_long) {
    fault = "is longer than " + std::to_string(options_.row_max) + " bytes";
  } else if (auto broken = core::check_json(line.text)) {
    fault = "is not valid JSON: " + std::string{broken->reason} + " at byte " +
            std::to_string(broken->at + 1);
  } else {
    json::parse_options deep;
    deep.max_depth = depth_max;
    json::error_code ec;
    auto value = json::parse(line.text, ec, {}, deep);
    if (ec || !value.is_object())
      fault = "is no JSON object";
    else
      row.values = std::move(value.get_object());
  }
  if (!fault.empty())
    row.fault = refused("line " + std::to_string(row.line) + ": the row " + fault);
  pending_.pop_front();
}

result<bool> table_reader::next(core::table_row& row) {
  row = {};
  auto more = skip_blank_lines();
  if (!more || !*more)
    return more;
  row.index = rows_++;
  row.line = pending_.front().number;
  if (format_ == core::table_format::jsonl) {
    read_object(row);
    return true;
  }
  if (auto read = read_cells(row); !read)
    return read.error();
  return true;
}

} // namespace penstock::io
