#include "core/recipe/utf8_pattern.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace penstock::core {

namespace {

constexpr uint32_t last_character = 0x10ffff;

struct span_of_characters {
  uint32_t from = 0, to = 0;
};
using characters = std::vector<span_of_characters>;

/// Sorted, without overlaps.
characters in_order(characters set) {
  std::ranges::sort(set, {}, &span_of_characters::from);
  characters out;
  for (auto& span : set)
    if (!out.empty() && span.from <= out.back().to + 1)
      out.back().to = std::max(out.back().to, span.to);
    else
      out.push_back(span);
  return out;
}

characters all_but(const characters& set) {
  characters out;
  uint32_t next = 0;
  for (auto& span : in_order(set)) {
    if (span.from > next)
      out.push_back({next, span.from - 1});
    next = span.to + 1;
  }
  if (next <= last_character)
    out.push_back({next, last_character});
  return out;
}

const characters digit_set{{'0', '9'}};
const characters word_set{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const characters space_set{{9, 13},          {0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680},
                           {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f},
                           {0x3000, 0x3000}, {0xfeff, 0xfeff}};
const characters line_ends{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

void append_byte(std::string& out, uint32_t byte, bool in_class) {
  const auto c = static_cast<char>(byte);
  if (byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
      (!in_class && byte == ' ')) {
    out += c;
    return;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  out.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
}

void append_bytes(std::string& out, uint32_t from, uint32_t to) {
  if (from == to)
    return append_byte(out, from, false);
  out += '[';
  append_byte(out, from, true);
  out += '-';
  append_byte(out, to, true);
  out += ']';
}

std::vector<uint32_t> bytes_of(uint32_t c) {
  if (c < 0x80)
    return {c};
  if (c < 0x800)
    return {0xc0 | (c >> 6), 0x80 | (c & 0x3f)};
  if (c < 0x10000)
    return {0xe0 | (c >> 12), 0x80 | ((c >> 6) & 0x3f), 0x80 | (c & 0x3f)};
  return {0xf0 | (c >> 18), 0x80 | ((c >> 12) & 0x3f), 0x80 | ((c >> 6) & 0x3f), 0x80 | (c & 0x3f)};
}

/// Appends alternatives for the characters of a range, so that each alternative is a product of
/// ranges of bytes.
void append_span(std::vector<std::string>& out, uint32_t from, uint32_t to) {
  for (uint32_t edge : {0x7fu, 0x7ffu, 0xffffu})
    if (from <= edge && to > edge) {
      append_span(out, from, edge);
      return append_span(out, edge + 1, to);
    }
  if (to >= 0x80)
    for (unsigned bits = 6; bits < 24; bits += 6) {
      const uint32_t low = (1u << bits) - 1;
      if ((from & ~low) == (to & ~low))
        continue;
      if ((from & low) != 0) {
        append_span(out, from, from | low);
        return append_span(out, (from | low) + 1, to);
      }
      if ((to & low) != low) {
        append_span(out, from, (to & ~low) - 1);
        return append_span(out, to & ~low, to);
      }
    }
  const auto first = bytes_of(from), last = bytes_of(to);
  auto& text = out.emplace_back();
  for (size_t i = 0; i < first.size(); ++i)
    append_bytes(text, first[i], last[i]);
}

std::string expression_of(const characters& set) {
  // First ASCII as one class, because most texts are ASCII.
  std::string low = "[";
  std::vector<std::string> alternatives;
  for (auto span : in_order(set)) {
    if (span.from < 0x80) {
      const auto to = std::min(span.to, 0x7fu);
      append_byte(low, span.from, true);
      if (to > span.from) {
        low += '-';
        append_byte(low, to, true);
      }
      if (span.to < 0x80)
        continue;
      span.from = 0x80;
    }
    append_span(alternatives, span.from, span.to);
  }
  if (low.size() > 1)
    alternatives.insert(alternatives.begin(), low + "]");
  if (alternatives.empty())
    return "(?!)"; // An empty class matches nothing.
  if (alternatives.size() == 1 && low.size() > 1)
    return alternatives[0];
  std::string out = "(?:";
  for (size_t i = 0; i < alternatives.size(); ++i)
    out += (i > 0 ? "|" : "") + alternatives[i];
  return out + ")";
}

/// Thrown out of the rewriting.
struct wrong_pattern {
  std::string what;
};

class pattern_writer {
public:
  explicit pattern_writer(std::string_view pattern) : text_{pattern} {}

  std::string write() {
    while (at_ < text_.size())
      term();
    return std::move(out_);
  }

private:
  static constexpr size_t expression_max = 200'000;

  void put(const std::string& piece) {
    out_ += piece;
    if (out_.size() > expression_max)
      throw wrong_pattern{"its classes are too large"};
  }

  void term() {
    const char c = text_[at_];
    if (c == '.') {
      ++at_;
      put(expression_of(all_but(line_ends)));
    } else if (c == '[') {
      put(expression_of(class_set()));
    } else if (c == '\\') {
      escape();
    } else if (c == '(') {
      group();
    } else if (std::string_view{")|^$*+?{}"}.find(c) != std::string_view::npos) {
      out_ += c;
      ++at_;
      if (c == '{')
        while (at_ < text_.size() && text_[at_ - 1] != '}')
          out_ += text_[at_++];
    } else {
      const auto n = character();
      put(expression_of({{n, n}}));
    }
  }

  void group() {
    for (std::string_view plain : {"(?:", "(?=", "(?!"})
      if (text_.substr(at_).starts_with(plain)) {
        out_ += plain;
        at_ += plain.size();
        return;
      }
    if (text_.substr(at_).starts_with("(?<=") || text_.substr(at_).starts_with("(?<!"))
      throw wrong_pattern{"lookbehind is not supported"};
    if (text_.substr(at_).starts_with("(?<")) {
      const auto end = text_.find('>', at_);
      if (end == std::string_view::npos)
        throw wrong_pattern{"the name of a group is not closed"};
      at_ = end + 1;
    } else if (text_.substr(at_).starts_with("(?")) {
      throw wrong_pattern{"\"" + clean_text(text_.substr(at_, 3), 10) + "\" is not supported"};
    } else {
      ++at_;
    }
    out_ += '(';
  }

  void escape() {
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c == 'b' || c == 'B' || (c >= '1' && c <= '9')) {
      out_ += text_.substr(at_, 2);
      at_ += 2;
      return;
    }
    if (c == 'k')
      throw wrong_pattern{"references to named groups (\\k) are not supported; write \\1"};
    if (auto set = named_set()) {
      put(expression_of(*set));
      return;
    }
    const auto n = escaped();
    put(expression_of({{n, n}}));
  }

  /// \d, \w, \s and their negations, at `at_`.
  std::optional<characters> named_set() {
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c == 'p' || c == 'P')
      throw wrong_pattern{"\\p{...} is not supported; list the characters, such as "
                          "[A-Za-z\\u00C0-\\u024F]"};
    const auto lower = c | 0x20;
    if (lower != 'd' && lower != 'w' && lower != 's')
      return std::nullopt;
    at_ += 2;
    const auto& set = lower == 'd' ? digit_set : lower == 'w' ? word_set : space_set;
    return c == lower ? set : all_but(set);
  }

  uint32_t hex(size_t from, size_t digits) const {
    uint32_t n = 0;
    if (from + digits > text_.size() || digits == 0 || digits > 6)
      throw wrong_pattern{"an escape ends too early"};
    for (char c : text_.substr(from, digits)) {
      const auto low = static_cast<char>(c | 0x20);
      if (c >= '0' && c <= '9')
        n = n * 16 + static_cast<uint32_t>(c - '0');
      else if (low >= 'a' && low <= 'f')
        n = n * 16 + static_cast<uint32_t>(low - 'a') + 10;
      else
        throw wrong_pattern{"an escape holds no hexadecimal digits"};
    }
    return n;
  }

  /// The character of an escape at `at_`.
  uint32_t escaped() {
    if (at_ + 1 >= text_.size())
      throw wrong_pattern{"it ends in a backslash"};
    const char c = text_[at_ + 1];
    at_ += 2;
    switch (c) {
    case 't': return '\t';
    case 'n': return '\n';
    case 'v': return '\v';
    case 'f': return '\f';
    case 'r': return '\r';
    case '0': return 0;
    case 'c':
      at_ += 1;
      return at_ <= text_.size() ? static_cast<uint32_t>(text_[at_ - 1] & 31) : 0u;
    case 'x': at_ += 2; return hex(at_ - 2, 2);
    case 'u': return unicode_escape();
    default: break;
    }
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '1' && c <= '9'))
      throw wrong_pattern{"\\" + std::string{c} + " means nothing"};
    --at_;
    return character();
  }

