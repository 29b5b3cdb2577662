#include "core/io/document/pdf_text.hpp"
#include "core/io/document/tool_process.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <map>
#include <sstream>

namespace penstock::io {

namespace {

/// Largest number of pages that are drawn to see whether they are blank. Later ones count as not
/// blank.
constexpr size_t drawn_max = 50;

error ended_badly(const tool_end& end, uint64_t text_max) {
  if (end.ended == tool_end::how::too_long)
    return too_many_words(text_max);
  if (end.ended != tool_end::how::exited)
    return unreadable(
      "could not be read within its bounds of time and memory; split or simplify the document");
  if (end.messages.find("assword") != std::string::npos)
    return unreadable("is encrypted; save it without a password");
  if (end.messages.find("not allowed") != std::string::npos)
    return unreadable("forbids copying of its text; ask its author for a copy without protection");
  return unreadable("is a damaged PDF file (" + core::clean_text(end.messages, 160) +
                    "); open it in a viewer and print it to a new PDF");
}

/// The text of each page from `pdftotext`, with line breaks.
result<std::vector<std::string>> pages_of(const std::string& path, bool layout, uint64_t text_max) {
  std::vector<std::string> command{"pdftotext", "-enc", "UTF-8"};
  if (layout)
    command.push_back("-layout");
  command.insert(command.end(), {path, "-"});
  tool_limits limits;
  limits.output_max = text_max;
  auto end = run_tool(command, limits, "poppler-utils");
  if (!end)
    return end.error();
  if (end->ended != tool_end::how::exited || end->code != 0)
    return ended_badly(*end, text_max);
  std::vector<std::string> pages(1);
  for (char c : end->output)
    if (c == '\f')
      pages.emplace_back();
    else
      pages.back() += c;
  pages.pop_back(); // Each page ends in a form feed.
  return pages;
}

/// Whether a page is blank. It is drawn very small. If that fails, it counts as not blank.
bool is_blank_page(const std::string& path, size_t page) {
  const auto number = std::to_string(page);
  tool_limits limits;
  limits.processor_max = std::chrono::seconds{20};
  limits.time_max = std::chrono::seconds{40};
  auto end = run_tool({"pdftoppm", "-r", "20", "-gray", "-f", number, "-l", number, path}, limits,
                      "poppler-utils");
  if (!end || end->ended != tool_end::how::exited || end->code != 0)
    return false;
  // "P5\n165 234\n255\n", then one byte a pixel.
  size_t lines = 0, at = 0;
  while (at < end->output.size() && lines < 3)
    lines += end->output[at++] == '\n';
  const auto pixels = std::string_view{end->output}.substr(at);
  return !pixels.empty() && std::ranges::all_of(pixels, [&](char c) { return c == pixels[0]; });
}

/// Pictures of each page by `pdfimages -list`: their number, and the largest in square inches.
struct page_pictures {
  uint64_t count = 0;
  double largest = 0;
};

std::map<size_t, page_pictures> pictures_of(const std::string& path) {
  std::map<size_t, page_pictures> out;
  tool_limits limits;
  limits.processor_max = std::chrono::seconds{20};
  limits.time_max = std::chrono::seconds{40};
  auto end = run_tool({"pdfimages", "-list", path}, limits, "poppler-utils");
  if (!end || end->ended != tool_end::how::exited || end->code != 0)
    return out;
  std::istringstream table{end->output};
  for (std::string line; std::getline(table, line);) {
    // page num type width height color comp bpc enc interp object ID x-ppi y-ppi size ratio
    std::istringstream cells{line};
    std::string type, skipped;
    size_t page = 0, number = 0;
    double width = 0, height = 0, x_ppi = 0, y_ppi = 0;
    if (!(cells >> page >> number >> type >> width >> height))
      continue;
    for (int i = 0; i < 7; ++i)
      cells >> skipped;
    if (type == "smask" || !(cells >> x_ppi >> y_ppi))
      continue;
    auto& entry = out[page];
    ++entry.count;
    if (x_ppi > 0 && y_ppi > 0)
      entry.largest = std::max(entry.largest, width / x_ppi * (height / y_ppi));
  }
  return out;
}

/// Whether a page has no readable letters, because its fonts do not say which letters they show.
bool is_garbled(std::string_view page) {
  uint64_t all = 0, bad = 0;
  for (size_t i = 0; i < page.size();) {
    const auto size = std::max<size_t>(core::utf8_length(page, i), 1);
    const auto c = static_cast<uint8_t>(page[i]);
    if (c > 0x20 || (c < 0x20 && c != '\n' && c != '\t' && c != '\r'))
      ++all;
    // Control characters, U+FFFD, and the private area U+E000 to U+F8FF.
    const auto second = size == 3 ? static_cast<uint8_t>(page[i + 1]) : 0;
    bad += (c < 0x20 && c != '\n' && c != '\t' && c != '\r') ||
           page.substr(i, size) == "\xef\xbf\xbd" || c == 0xee || (c == 0xef && second <= 0xa3);
    i += size;
  }
  return all >= 20 && bad * 3 > all;
}

/// The pieces of a line between gaps of at least two blanks. @param begin Blanks before the first.
std::vector<size_t> pieces_of(std::string_view line, size_t& begin) {
  std::vector<size_t> sizes;
  begin = std::min(line.find_first_not_of(' '), line.size());
  for (size_t at = begin; at < line.size();) {
    const auto gap = std::min(line.find("  ", at), line.size());
    if (gap > at)
      sizes.push_back(gap - at);
    at = std::min(line.find_first_not_of(' ', gap), line.size());
  }
  return sizes;
}

std::string without_end(std::string text) {
  text.erase(text.find_last_not_of(" \n") + 1);
  return text;
}

} // namespace

bool is_in_columns(std::string_view page) {
  struct row {
    size_t begin, pieces, bytes;
  };
  std::vector<row> rows;
  size_t margin = std::string_view::npos;
  std::map<size_t, size_t> by_pieces;
  for (std::string_view rest = page; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    size_t begin = 0;
    const auto sizes = pieces_of(rest.substr(0, end), begin);
    if (!sizes.empty())
      margin = std::min(margin, begin);
    if (sizes.size() >= 2) {
      size_t bytes = 0;
      for (auto size : sizes)
        bytes += size;
      rows.push_back({begin, sizes.size(), bytes});
      ++by_pieces[sizes.size()];
    }
    rest = end == rest.size() ? std::string_view{} : rest.substr(end + 1);
  }
  if (rows.empty())
    return false;
  const auto usual =
    std::ranges::max_element(by_pieces, {}, [](auto& p) { return p.second; })->first;
  size_t at_margin = 0, bytes = 0, pieces = 0;
  for (auto& r : rows) {
    at_margin += r.begin <= margin + 4;
    if (r.pieces == usual) {
      bytes += r.bytes;
      pieces += r.pieces;
    }
  }
  constexpr size_t long_piece = 20;
  return usual <= 3 && by_pieces[usual] * 10 >= rows.size() * 6 &&
         at_margin * 10 >= rows.size() * 8 && bytes >= long_piece * pieces;
}

std::string page_list(const std::vector<size_t>& pages) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < pages.size();) {
    size_t last = i;
    while (last + 1 < pages.size() && pages[last + 1] == pages[last] + 1)
      ++last;
    if (last - i < 2)
      last = i;
    parts.push_back(std::to_string(pages[i]) +
                    (last > i ? " to " + std::to_string(pages[last]) : ""));
    i = last + 1;
  }
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i)
    out += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return out;
}

