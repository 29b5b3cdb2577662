#include "core/view/text_table.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <cstdint>

namespace penstock::core {

namespace {

constexpr std::string_view gap = "  ";
constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

bool continues(char c) noexcept { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

} // namespace

text_table::text_table(std::initializer_list<std::string_view> heads) {
  auto& first = rows_.emplace_back();
  for (auto head : heads) {
    right_.push_back(head.starts_with('>'));
    first.emplace_back(head.substr(right_.back() ? 1 : 0));
  }
}

void text_table::add(std::vector<std::string> cells) {
  cells.resize(right_.size());
  rows_.push_back(std::move(cells));
}

std::vector<std::string> text_table::lines() const {
  std::vector<size_t> widths(right_.size());
  for (auto& row : rows_)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i]));
  std::vector<std::string> out;
  for (auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - columns_of(row[i]), ' ');
      line += i == 0 ? "" : gap;
      line += right_[i] ? pad + row[i] : row[i] + pad;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out.push_back(std::move(line));
  }
  return out;
}

std::string text_table::text(std::string_view nothing) const {
  if (empty())
    return std::string{nothing} + '\n';
  std::string out;
  for (auto& line : lines())
    out += line + '\n';
  return out;
}

size_t columns_of(std::string_view text) noexcept {
  return text.size() - static_cast<size_t>(std::ranges::count_if(text, continues));
}

std::string_view cut_to(std::string_view text, size_t width) noexcept {
  size_t at = 0;
  for (; at < text.size() && (width > 0 || continues(text[at])); ++at)
    width -= !continues(text[at]);
  return text.substr(0, at);
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<uint8_t>(text[i]);
    const auto n = utf8_length(text, i);
    // U+0080 to U+009F are control characters, too.
    const bool control = (c < 0x20 && c != '\n') || c == 0x7F ||
                         (n == 2 && c == 0xC2 && static_cast<uint8_t>(text[i + 1]) < 0xA0);
    out += n == 0 || control ? replacement : text.substr(i, n);
    i += std::max<size_t>(n, 1);
  }
  return out;
}

} // namespace penstock::core
