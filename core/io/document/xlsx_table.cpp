#include "core/io/document/xlsx_table.hpp"
#include "core/base/text.hpp"
#include "core/io/document/table_source.hpp"
#include "core/io/file/file_descriptor.hpp"
#include "core/recipe/table_writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <zip.h>

#include <pugixml.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <map>
#include <memory>
#include <set>

namespace penstock::io {

namespace {

namespace json = boost::json;

constexpr uint64_t part_max = 256u << 20;
constexpr size_t sheet_columns_max = 10'000;
constexpr size_t sheet_rows_max = 1'048'576; // As Excel.

error no_workbook(std::string what) { return {errc::invalid_input, std::move(what)}; }

const char* const damaged_workbook =
  "is a damaged Excel workbook; open it in a spreadsheet program and save it as CSV (UTF-8)";

/// Namespaces come with any prefix.
std::string_view plain_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node inner_node(const pugi::xml_node& node, std::string_view name) {
  for (auto inner : node)
    if (plain_name(inner) == name)
      return inner;
  return {};
}

/// The parts of a zip archive.
class workbook_parts {
public:
  static result<workbook_parts> open(const std::string& path) {
    int code = 0;
    workbook_parts parts;
    parts.archive_.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
    if (!parts.archive_)
      return no_workbook(damaged_workbook);
    return parts;
  }

  bool has(const std::string& name) const {
    return zip_name_locate(archive_.get(), name.c_str(), 0) >= 0;
  }

  /// Parses a part. @returns false if it does not exist.
  result<bool> load(const std::string& name, pugi::xml_document& xml) const {
    if (!has(name))
      return false;
    const std::unique_ptr<zip_file_t, closer> file{zip_fopen(archive_.get(), name.c_str(), 0)};
    if (!file)
      return no_workbook(damaged_workbook);
    std::string bytes;
    constexpr size_t block = 256u << 10;
    for (;;) {
      const auto kept = bytes.size();
      bytes.resize(kept + block);
      const auto n = zip_fread(file.get(), bytes.data() + kept, block);
      if (n < 0)
        return no_workbook(damaged_workbook);
      bytes.resize(kept + static_cast<size_t>(n));
      if (n == 0)
        break;
      if (bytes.size() > part_max)
        return no_workbook("unpacks to more than " + std::to_string(part_max >> 20) +
                           " MiB; save it as CSV (UTF-8)");
    }
    if (!xml.load_buffer(bytes.data(), bytes.size(), pugi::parse_default | pugi::parse_ws_pcdata))
      return no_workbook(damaged_workbook);
    return true;
  }

private:
  struct closer {
    void operator()(zip_t* z) const { zip_discard(z); }
    void operator()(zip_file_t* f) const { zip_fclose(f); }
  };
  std::unique_ptr<zip_t, closer> archive_;
};

/// The path of the target of a relation; it starts at the folder of the part with the relation.
std::string part_path(const std::string& folder, std::string target) {
  return target.starts_with('/') ? target.substr(1) : folder + target;
}

/// The text of a shared or inline string, without phonetic hints.
std::string words_of_text(const pugi::xml_node& node) {
  std::string out;
  for (auto inner : node) {
    const auto name = plain_name(inner);
    if (name == "t")
      out += inner.text().get();
    else if (name == "r")
      out += words_of_text(inner);
  }
  return out;
}

/// Whether a format of numbers shows a date or a time.
bool shows_date(std::string_view format) {
  bool quoted = false, bracket = false;
  for (size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    if (c == '"')
      quoted = !quoted;
    else if (quoted)
      continue;
    else if (c == '\\' || c == '_' || c == '*')
      ++i;
    else if (c == '[')
      // [h], [mm] and [ss] are spans of time; [Red], [$-407] are not.
      bracket = i + 1 < format.size() &&
                std::string_view{"hHmMsS"}.find(format[i + 1]) == std::string_view::npos;
    else if (c == ']')
      bracket = false;
    else if (!bracket && std::string_view{"yYmMdDhHsS"}.find(c) != std::string_view::npos)
      return true;
  }
  return false;
}

/// A day number of Excel as ISO 8601. @param from_1904 Day 0 is 1904-01-01.
std::string date_text(double value, bool from_1904) {
  const auto seconds = static_cast<int64_t>(std::llround(value * 86400));
  auto day = seconds / 86400;
  const auto in_day = seconds % 86400;
  const auto clock = fmt::format("{:02}:{:02}:{:02}", in_day / 3600, in_day / 60 % 60, in_day % 60);
  if (day == 0 && !from_1904 && in_day != 0)
    return clock;
  // Excel counts February 29, 1900, a day that never existed.
  if (!from_1904 && day < 60)
    ++day;
  // Days since 1970-01-01, then by the calendar of 400 years.
  auto z = day + (from_1904 ? -24107 : -25569) + 719468;
  const auto era = z / 146097;
  const auto of_era = z - era * 146097;
  const auto year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const auto of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const auto shifted = (5 * of_year + 2) / 153;
  const auto month = shifted < 10 ? shifted + 3 : shifted - 9;
  const auto date = fmt::format("{:04}-{:02}-{:02}", year_of_era + era * 400 + (month <= 2), month,
                                of_year - (153 * shifted + 2) / 5 + 1);
  return in_day == 0 ? date : date + "T" + clock;
}

/// Reads one sheet.
class sheet_reader {
public:
  explicit sheet_reader(const workbook_parts& parts) : parts_{parts} {}

