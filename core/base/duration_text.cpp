#include "core/base/duration_text.hpp"
#include "core/base/text.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace penstock::core {

namespace {

/// Reads a decimal number without sign or exponent off the front of `text`.
std::optional<double> take_decimal(std::string_view& text) noexcept {
  double value = 0;
  if (text.empty() || (text.front() != '.' && (text.front() < '0' || text.front() > '9')))
    return std::nullopt;
  const auto [end, ec] =
    std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (ec != std::errc{})
    return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

/// Reads exactly `digits` digits off the front of `text`.
std::optional<int> take_digits(std::string_view& text, size_t digits) noexcept {
  if (text.size() < digits)
    return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9')
      return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view token) noexcept {
  if (!text.starts_with(token))
    return false;
  text.remove_prefix(token.size());
  return true;
}

struct unit {
  std::string_view name;
  double seconds;
};
/// Longer names first, so that "ms" is not read as "m".
constexpr std::array<unit, 9> units{{{"ms", 1e-3},
                                     {"us", 1e-6},
                                     {"\xC2\xB5s", 1e-6}, // micro sign
                                     {"\xCE\xBCs", 1e-6}, // Greek mu
                                     {"ns", 1e-9},
                                     {"d", 86400},
                                     {"h", 3600},
                                     {"m", 60},
                                     {"s", 1}}};

/// Rounds away what binary fractions add: "1.2s" is 1,200,000,000 ns, not one less.
duration to_span(double seconds) noexcept {
  return seconds < 1e6 ? duration{std::llround(seconds * 1e9)} : from_seconds(seconds);
}

struct clock_reading {
  int hour = 0, minute = 0, second = 0;
};

/// Reads "12:00:03"; a leap second (60) is let through and means the next second.
std::optional<clock_reading> take_clock(std::string_view& text) noexcept {
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ":"))
    return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59 || !take(text, ":"))
    return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *second > 60)
    return std::nullopt;
  return clock_reading{*hour, *minute, *second};
}

std::optional<unsigned> take_month(std::string_view& text) noexcept {
  constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto pos = text.size() < 3 ? names.npos : names.find(text.substr(0, 3));
  if (pos == names.npos || pos % 3 != 0)
    return std::nullopt;
  text.remove_prefix(3);
  return static_cast<unsigned>(pos / 3 + 1);
}

/// The wall clock counts nanoseconds in 64 bits; the bounds keep sums with offsets far from its
/// ends.
std::optional<wall_time> make_time(int year, unsigned month, int day, clock_reading at) noexcept {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (year < 1970 || year > 2200 || !date.ok())
    return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{at.hour} +
         std::chrono::minutes{at.minute} + std::chrono::seconds{at.second};
}

} // namespace

std::optional<duration> parse_duration(std::string_view text) noexcept {
  text = trim(text);
  if (text.empty())
    return std::nullopt;
  double seconds = 0;
  for (bool first = true; !text.empty(); first = false) {
    const auto value = take_decimal(text);
    if (!value)
      return std::nullopt;
    if (text.empty())
      return first ? std::optional{to_span(*value)} : std::nullopt; // "5m3" is no span.
    const unit* found = nullptr;
    for (auto& u : units)
      if (!found && take(text, u.name))
        found = &u;
    if (!found)
      return std::nullopt;
    seconds += *value * found->seconds;
  }
  return to_span(seconds);
}

std::string format_duration(duration d) {
  const bool negative = d < duration::zero();
  auto left =
    negative ? uint64_t{0} - static_cast<uint64_t>(d.count()) : static_cast<uint64_t>(d.count());
  std::string out = negative ? "-" : "";
  const auto decimal = [&out](uint64_t value, uint64_t per_unit, std::string_view name) {
    out += std::to_string(value / per_unit);
    if (auto rest = value % per_unit) {
      auto digits = std::to_string(per_unit + rest).substr(1);
      digits.erase(digits.find_last_not_of('0') + 1);
      out += '.' + digits;
    }
    out += name;
  };
  constexpr uint64_t us = 1000, ms = 1000 * us, s = 1000 * ms, m = 60 * s, h = 60 * m;
  if (left == 0)
    return "0s";
  if (left < s) {
    left < us   ? decimal(left, 1, "ns")
    : left < ms ? decimal(left, us, "us")
                : decimal(left, ms, "ms");
    return out;
  }
  if (left >= h)
    out += std::to_string(left / h) + 'h';
  if (left >= m)
    out += std::to_string(left % h / m) + 'm';
  decimal(left % m, s, "s");
  return out;
}

std::optional<wall_time> parse_rfc3339(std::string_view text) noexcept {
  text = trim(text);
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-"))
    return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-"))
    return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !(take(text, "T") || take(text, "t") || take(text, " ")))
    return std::nullopt;
  const auto at = take_clock(text);
  if (!at)
    return std::nullopt;
  duration fraction{};
  if (text.starts_with('.')) {
    const auto part = take_decimal(text);
    if (!part)
      return std::nullopt;
    fraction = to_span(*part);
  }
  auto time = make_time(*year, static_cast<unsigned>(*month), *day, *at);
  if (!time)
    return std::nullopt;
  *time += fraction;
  if (text == "Z" || text == "z")
    return time;
  const bool east = text.starts_with('+');
  if (!take(text, "+") && !take(text, "-"))
    return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take(text, ":"))
    return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59 || !text.empty())
    return std::nullopt;
  const auto offset = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
  return east ? *time - offset : *time + offset;
}

std::optional<wall_time> parse_http_date(std::string_view text) noexcept {
  text = trim(text);
  if (const auto comma = text.find(','); comma != text.npos) {
    text.remove_prefix(comma + 1);
    take(text, " ");
    const auto day = take_digits(text, 2);
    const bool dashes = text.starts_with('-'); // RFC 850: two digits of the year.
    if (!day || !take(text, dashes ? "-" : " "))
      return std::nullopt;
    const auto month = take_month(text);
    if (!month || !take(text, dashes ? "-" : " "))
      return std::nullopt;
    auto year = take_digits(text, dashes ? 2 : 4);
    if (!year || !take(text, " "))
      return std::nullopt;
    if (dashes)
      *year += *year < 70 ? 2000 : 1900;
    const auto at = take_clock(text);
    if (!at || (text != " GMT" && text != " UTC"))
      return std::nullopt;
    return make_time(*year, *month, *day, *at);
  }
  // asctime: "Sun Nov  6 08:49:37 1994"
  const auto space = text.find(' ');
  if (space == text.npos)
    return std::nullopt;
  text.remove_prefix(space + 1);
  const auto month = take_month(text);
  if (!month || !take(text, " "))
    return std::nullopt;
  const auto day = take_digits(text, take(text, " ") ? 1 : 2);
  if (!day || !take(text, " "))
    return std::nullopt;
  const auto at = take_clock(text);
  if (!at || !take(text, " "))
    return std::nullopt;
  const auto year = take_digits(text, 4);
  if (!year || !text.empty())
    return std::nullopt;
  return make_time(*year, *month, *day, *at);
}

std::optional<double> parse_number(std::string_view text) noexcept {
  text = trim(text);
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || value < 0)
    return std::nullopt;
  return value;
}

} // namespace penstock::core
