#include "core/base/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace penstock::core {

namespace {

constexpr std::string_view json_blanks = " \t\r\n";
constexpr std::string_view ellipsis = "...";
constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

/// The visible text of a page, without tags, scripts and styles.
std::string visible_text(std::string_view html) {
  std::string out;
  for (size_t i = 0; i < html.size();) {
    if (html[i] != '<') {
      out += html[i++];
      continue;
    }
    for (std::string_view hidden : {"script", "style"}) {
      if (find_nocase(html.substr(i + 1, hidden.size()), hidden) != 0)
        continue;
      // Skips to the closing tag, which is then skipped like every other tag.
      i = std::min(html.size(), find_nocase(html, std::string{"</"}.append(hidden), i));
      break;
    }
    i = std::min(html.size(), html.find('>', i));
    i += i < html.size();
    out += ' ';
  }
  return out;
}

} // namespace

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(blanks);
  if (first == text.npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string to_lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    c = to_lower(c);
  return out;
}

bool equal_nocase(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return to_lower(x) == to_lower(y); });
}

size_t find_nocase(std::string_view text, std::string_view needle, size_t from) noexcept {
  if (from > text.size())
    return text.npos;
  const auto it =
    std::search(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), needle.begin(),
                needle.end(), [](char a, char b) { return to_lower(a) == b; });
  return it == text.end() && !needle.empty() ? text.npos : static_cast<size_t>(it - text.begin());
}

size_t utf8_length(std::string_view text, size_t pos) noexcept {
  // RFC 3629: the second byte alone tells overlong forms, surrogates and too large values.
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[pos + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80)
    return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - pos < length)
    return 0;
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high)
    return 0;
  for (size_t i = 2; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80)
      return 0;
  return length;
}

std::string count_text(uint64_t n) {
  auto text = std::to_string(n);
  for (size_t at = text.size(); at > 3;)
    text.insert(at -= 3, 1, ',');
  return text;
}

bool is_utf8(std::string_view text) noexcept {
  for (size_t i = 0; i < text.size();) {
    uint64_t word = 0;
    if (i + sizeof word <= text.size()) { // Eight ASCII bytes at a time: the usual case by far.
      std::memcpy(&word, text.data() + i, sizeof word);
      if ((word & 0x8080808080808080u) == 0) {
        i += sizeof word;
        continue;
      }
    }
    const auto n = utf8_length(text, i);
    if (n == 0)
      return false;
    i += n;
  }
  return true;
}

std::string clean_text(std::string_view text, size_t bytes_max) {
  std::string out;
  size_t cut = 0; // Where a character ends that leaves room for the ellipsis.
  bool gap = false;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<uint8_t>(text[i]);
    if (c <= 0x20 || c == 0x7F) {
      gap = !out.empty();
      ++i;
      continue;
    }
    const auto n = utf8_length(text, i);
    // U+0080 to U+009F are control characters too; terminals obey some of them.
    const bool control = n == 2 && c == 0xC2 && static_cast<uint8_t>(text[i + 1]) < 0xA0;
    const auto piece = n == 0 || control ? replacement : text.substr(i, n);
    if (out.size() + gap + piece.size() > bytes_max) {
      out.resize(cut);
      if (bytes_max >= ellipsis.size())
        out += ellipsis;
      return out;
    }
    if (gap)
      out += ' ';
    gap = false;
    out += piece;
    if (out.size() + ellipsis.size() <= bytes_max)
      cut = out.size();
    i += n == 0 ? 1 : n;
  }
  return out;
}

bool is_html(std::string_view content_type, std::string_view body) noexcept {
  if (find_nocase(content_type, "text/html") != content_type.npos)
    return true;
  const auto start = skip_noise(body).substr(0, 16);
  for (std::string_view mark : {"<!doctype", "<html", "<head", "<body", "<!--"})
    if (find_nocase(start, mark) == 0)
      return true;
  return false;
}

std::string describe_html(int status, std::string_view body) {
  constexpr size_t looked_at = 64u << 10, shown = 160;
  body = body.substr(0, looked_at);
  std::string text;
  if (const auto open = find_nocase(body, "<title"); open != body.npos)
    if (const auto start = body.find('>', open); start != body.npos) {
      const auto end = std::min(body.size(), find_nocase(body, "</title", start));
      text = clean_text(visible_text(body.substr(start + 1, end - start - 1)), shown);
    }
  if (text.empty())
    text = clean_text(visible_text(body), shown);
  return "HTML page (" + std::to_string(status) + "): \"" + text + '"';
}

std::string_view skip_noise(std::string_view body) noexcept {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (body.starts_with(byte_order_mark))
    body.remove_prefix(byte_order_mark.size());
  for (;;) {
    body.remove_prefix(std::min(body.size(), body.find_first_not_of(json_blanks)));
    if (body.empty() || body.front() != ':')
      return body;
    body.remove_prefix(std::min(body.size(), body.find('\n')));
  }
}

std::string one_line_json(std::string body) {
  const auto core = trim(skip_noise(body));
  if (core.size() != body.size()) {
    const auto offset = core.empty() ? body.size() : static_cast<size_t>(core.data() - body.data());
    body.resize(offset + core.size());
    body.erase(0, offset);
  }
  // Most answers hold no line break at all, and to find that out takes no look at single bytes.
  for (const char line_break : {'\n', '\r'})
    for (auto i = body.find(line_break); i != body.npos; i = body.find(line_break, i + 1))
      body[i] = ' ';
  return body;
}

} // namespace penstock::core
