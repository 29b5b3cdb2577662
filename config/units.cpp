#include "config/units.hpp"
#include "core/base/text.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace penstock::config {

namespace {

/// A unit and its size in bytes.
struct unit {
  std::string_view name;
  int64_t worth;
};

constexpr std::array size_units{
  unit{"gib", 1 << 30},  unit{"mib", 1 << 20}, unit{"kib", 1 << 10}, unit{"gb", 1'000'000'000},
  unit{"mb", 1'000'000}, unit{"kb", 1'000},    unit{"b", 1},
};

/// Sizes are below this number, so that rounding cannot reach 2^63.
constexpr double value_bound = 9.2e18;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Removes an unsigned decimal ("12", "0.5") from the front of `text`.
std::optional<double> take_decimal(std::string_view& text) {
  if (text.empty() || !is_digit(text.front()))
    return std::nullopt;
  double value = 0;
  auto [end, ec] =
    std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (ec != std::errc{})
    return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

/// Removes the letters from the front of `text`.
std::string_view take_letters(std::string_view& text) {
  size_t n = 0;
  while (n < text.size() && is_letter(text[n]))
    ++n;
  auto letters = text.substr(0, n);
  text.remove_prefix(n);
  return letters;
}

} // namespace

std::optional<uint64_t> parse_bytes(std::string_view text) {
  auto value = take_decimal(text);
  if (!value)
    return std::nullopt;
  const auto name = core::to_lower(take_letters(text));
  if (!text.empty())
    return std::nullopt;
  for (auto& u : size_units) {
    if (u.name != (name.empty() ? "b" : name))
      continue;
    const double bytes = *value * static_cast<double>(u.worth);
    if (bytes > value_bound || bytes != std::floor(bytes))
      return std::nullopt;
    return static_cast<uint64_t>(bytes);
  }
  return std::nullopt;
}

std::string format_bytes(uint64_t n) {
  constexpr std::array<std::pair<std::string_view, uint64_t>, 3> binary{
    {{"GiB", 1u << 30}, {"MiB", 1u << 20}, {"KiB", 1u << 10}}};
  for (auto& [name, worth] : binary)
    if (n >= worth && n % worth == 0)
      return std::to_string(n / worth) + std::string{name};
  return std::to_string(n) + "B";
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::string format_number(double x) {
  std::array<char, 64> buffer;
  // 1000000 is easier to read than 1e+06.
  const double size = std::abs(x);
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e15);
  const auto form = plain ? std::chars_format::fixed : std::chars_format::general;
  auto [end, ec] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x, form);
  return ec == std::errc{} ? std::string{buffer.data(), end} : "?";
}

} // namespace penstock::config