result<pdf_words> pdf_text(const std::string& path, uint64_t text_max) {
  // The layout adds blanks: allow three times the text.
  auto laid_out = pages_of(path, true, 3 * text_max);
  if (!laid_out)
    return laid_out.error();
  pdf_words out;
  out.pages = laid_out->size();
  const auto pictures = pictures_of(path);
  std::vector<std::string> flowing;
  if (std::ranges::any_of(*laid_out, is_in_columns)) {
    auto read = pages_of(path, false, text_max);
    if (!read)
      return read.error();
    flowing = std::move(*read);
  }
  std::vector<size_t> blank, garbled;
  uint64_t left_out = 0;
  for (size_t i = 0; i < laid_out->size(); ++i) {
    const bool columns = i < flowing.size() && is_in_columns((*laid_out)[i]);
    const auto page = without_end(columns ? flowing[i] : (*laid_out)[i]);
    const auto it = pictures.find(i + 1);
    const auto count = it == pictures.end() ? 0 : it->second.count;
    // A stamp on a scan: a few words and a picture of a quarter of an A4 page (96 square
    // inches).
    constexpr uint64_t stamp_max = 25;
    constexpr double scan_min = 24;
    const auto shown = visible_characters(page);
    if (shown == 0 && out.scanned.size() < drawn_max && count == 0 && is_blank_page(path, i + 1))
      blank.push_back(i + 1);
    else if (shown == 0 || (shown < stamp_max && count > 0 && it->second.largest >= scan_min))
      out.scanned.push_back(i + 1);
    else
      left_out += count;
    if (is_garbled(page))
      garbled.push_back(i + 1);
    if (shown > 0)
      out.words.text += (out.words.text.empty() ? "" : "\n\n") + page;
    if (out.words.text.size() > text_max)
      return too_many_words(text_max);
  }
  if (!garbled.empty())
    return unreadable("has fonts that do not tell which letters they show, on page " +
                      page_list(garbled) +
                      "; make it searchable by OCR, or set pdf = \"native\" for a provider that "
                      "reads PDF files");
  document_notes notes;
  notes.add("picture was left out", "pictures were left out", left_out);
  out.words.notes = notes.sentences();
  if (!blank.empty())
    out.words.notes.push_back((blank.size() == 1 ? "page " : "pages ") + page_list(blank) +
                              (blank.size() == 1 ? " is blank" : " are blank"));
  return out;
}

} // namespace penstock::io