  uint32_t unicode_escape() {
    uint32_t n = 0;
    if (at_ < text_.size() && text_[at_] == '{') {
      const auto end = text_.find('}', at_);
      if (end == std::string_view::npos)
        throw wrong_pattern{"\\u{ is not closed"};
      n = hex(at_ + 1, end - at_ - 1);
      at_ = end + 1;
    } else {
      n = hex(at_, 4);
      at_ += 4;
      if (n >= 0xd800 && n < 0xdc00 && text_.substr(at_).starts_with("\\u")) {
        const auto low = hex(at_ + 2, 4);
        if (low >= 0xdc00 && low < 0xe000) {
          at_ += 6;
          n = 0x10000 + ((n - 0xd800) << 10) + (low - 0xdc00);
        }
      }
    }
    if (n > last_character)
      throw wrong_pattern{"a character is above U+10FFFF"};
    return n;
  }

  /// The literal character at `at_`.
  uint32_t character() {
    const auto n = std::max<size_t>(utf8_length(text_, at_), 1);
    const auto* p = reinterpret_cast<const unsigned char*>(text_.data()) + at_;
    at_ += n;
    switch (n) {
    case 2: return ((p[0] & 0x1fu) << 6) | (p[1] & 0x3fu);
    case 3: return ((p[0] & 0x0fu) << 12) | ((p[1] & 0x3fu) << 6) | (p[2] & 0x3fu);
    case 4:
      return ((p[0] & 0x07u) << 18) | ((p[1] & 0x3fu) << 12) | ((p[2] & 0x3fu) << 6) |
             (p[3] & 0x3fu);
    default: return p[0];
    }
  }

