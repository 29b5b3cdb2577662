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
  double nanoseconds;
};
constexpr std::array<unit, 9> units{{{"d", 86400e9},
                                     {"h", 3600e9},
                                     {"m", 60e9},
                                     {"s", 1e9},
                                     {"ms", 1e6},
                                     {"us", 1e3},
                                     {"\xC2\xB5s", 1e3}, // micro sign
                                     {"\xCE\xBCs", 1e3}, // Greek mu
                                     {"ns", 1}}};

/// Reads a unit off the front of `text`: the longest that fits, so that "ms" is not read as "m".
const unit* take_unit(std::string_view& text) noexcept {
  const unit* found = nullptr;
  for (auto& u : units)
    if (text.starts_with(u.name) && (!found || u.name.size() > found->name.size()))
      found = &u;
  if (found)
    text.remove_prefix(found->name.size());
  return found;
}

/// The sum of the numbers and units of `text`, in nanoseconds. @param strict Each unit must be
/// smaller than the unit before it.
std::optional<double> read_span(std::string_view text, bool strict) noexcept {
  if (text.empty())
    return std::nullopt;
  double total = 0;
  const unit* before = nullptr;
  while (!text.empty()) {
    const auto value = strict && text.front() == '.' ? std::nullopt : take_decimal(text);
    if (!value)
      return std::nullopt;
    if (text.empty() && !before)
      return *value * 1e9;
    const auto* u = take_unit(text);
    if (!u || (strict && before && u->nanoseconds >= before->nanoseconds))
      return std::nullopt;
    total += *value * u->nanoseconds;
    before = u;
  }
  return total;
}

struct clock_reading {
  int hour = 0, minute = 0, second = 0;
};

/// Reads "12:00:03"; a leap second (60) is accepted and means the next second.
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
  constexpr double exact_max = 0x1p53; // Below this, rounding makes "1.2s" exact.
  const auto ns = read_span(trim(text), false);
  if (!ns)
    return std::nullopt;
  return *ns < exact_max ? duration{std::llround(*ns)} : from_seconds(*ns / 1e9);
}

std::optional<duration> parse_strict_duration(std::string_view text) noexcept {
  constexpr double ns_max = 9.2e18; // Below 2^63, with room for rounding.
  const auto ns = read_span(text, true);
  return ns && *ns <= ns_max ? std::optional{duration{std::llround(*ns)}} : std::nullopt;
}

std::string format_duration(duration d) {
  const bool negative = d < duration::zero();
  const auto count = static_cast<uint64_t>(d.count());
  auto left = negative ? uint64_t{0} - count : count;
  if (left == 0)
    return "0s";
  constexpr uint64_t us = 1000, ms = 1000 * us, s = 1000 * ms, m = 60 * s, h = 60 * m, day = 24 * h;
  std::string out = negative ? "-" : "";
  const auto whole = [&](uint64_t worth, char name) {
    if (left >= worth)
      out += std::to_string(left / worth) + name;
    left %= worth;
  };
  if (left % day == 0) // "2d", but "36h": easier to read than "1d12h".
    whole(day, 'd');
  whole(h, 'h');
  whole(m, 'm');
  if (left == 0)
    return out;
  const auto [worth, name] = left >= s    ? std::pair{s, "s"}
                             : left >= ms ? std::pair{ms, "ms"}
                             : left >= us ? std::pair{us, "us"}
                                          : std::pair{uint64_t{1}, "ns"};
  out += std::to_string(left / worth);
  if (const auto rest = left % worth) {
    auto digits = std::to_string(worth + rest).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    out += '.' + digits;
  }
  return out + name;
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
    fraction = duration{std::llround(*part * 1e9)};
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