  result<void> open(const std::string& wanted) {
    if (auto found = find_sheet(wanted); !found)
      return found;
    pugi::xml_document xml;
    auto shared = parts_.load("xl/sharedStrings.xml", xml);
    if (!shared)
      return shared.error();
    for (auto item : inner_node(xml, "sst"))
      if (plain_name(item) == "si")
        shared_.push_back(words_of_text(item));
    return read_styles();
  }

  result<void> write(int to, const std::string& path) {
    pugi::xml_document xml;
    auto there = parts_.load(sheet_, xml);
    if (!there)
      return there.error();
    if (!*there)
      return no_workbook(damaged_workbook);
    const auto data = inner_node(inner_node(xml, "worksheet"), "sheetData");
    size_t width = 0;
    for (auto row : data)
      if (auto cells = cells_of(row); !cells.empty())
        width = std::max(width, cells.rbegin()->first + 1);
    formulas_without_ = 0; // The first pass has counted them, too.
    if (width > sheet_columns_max)
      return no_workbook("has more than 10000 columns; save the table as CSV (UTF-8)");
    const std::vector<std::string> columns(width);
    const std::vector<json::value> none(width, json::value(""));
    std::string out;
    size_t next = 1;
    for (auto row : data) {
      if (plain_name(row) != "row")
        continue;
      const size_t number = row.attribute("r").as_ullong(next);
      auto cells = cells_of(row);
      if (cells.empty() || number < next || number > sheet_rows_max)
        continue;
      for (; next < number; ++next)
        core::append_row(out, core::table_format::csv, columns, none);
      auto values = none;
      for (auto& [column, text] : cells)
        values[column] = json::string{text};
      core::append_row(out, core::table_format::csv, columns, values);
      next = number + 1;
      if (auto written = flush(to, path, out, 1u << 20); !written)
        return written;
    }
    return flush(to, path, out, 1);
  }

  std::vector<std::string> notes() const {
    std::vector<std::string> out{
      "the sheet \"" + core::clean_text(sheet_name_, 60) + "\" is read" +
      (sheets_ > 1 ? " (sheet = in [input] of the recipe names another)" : "")};
    if (formulas_without_ > 0)
      out.push_back(std::to_string(formulas_without_) +
                    (formulas_without_ == 1 ? " formula has" : " formulas have") +
                    " no stored result and stay empty; open the workbook in a spreadsheet program "
                    "and save it");
    return out;
  }

private:
  static result<void> flush(int to, const std::string& path, std::string& out, size_t from) {
    if (out.size() < from)
      return {};
    auto written = append_to_copy(to, path, out.data(), out.size());
    out.clear();
    return written;
  }

  result<void> find_sheet(const std::string& wanted) {
    pugi::xml_document book, relations;
    auto there = parts_.load("xl/workbook.xml", book);
    if (!there)
      return there.error();
    if (!*there)
      return no_workbook(
        parts_.has("content.xml")
          ? "is a spreadsheet of another kind (ODS); save it as XLSX or CSV (UTF-8)"
        : parts_.has("word/document.xml")
          ? "is a Word document, no table; rows name documents in a column"
          : "is a zip archive and no table; unpack it first");
    if (auto loaded = parts_.load("xl/_rels/workbook.xml.rels", relations); !loaded)
      return loaded.error();
    const auto root = inner_node(book, "workbook");
    const std::string_view date_start =
      inner_node(root, "workbookPr").attribute("date1904").as_string();
    from_1904_ = date_start == "1" || date_start == "true";
    std::string names, id;
    for (auto sheet : inner_node(root, "sheets")) {
      if (plain_name(sheet) != "sheet")
        continue;
      const std::string name = sheet.attribute("name").as_string();
      ++sheets_;
      names += (names.empty() ? "" : ", ") + core::clean_text(name, 60);
      if (!id.empty() || (!wanted.empty() && name != wanted))
        continue;
      for (auto attribute : sheet.attributes())
        if (std::string_view{attribute.name()}.ends_with(":id"))
          id = attribute.as_string();
      sheet_name_ = name;
    }
    if (id.empty())
      return no_workbook("has no sheet \"" + core::clean_text(wanted, 60) +
                         "\" (there are: " + names + "); mend sheet = in [input] of the recipe");
    for (auto relation : inner_node(relations, "Relationships"))
      if (id == relation.attribute("Id").as_string())
        sheet_ = part_path("xl/", relation.attribute("Target").as_string());
    return {};
  }

