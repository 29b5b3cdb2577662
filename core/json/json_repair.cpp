#include "core/json/json_repair.hpp"

#include <array>
#include <cstdint>

namespace penstock::core {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

/// Bytes of the UTF-8 character at the start of `text`; 0 if there is none.
size_t character_size(std::string_view text) noexcept {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto b = byte(0);
  if (b < 0x80)
    return 1;
  const size_t size = b >= 0xF0 && b <= 0xF4   ? 4
                      : b >= 0xE0 && b <= 0xEF ? 3
                      : b >= 0xC2 && b <= 0xDF ? 2
                                               : 0;
  if (size == 0 || size > text.size())
    return 0;
  for (size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xC0) != 0x80)
      return 0;
  const auto next = byte(1);
  const bool wrong = (b == 0xE0 && next < 0xA0) || (b == 0xED && next > 0x9F) ||
                     (b == 0xF0 && next < 0x90) || (b == 0xF4 && next > 0x8F);
  return wrong ? 0 : size;
}

/// The unit of the escape \uXXXX at the start of `text`.
std::optional<uint32_t> escaped_unit(std::string_view text) noexcept {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u')
    return std::nullopt;
  uint32_t unit = 0;
  for (size_t i = 2; i < 6; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0)
      return std::nullopt;
    unit = unit * 16 + static_cast<uint32_t>(digit);
  }
  return unit;
}

bool is_high(uint32_t unit) noexcept { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(uint32_t unit) noexcept { return unit >= 0xDC00 && unit < 0xE000; }

class repairer {
public:
  explicit repairer(std::string_view text) : text_{text} { out_.reserve(text.size() + 16); }

  std::optional<repaired_json> run() {
    while (at_ < text_.size()) {
      if (in_text_)
        step_in_text();
      else
        step_outside();
    }
    if (what_.empty())
      return std::nullopt;
    return repaired_json{std::move(out_), std::move(what_)};
  }

private:
  std::string_view rest() const noexcept { return text_.substr(at_); }
  void keep(size_t bytes) {
    out_ += text_.substr(at_, bytes);
    at_ += bytes;
  }
  void replace(size_t bytes, std::string_view by, size_t kind) {
    constexpr std::array<std::string_view, 4> kinds{"half of a surrogate pair", "broken UTF-8",
                                                    "a raw control character",
                                                    "a number that JSON does not know"};
    out_ += by;
    at_ += bytes;
    if (!told_[kind])
      what_.append(what_.empty() ? "" : ", ").append(kinds[kind]);
    told_[kind] = true;
  }

  void step_in_text() {
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (c == '\\')
      return step_escape();
    if (c < 0x20)
      return replace_control(c);
    if (c == '"')
      in_text_ = false;
    const auto size = character_size(rest());
    size > 0 ? keep(size) : replace(1, replacement, 1);
  }

  void step_escape() {
    const auto unit = escaped_unit(rest());
    if (!unit)
      return keep(std::min<size_t>(2, rest().size()));
    if (is_high(*unit)) {
      const auto next = escaped_unit(rest().substr(6));
      return next && is_low(*next) ? keep(12) : replace(6, "\\ufffd", 0);
    }
    is_low(*unit) ? replace(6, "\\ufffd", 0) : keep(6);
  }

  void replace_control(unsigned char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string escape = "\\u00";
    escape += digits[c >> 4];
    escape += digits[c & 15];
    replace(1, c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : escape, 2);
  }

  void step_outside() {
    for (std::string_view word : {"NaN", "-Infinity", "Infinity"})
      if (rest().starts_with(word))
        return replace(word.size(), "null", 3);
    in_text_ = text_[at_] == '"';
    keep(1);
  }

  std::string_view text_;
  size_t at_ = 0;
  bool in_text_ = false;
  std::string out_, what_;
  std::array<bool, 4> told_{};
};

} // namespace

std::optional<repaired_json> repair_json(std::string_view text) { return repairer{text}.run(); }

} // namespace penstock::core
