#include "config/ramp.hpp"

#include <charconv>

namespace penstock::config {

namespace {

constexpr uint32_t width_max = 100'000;
constexpr size_t steps_max = 100;

void skip_blanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
}

} // namespace

std::optional<std::vector<uint32_t>> parse_ramp(std::string_view text) {
  std::vector<uint32_t> steps;
  skip_blanks(text);
  while (!text.empty()) {
    if (!steps.empty()) {
      const size_t mark = text.starts_with(',') ? 1 : text.starts_with("->") ? 2 : 0;
      if (mark == 0)
        return std::nullopt;
      text.remove_prefix(mark);
      skip_blanks(text);
    }
    uint32_t width = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), width);
    if (ec != std::errc{} || width == 0 || width > width_max || steps.size() == steps_max)
      return std::nullopt;
    steps.push_back(width);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    skip_blanks(text);
  }
  return steps;
}

} // namespace penstock::config
