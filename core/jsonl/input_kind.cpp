#include "core/jsonl/input_kind.hpp"
#include "core/base/text.hpp"
#include "core/json/json_check.hpp"
#include "core/json/json_scan.hpp"
#include "core/jsonl/jsonl.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace penstock::core {

namespace {

using namespace std::string_view_literals;

struct file_mark {
  std::string_view bytes, what;
};

constexpr std::array file_marks{
  file_mark{"\x1f\x8b"sv, "is gzip data inside of gzip data; unpack it once (gunzip)"},
  file_mark{"BZh"sv, "is compressed with bzip2; unpack it first (bunzip2)"},
  file_mark{"\xfd\x37zXZ\0"sv, "is compressed with xz; unpack it first (unxz)"},
  file_mark{"\x28\xb5\x2f\xfd"sv, "is compressed with zstd; unpack it first (unzstd)"},
  file_mark{"7z\xbc\xaf\x27\x1c"sv, "is a 7-Zip archive; unpack it first"},
  file_mark{"Rar!\x1a"sv, "is a RAR archive; unpack it first"},
  file_mark{"%PDF-"sv, "is a PDF file; `penstock map` sends documents that a table names"},
  file_mark{"{\\rtf"sv, "is an RTF document; `penstock map` sends documents that a table names"},
  file_mark{"PAR1"sv, "is a Parquet file; save it as JSONL or CSV"},
  file_mark{"SQLite format 3"sv, "is an SQLite database; export it as JSONL or CSV"},
  file_mark{
    "\xd0\xcf\x11\xe0"sv,
    "is an old (.xls) or protected Office file; save it as CSV (UTF-8) or as XLSX without a "
    "password"},
};

/// Whether a text looks like the start of a member of an object or list, as on a line of
/// pretty-printed JSON.
bool continues_json(std::string_view line) {
  line = trim(line);
  return !line.empty() &&
         (line[0] == '"' || line[0] == '{' || line[0] == '}' || line[0] == ']' || line[0] == '[');
}

/// A line that is not empty, and whether it is complete.
struct text_line {
  std::string_view text;
  bool whole = true;
};

/// The first lines that are not blank, at most `lines_max`.
std::vector<text_line> first_lines(std::string_view start, bool whole, size_t lines_max) {
  std::vector<text_line> lines;
  while (!start.empty() && lines.size() < lines_max) {
    const auto stop = start.find('\n');
    const auto line = start.substr(0, stop);
    if (!is_blank(line))
      lines.push_back({trim(line), stop != std::string_view::npos || whole});
    if (stop == std::string_view::npos)
      break;
    start.remove_prefix(stop + 1);
  }
  return lines;
}

bool has_any(std::string_view line, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [&](auto name) { return find_member(line, name).has_value(); });
}

/// Whether a line is a request for `parse_request_line`, or was meant to be one.
bool is_like_request(const text_line& line) {
  if (!line.whole || check_json(line.text))
    return true; // Too long or broken: this line will be reported.
  return has_any(line.text, {"body", "messages", "input", "params", "custom_id", "contents"});
}

std::string shown_line(std::string_view line) { return '"' + clean_text(line, 60) + '"'; }

std::string one_json_text(std::string_view start, const std::vector<text_line>& lines) {
  if (start[0] == '[')
    return "is one JSON list, not one request a line; convert it: jq -c '.[]' in.json > in.jsonl";
  if (lines[0].whole && has_any(lines[0].text, {"requests"}))
    return "is the body of a call that makes a batch, not one request a line; convert it: jq -c "
           "'.requests[]' in.json > in.jsonl";
  return "is JSON spread over several lines, not one request a line; convert it: jq -c . in.json > "
         "in.jsonl";
}

/// Rows of a table have as many separators as the header.
bool is_like_table(const std::vector<text_line>& lines) {
  for (char c : {',', ';', '\t', '|'}) {
    const auto count = [&](const text_line& line) { return std::ranges::count(line.text, c); };
    const auto in_header = count(lines[0]);
    if (in_header > 0 && std::ranges::all_of(lines, [&](auto& line) {
          return !line.whole || line.text.find('"') != std::string_view::npos ||
                 count(line) == in_header;
        }))
      return true;
  }
  return false;
}

} // namespace