  /// One character of a class; nullopt for \d and the like, which are added to `set`.
  std::optional<uint32_t> class_atom(characters& set) {
    if (at_ >= text_.size())
      throw wrong_pattern{"a class [...] is not closed"};
    if (text_[at_] != '\\')
      return character();
    if (auto named = named_set()) {
      set.insert(set.end(), named->begin(), named->end());
      return std::nullopt;
    }
    if (at_ + 1 < text_.size() && text_[at_ + 1] == 'b') {
      at_ += 2;
      return '\b';
    }
    return escaped();
  }

  characters class_set() {
    ++at_;
    const bool negated = at_ < text_.size() && text_[at_] == '^';
    at_ += negated;
    characters set;
    while (at_ >= text_.size() || text_[at_] != ']') {
      const auto from = class_atom(set);
      const bool range =
        from && at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']';
      if (!range) {
        if (from)
          set.push_back({*from, *from});
        continue;
      }
      ++at_;
      const auto to = class_atom(set);
      if (!to) { // [a-\d]: here the dash is a literal.
        set.push_back({*from, *from});
        set.push_back({'-', '-'});
        continue;
      }
      if (*to < *from)
        throw wrong_pattern{"a range of a class is upside down"};
      set.push_back({*from, *to});
    }
    ++at_;
    return negated ? all_but(set) : set;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
};

} // namespace

result<std::string> utf8_pattern(std::string_view pattern) {
  try {
    return pattern_writer{pattern}.write();
  } catch (const wrong_pattern& wrong) {
    return error{errc::invalid_config, wrong.what};
  }
}

} // namespace penstock::core