  result<void> read_styles() {
    pugi::xml_document xml;
    auto there = parts_.load("xl/styles.xml", xml);
    if (!there)
      return there.error();
    const auto root = inner_node(xml, "styleSheet");
    std::set<unsigned> dates;
    for (auto [from, to] : {std::pair{14u, 22u}, {27u, 36u}, {45u, 47u}, {50u, 58u}})
      for (auto n = from; n <= to; ++n)
        dates.insert(n);
    for (auto format : inner_node(root, "numFmts"))
      if (shows_date(format.attribute("formatCode").as_string()))
        dates.insert(format.attribute("numFmtId").as_uint());
      else
        dates.erase(format.attribute("numFmtId").as_uint());
    for (auto style : inner_node(root, "cellXfs"))
      if (plain_name(style) == "xf")
        is_date_.push_back(dates.contains(style.attribute("numFmtId").as_uint()));
    return {};
  }

  std::map<size_t, std::string> cells_of(const pugi::xml_node& row) {
    std::map<size_t, std::string> cells;
    size_t next = 0;
    for (auto cell : row) {
      if (plain_name(cell) != "c")
        continue;
      size_t column = 0;
      for (char c : std::string_view{cell.attribute("r").as_string()})
        if (c >= 'A' && c <= 'Z' && column <= sheet_columns_max)
          column = column * 26 + static_cast<size_t>(c - 'A') + 1;
      column = column == 0 ? next : column - 1;
      next = column + 1;
      if (auto text = cell_value(cell); !text.empty())
        cells[column] = std::move(text);
    }
    return cells;
  }

  std::string cell_value(const pugi::xml_node& cell) {
    const std::string_view kind = cell.attribute("t").as_string("n");
    if (kind == "inlineStr")
      return words_of_text(inner_node(cell, "is"));
    const auto value = inner_node(cell, "v");
    const std::string text = value.text().get();
    if (text.empty()) {
      formulas_without_ += static_cast<bool>(inner_node(cell, "f")) && !value;
      return {};
    }
    if (kind == "s") {
      const auto number = value.text().as_ullong(shared_.size());
      return number < shared_.size() ? shared_[number] : std::string{};
    }
    if (kind == "b")
      return text == "0" ? "FALSE" : "TRUE";
    if (kind != "n")
      return text; // "str", "e" (#REF!), "d" (a date in ISO form).
    double x = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), x);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size())
      return text;
    const auto style = cell.attribute("s").as_uint();
    constexpr double last_day = 2'958'466; // 9999-12-31.
    if (style < is_date_.size() && is_date_[style] && x >= 0 && x < last_day)
      return date_text(x, from_1904_);
    // The file holds 17 digits of 0.1 + 0.2; a spreadsheet shows 15.
    constexpr double whole_max = 1e15;
    if (x == std::floor(x) && std::abs(x) < whole_max)
      return fmt::format("{}", static_cast<int64_t>(x));
    return fmt::format("{:.15g}", x);
  }

  const workbook_parts& parts_;
  std::string sheet_, sheet_name_;
  size_t sheets_ = 0;
  bool from_1904_ = false;
  std::vector<std::string> shared_;
  std::vector<bool> is_date_; ///< By style.
  uint64_t formulas_without_ = 0;
};

} // namespace

result<std::vector<std::string>> copy_workbook(const std::string& from, const std::string& to,
                                               const std::string& sheet) {
  auto parts = workbook_parts::open(from);
  if (!parts)
    return parts.error();
  sheet_reader reader{*parts};
  if (auto opened = reader.open(sheet); !opened)
    return opened.error();
  const file_descriptor file{::open(to.c_str(), O_WRONLY | O_CLOEXEC)};
  if (!file.valid())
    return system_error("cannot write", to, errno);
  if (auto written = reader.write(file.get(), to); !written)
    return written.error();
  return reader.notes();
}

} // namespace penstock::io
