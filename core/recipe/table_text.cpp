#include "core/recipe/table_text.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace penstock::core {

namespace {

constexpr std::string_view mark = "\xef\xbb\xbf";

void append_character(uint32_t c, std::string& out) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

/// The characters for 0x80 to 0x9f in Windows-1252; zero: none.
constexpr std::array<uint16_t, 32> upper_controls{
  0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
  0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
  0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

/// Bytes of the blank or zero-width character at `at`, or zero. @param low Whether ASCII blanks are
/// meant, too.
size_t blank_at(std::string_view text, size_t at, bool low = true) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c <= 0x20 || c == 0x7f)
    return low ? 1 : 0;
  const auto rest = text.substr(at);
  for (std::string_view blank :
       {std::string_view{"\xc2\xa0"}, // No-break space.
        std::string_view{"\xc2\xad"}, // Soft hyphen.
        std::string_view{"\xe1\x9a\x80"}, std::string_view{"\xe3\x80\x80"}, mark})
    if (rest.starts_with(blank))
      return blank.size();
  // U+2000 to U+200F, U+2028 to U+202F, U+205F to U+2064: spaces, zero-width characters, marks of
  // direction.
  if (rest.size() < 3 || c != 0xe2)
    return 0;
  const auto second = static_cast<unsigned char>(rest[1]);
  const auto third = static_cast<unsigned char>(rest[2]);
  const bool found = (second == 0x80 && (third <= 0x8f || (third >= 0xa8 && third <= 0xaf))) ||
                     (second == 0x81 && third >= 0x9f && third <= 0xa4);
  return found ? 3 : 0;
}

/// The number of cells of each record in `text`. An incomplete record is left out, unless it is the
/// only one.
std::vector<size_t> cell_counts(std::string_view text, char separator) {
  std::vector<size_t> counts;
  size_t cells = 1;
  bool quoted = false, closed = false, at_start = true, any = false;
  for (char c : text) {
    if (quoted) {
      closed = c == '"';
      quoted = !closed;
      continue;
    }
    if (c == '\n') {
      if (any)
        counts.push_back(cells);
      cells = 1;
      at_start = true;
      any = closed = false;
      continue;
    }
    if (c == '\r')
      continue;
    any = true;
    quoted = c == '"' && (at_start || closed); // A doubled quote opens the cell again.
    closed = false;
    at_start = c == separator;
    cells += c == separator;
  }
  if (any && (counts.empty() || !quoted))
    counts.push_back(cells);
  return counts;
}

} // namespace

char find_separator(std::string_view start, std::string_view candidates) {
  char most_often = candidates[0];
  size_t most = 0;
  bool single = false;
  for (char c : candidates) {
    const auto counts = cell_counts(start, c);
    if (counts.empty())
      continue;
    const bool even = std::ranges::all_of(counts, [&](size_t n) { return n == counts[0]; });
    if (even && counts[0] > 1 && counts.size() > 1)
      return c;
    single |= c == candidates[0] && even && counts[0] == 1 && counts.size() > 1;
    if (counts[0] - 1 > most) {
      most = counts[0] - 1;
      most_often = c;
    }
  }
  return single ? candidates[0] : most_often;
}

char separator_line(std::string_view line) {
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  if (line.size() >= 2 && line.front() == '"' && line.back() == '"')
    line = line.substr(1, line.size() - 2);
  if (line.size() != 5 || to_lower(line.substr(0, 4)) != "sep=")
    return '\0';
  const char c = line[4];
  return c == '"' || static_cast<unsigned char>(c) >= 0x80 ? '\0' : c;
}

std::string column_name(std::string_view cell) {
  size_t begin = 0, end = cell.size();
  while (begin < end) {
    const auto n = blank_at(cell, begin);
    if (n == 0)
      break;
    begin += n;
  }
  for (bool again = true; again && end > begin;) {
    again = false;
    for (size_t n : {1, 2, 3})
      if (end - begin >= n && blank_at(cell.substr(0, end), end - n) == n) {
        end -= n;
        again = true;
        break;
      }
  }
  std::string name;
  for (size_t at = begin; at < end;) {
    size_t stop = at;
    bool broken = false;
    while (stop < end && static_cast<unsigned char>(cell[stop]) <= 0x20) {
      broken |= cell[stop] == '\n' || cell[stop] == '\r';
      ++stop;
    }
    if (broken)
      name += ' ';
    else
      name += cell.substr(at, stop - at);
    at = stop;
    if (at < end)
      name += cell[at++];
  }
  return name;
}

