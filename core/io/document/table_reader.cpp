#include "core/io/document/table_reader.hpp"
#include "core/json/json_check.hpp"
#include "core/base/text.hpp"
#include "core/json/json_scan.hpp"
#include "core/recipe/exact_number.hpp"
#include "core/recipe/table_text.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace penstock::io {

namespace {

namespace json = boost::json;

constexpr size_t depth_max = 200; // As `check_json`.

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  return line;
}

/// Why the bytes of a row are not text; empty: they are.
std::string byte_fault(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    return "holds a NUL byte; is this a text file?";
  if (!core::is_utf8(text))
    return "holds bytes that are no UTF-8; convert the file, for example with iconv -f "
           "windows-1252 -t utf-8";
  return {};
}

/// `text` with U+FFFD for bytes that are not UTF-8. Such a row is never sent; people recognize it
/// by the rest of the text.
std::string mended(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const auto n = core::utf8_length(text, at);
    if (n == 0 || text[at] == '\0')
      out += "\xef\xbf\xbd";
    else
      out += text.substr(at, n);
    at += std::max<size_t>(n, 1);
  }
  return out;
}

/// The members of an object as far as they can be read.
json::object readable_members(std::string_view line) {
  json::object out;
  const auto text = mended(line);
  for (core::member_scanner scan{text}; scan.next();) {
    const auto key = core::decode_json_string('"' + std::string{scan.raw_key()} + '"');
    json::parse_options deep;
    deep.max_depth = depth_max;
    json::error_code ec;
    auto value = json::parse(scan.value(), ec, {}, deep);
    if (key && !ec)
      out[*key] = std::move(value);
  }
  return out;
}

/// Whether a row has no visible character.
bool is_blank_value(const json::value& v) {
  if (auto text = v.if_string())
    return core::is_blank_cell({text->data(), text->size()});
  return v.is_null();
}
bool is_blank_row(const json::object& values) {
  return std::ranges::all_of(values, [](auto& member) { return is_blank_value(member.value()); });
}

} // namespace

table_reader::table_reader(input_file file, core::table_format format, const table_options& options,
                           std::string name)
    : file_{std::move(file)}, format_{format}, options_{options}, name_{std::move(name)} {}

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
  table_reader made{std::move(*file), *format, options, options.name.empty() ? path : options.name};
  auto ready = *format == core::table_format::jsonl ? made.peek_keys() : made.read_header();
  if (!ready)
    return ready.error();
  return made;
}

/// Reads until `count` lines are held. @returns false if the input has fewer lines.
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

/// Cuts the held lines into the cells of one row. @param lines How many lines the row takes; on a
/// fault one, so that the rows behind broken quotes are not lost inside of a cell.
/// @returns the fault, or an empty text.
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
    // The carriage return is part of the line break, unless the line ends inside quotes.
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

/// Cuts the first held line at every separator. @param quotes Whether a cell in quotes may hold
/// separators; a quote that is not closed before the next separator is a character as others.
std::vector<std::string> table_reader::split_plainly(bool quotes) const {
  const auto text = without_return(pending_.front().text);
  std::vector<std::string> cells;
  for (size_t at = 0;;) {
    std::string cell;
    size_t end = std::string_view::npos;
    if (quotes && at < text.size() && text[at] == '"') {
      for (size_t k = at + 1; k < text.size(); ++k) {
        if (text[k] == '"' && k + 1 < text.size() && text[k + 1] == '"')
          ++k;
        else if (text[k] == '"' && (k + 1 == text.size() || text[k + 1] == options_.separator)) {
          end = k + 1;
          break;
        } else if (text[k] == '"')
          break;
        cell += text[k];
      }
    }
    if (end == std::string_view::npos) {
      end = std::min(text.find(options_.separator, at), text.size());
      cell = text.substr(at, end - at);
    }
    cells.push_back(mended(cell));
    if (end >= text.size() || cells.size() > options_.columns_max)
      return cells;
    at = end + 1;
  }
}

/// Whether a row has as many cells as the header. Empty cells at its end do not count.
bool table_reader::fits(const std::vector<std::string>& cells) const {
  if (cells.size() < columns_.size())
    return false;
  return std::all_of(cells.begin() +
                       static_cast<std::ptrdiff_t>(std::min(cells.size(), header_cells_)),
                     cells.end(), [](auto& cell) { return cell.empty(); });
}

result<void> table_reader::read_cells(core::table_row& row) {
  std::vector<std::string> cells;
  size_t lines = 0;
  auto fault = split(cells, lines);
  if (!fault)
    return fault.error();
  if (fault->empty() && !fits(cells))
    *fault = "has " + std::to_string(cells.size()) + (cells.size() == 1 ? " cell" : " cells") +
             " where the header has " + std::to_string(header_cells_);
  const bool usable = !pending_.empty() && !pending_.front().too_long;
  if (!fault->empty() && usable) {
    const bool readable = byte_fault(pending_.front().text).empty();
    for (bool quotes : {true, false}) {
      auto plain = split_plainly(quotes);
      if (!fits(plain))
        continue;
      // In TSV a quote at the start of a cell may be nothing but a quote. In CSV the row stays
      // unusable; what can be read of it tells people which row it was.
      if (format_ == core::table_format::tsv && readable) {
        fault->clear();
        lines = 1;
      }
      cells = std::move(plain);
      break;
    }
  }
  for (size_t i = 0; i < std::min(cells.size(), columns_.size()); ++i)
    row.values.emplace(columns_[i], cells[i]);
  if (!fault->empty())
    row.fault = refused("line " + std::to_string(row.line) + ": the row " + *fault);
  else
    row.blank = is_blank_row(row.values);
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
    auto value = json::parse(core::with_exact_numbers(line.text), ec, {}, deep);
    if (ec || !value.is_object())
      fault = "is no JSON object";
    else
      row.values = std::move(value.get_object());
  }
  row.blank = fault.empty() && is_blank_row(row.values);
  if (!fault.empty())
    row.values = readable_members(line.text);
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