std::string binary_kind(std::string_view start) {
  for (auto& [bytes, what] : file_marks)
    if (start.starts_with(bytes))
      return std::string{what};
  if (start.starts_with("PK\x03\x04"sv)) {
    const auto holds = [&](std::string_view name) { return start.find(name) != start.npos; };
    if (holds("xl/"))
      return "is an Excel workbook; `penstock map` runs a recipe over it, or save it as CSV "
             "(UTF-8)";
    if (holds("word/"))
      return "is a Word document; `penstock map` sends documents that a table names";
    if (holds("opendocument"))
      return "is an OpenDocument file; save it as CSV (UTF-8)";
    // What Office writes first; the folders come later.
    if (holds("[Content_Types].xml"))
      return "is an Office file (a workbook or document); `penstock map` takes workbooks, and "
             "sends "
             "documents that a table names";
    return "is a zip archive; unpack it first (unzip)";
  }
  constexpr size_t tar_mark = 257;
  if (start.size() > tar_mark + 5 && start.substr(tar_mark, 5) == "ustar")
    return "is a tar archive; unpack it first (tar -xf)";
  return {};
}

std::string no_requests(std::string_view start, bool whole) {
  if (start.empty())
    return "is empty; it needs one request a line";
  if (auto what = binary_kind(start); !what.empty())
    return what;
  const auto looked_at = static_cast<std::ptrdiff_t>(std::min<size_t>(64, start.size()));
  const auto zeros = std::ranges::count(start.substr(0, 64), '\0');
  const bool wide = start.starts_with("\xff\xfe") || start.starts_with("\xfe\xff");
  if (wide || (looked_at >= 4 && zeros * 10 >= looked_at * 4 && zeros * 10 <= looked_at * 6))
    return "is UTF-16 text; convert it: iconv -f utf-16 -t utf-8 in.jsonl > utf8.jsonl";
  if (start.starts_with("\xef\xbb\xbf"))
    start.remove_prefix(3);
  constexpr size_t lines_max = 100;
  auto lines = first_lines(start, whole, lines_max);
  if (lines.empty())
    return whole ? "holds nothing but blank lines; it needs one request a line" : "";
  start = {lines[0].text.data(),
           start.size() - static_cast<size_t>(lines[0].text.data() - start.data())};
  // Lines of objects, even if some of them are faulty.
  if (lines[0].text[0] == '{') {
    const bool first_broken = lines[0].whole && check_json(lines[0].text);
    if (first_broken && lines.size() > 1 &&
        !std::ranges::any_of(lines,
                             [](auto& line) {
                               return line.text.size() > 2 && line.text[0] == '{' && line.whole &&
                                      !check_json(line.text) && is_like_request(line) &&
                                      line.text.back() == '}';
                             }) &&
        lines[1].text[0] != '{' && continues_json(lines[1].text))
      return one_json_text(start, lines);
    if (lines.size() == 1 && lines[0].whole && !first_broken &&
        has_any(lines[0].text, {"requests"}) && !is_like_request(lines[0]))
      return one_json_text(start, lines);
    if (std::ranges::none_of(lines, is_like_request))
      return "holds lines of JSON, but no requests (a body, messages or input); `penstock map` "
             "makes "
             "requests of such rows with a recipe";
    return {};
  }
  if (std::ranges::any_of(lines,
                          [](auto& line) {
                            return line.text[0] == '{' && line.whole && !check_json(line.text) &&
                                   has_any(line.text, {"body", "messages", "input", "params"});
                          }) &&
      start[0] != '[')
    return {};
  if (start[0] == '[' && (!lines[0].whole || check_json(lines[0].text) || lines.size() == 1 ||
                          lines[1].text[0] != '{'))
    return one_json_text(start, lines);
  if (start[0] == '[')
    return {};
  if (start[0] == '<')
    return is_html({}, start) ? "is an HTML page, not one request a line"
                              : "is XML, not one request a line";
  if (start.find('\0') != std::string_view::npos)
    return "is no text; it needs one request (a JSON object) a line";
  if (is_like_table(lines))
    return "is a table (CSV), not one request a line; `penstock map RECIPE.toml TABLE` runs a "
           "recipe "
           "over its rows";
  return "holds no requests: line 1 is " + shown_line(lines[0].text) +
         ", and it needs one JSON object a line";
}

} // namespace penstock::core
