#include "core/json/json_check.hpp"
#include "core/base/text.hpp"

#include <bit>
#include <bitset>
#include <cstdint>
#include <cstring>

namespace penstock::core {

namespace {

constexpr size_t depth_max = 200; // Far above real bodies, far below what would hurt a provider.

// The number of plain bytes among the 8 bytes at `text` before the first control byte, quote,
// backslash or byte above 0x7f. Each test sets the high bit of a byte that is not plain. A borrow
// may set wrong bits too, but only behind the first byte that is not plain.
size_t plain_bytes(const char* text) noexcept {
  constexpr uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
  uint64_t word;
  std::memcpy(&word, text, sizeof word);
  if constexpr (std::endian::native == std::endian::big)
    word = __builtin_bswap64(word);
  const uint64_t quote = word ^ (ones * '"'), slash = word ^ (ones * '\\');
  const uint64_t failed = (word | (word - ones * 0x20) | (quote - ones) | (slash - ones)) & highs;
  return static_cast<size_t>(std::countr_zero(failed)) / 8;
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

class checker {
public:
  explicit checker(std::string_view text) noexcept : text_{text} {}

  std::optional<json_fault> run() noexcept {
    if (!values())
      return json_fault{at_, reason_};
    return std::nullopt;
  }

private:
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool fail(std::string_view reason) noexcept {
    reason_ = at_ >= text_.size() ? "it ends too early" : reason;
    return false;
  }
  void skip_space() noexcept {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  // Checks the whole text: a value, and after each value the characters that its container allows.
  // There is no recursion: one level costs a bit, not a stack frame.
  bool values() noexcept {
    for (;;) {
      bool opened = false;
      skip_space();
      if (!value(opened))
        return false;
      if (opened)
        continue;
      for (;;) {
        skip_space();
        if (depth_ == 0)
          return at_ == text_.size() || fail("something follows the end");
        const bool object = objects_[depth_ - 1];
        if (peek() == ',') {
          ++at_;
          skip_space();
          if (object && !key())
            return false;
          break;
        }
        if (peek() != (object ? '}' : ']'))
          return fail("a comma or a closing bracket is missing");
        ++at_;
        --depth_;
      }
    }
  }

  // Checks one value, or the begin of a container that is not empty (`opened`).
  bool value(bool& opened) noexcept {
    const char c = peek();
    if (c == '"')
      return string();
    if (c == '{' || c == '[')
      return open(c == '{', opened);
    if (c == '-' || is_digit(c))
      return number();
    return literal("true") || literal("false") || literal("null") || fail("a value is missing");
  }

  bool open(bool object, bool& opened) noexcept {
    if (depth_ == depth_max)
      return fail("it is nested deeper than 200");
    ++at_;
    skip_space();
    if (peek() == (object ? '}' : ']')) {
      ++at_;
      return true;
    }
    objects_[depth_++] = object;
    opened = true;
    return !object || key();
  }

  bool key() noexcept {
    if (peek() != '"')
      return fail("a key is missing");
    if (!string())
      return false;
    skip_space();
    if (peek() != ':')
      return fail("a colon is missing");
    ++at_;
    return true;
  }

  bool literal(std::string_view word) noexcept {
    if (text_.substr(at_, word.size()) != word)
      return false;
    at_ += word.size();
    return true;
  }

  bool digits() noexcept {
    const auto begin = at_;
    while (is_digit(peek()))
      ++at_;
    return at_ > begin || fail("a digit is missing");
  }

  bool number() noexcept {
    if (peek() == '-')
      ++at_;
    if (peek() == '0')
      ++at_;
    else if (!digits())
      return false;
    if (peek() == '.') {
      ++at_;
      if (!digits())
        return false;
    }
    if (peek() != 'e' && peek() != 'E')
      return true;
    ++at_;
    if (peek() == '+' || peek() == '-')
      ++at_;
    return digits();
  }

  bool string() noexcept {
    ++at_;
    for (;;) {
      while (text_.size() - at_ >= 8) {
        const auto plain = plain_bytes(text_.data() + at_);
        at_ += plain;
        if (plain < 8)
          break;
      }
      if (at_ >= text_.size())
        return fail("");
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (!escape())
          return false;
      } else if (c < 0x20) {
        return fail("a control character stands in a string");
      } else if (const auto length = utf8_length(text_, at_); length > 0) {
        at_ += length;
      } else {
        return fail("a string is not valid UTF-8");
      }
    }
  }

  bool escape() noexcept {
    ++at_;
    if (peek() != 'u') {
      if (at_ >= text_.size() || !std::memchr("\"\\/bfnrt", peek(), 8))
        return fail("a string has an unknown escape");
      ++at_;
      return true;
    }
    uint32_t unit = 0;
    if (!hex(unit))
      return false;
    if (unit < 0xd800 || unit > 0xdfff)
      return true;
    uint32_t low = 0;
    if (unit > 0xdbff || !literal("\\") || !hex(low) || low < 0xdc00 || low > 0xdfff)
      return fail("a string has half of a surrogate pair");
    return true;
  }

  // Checks the `u` and four digits.
  bool hex(uint32_t& unit) noexcept {
    if (peek() != 'u')
      return fail("an escape is not whole");
    ++at_;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      const int digit = is_digit(c)            ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0)
        return fail("an escape is not whole");
      unit = unit * 16 + static_cast<uint32_t>(digit);
    }
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t depth_ = 0;
  std::bitset<depth_max> objects_; ///< For each open container whether it is an object.
  std::string_view reason_;
};

} // namespace

std::optional<json_fault> check_json(std::string_view text) noexcept { return checker{text}.run(); }

} // namespace penstock::core