bool is_blank_cell(std::string_view cell) {
  for (size_t at = 0; at < cell.size();) {
    const auto n = blank_at(cell, at);
    if (n == 0)
      return false;
    at += n;
  }
  return true;
}

std::string_view to_string(text_encoding e) noexcept {
  switch (e) {
  case text_encoding::utf8: return "UTF-8";
  case text_encoding::utf16le:
  case text_encoding::utf16be: return "UTF-16";
  case text_encoding::windows_1252: return "Windows-1252";
  }
  return "unknown";
}

void text_decoder::unit(uint32_t u, std::string& out) {
  if (high_ != 0 && (u < 0xdc00 || u > 0xdfff))
    append_character(0xfffd, out);
  if (u >= 0xd800 && u <= 0xdbff) {
    high_ = u;
    return;
  }
  if (u >= 0xdc00 && u <= 0xdfff)
    append_character(high_ == 0 ? 0xfffd : 0x10000 + ((high_ - 0xd800) << 10) + (u - 0xdc00), out);
  else if (started_ || u != 0xfeff)
    append_character(u, out);
  high_ = 0;
  started_ = true;
}

void text_decoder::decode(std::string_view bytes, std::string& out) {
  if (from_ == text_encoding::utf8) {
    out += bytes;
    return;
  }
  for (char byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    if (from_ == text_encoding::windows_1252) {
      const auto known = c >= 0x80 && c < 0xa0 ? upper_controls[c - 0x80u] : c;
      append_character(known == 0 ? 0xfffd : known, out);
    } else if (first_ < 0) {
      first_ = c;
    } else {
      const auto before = static_cast<uint32_t>(first_);
      first_ = -1;
      unit(from_ == text_encoding::utf16le ? before | (uint32_t{c} << 8) : (before << 8) | c, out);
    }
  }
}

void text_decoder::finish(std::string& out) {
  if (high_ != 0 || first_ >= 0)
    append_character(0xfffd, out);
  high_ = 0;
  first_ = -1;
}

text_encoding encoding_of_start(std::string_view start) {
  using namespace std::string_view_literals;
  if (start.starts_with("\xff\xfe"sv))
    return text_encoding::utf16le;
  if (start.starts_with("\xfe\xff"sv))
    return text_encoding::utf16be;
  // Latin text in UTF-16 has a zero in nearly every second byte.
  constexpr size_t looked_at = 256;
  start = start.substr(0, looked_at);
  size_t zeros[2]{};
  for (size_t i = 0; i < start.size(); ++i)
    zeros[i % 2] += start[i] == '\0';
  const auto half = start.size() / 2;
  if (half >= 2 && zeros[0] == 0 && zeros[1] * 10 >= half * 8)
    return text_encoding::utf16le;
  if (half >= 2 && zeros[1] == 0 && zeros[0] * 10 >= half * 8)
    return text_encoding::utf16be;
  return text_encoding::utf8;
}

void text_look::look(char c) {
  if (return_ && c != '\n')
    ++returns_;
  return_ = false;
  if (c == '"' && quotes_)
    quoted_ = !quoted_;
  if (quoted_)
    return;
  feeds_ += c == '\n';
  return_ = c == '\r';
}

void text_look::add(std::string_view bytes) {
  for (char byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    line_ += c == '\n';
    if (c < 0x80)
      look(byte);
    const bool follows = (c & 0xc0) == 0x80;
    bool bad = tail_ > 0 ? !follows : c >= 0x80 && (c < 0xc2 || c > 0xf4);
    if (bad && tail_ > 0 && c >= 0xc2 && c <= 0xf4) {
      tail_ = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    } else if (bad) {
      tail_ = 0;
    } else if (tail_ > 0) {
      wide_ += --tail_ == 0;
    } else if (c >= 0xc2) {
      tail_ = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    }
    other_ |= c == 0 || (c >= 0x80 && c < 0xa0 && upper_controls[c - 0x80u] == 0 && bad);
    if (!bad)
      continue;
    // A character that is cut by a line break belongs to the line before.
    const auto line = c == '\n' ? line_ - 1 : line_;
    bad_lines_ += line != bad_line_;
    bad_line_ = line;
    bad_start_ |= line == 0;
  }
}

bool text_look::is_windows_1252() const {
  return (bad_start_ || bad_lines_ > 1) && wide_ == 0 && !other_;
}

void line_end_mender::mend(std::string& piece) {
  for (char& c : piece) {
    if (c == '"' && quotes_)
      quoted_ = !quoted_;
    else if (c == '\r' && !quoted_)
      c = '\n';
  }
}

} // namespace penstock::core
