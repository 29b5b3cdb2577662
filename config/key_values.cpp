#include "config/keys.hpp"
#include "config/key_hints.hpp"
#include "config/text.hpp"
#include "config/units.hpp"
#include "core/base/duration_text.hpp"
#include "core/base/suggest.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace penstock::config {

namespace {

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

/// A number outside every range, for a text that is too large to parse.
constexpr int64_t beyond = std::numeric_limits<int64_t>::max();

/// `value` in the unit of the row's range: seconds for a span, else unchanged.
double measure(const key_row& row, const scalar& value) {
  if (auto number = std::get_if<double>(&value))
    return *number;
  const auto integer = std::get<int64_t>(value);
  return row.kind == value_kind::span ? to_seconds(duration{integer})
                                      : static_cast<double>(integer);
}

/// One end of a range as people write it.
std::string format_bound(const key_row& row, double bound) {
  switch (row.kind) {
  case value_kind::span: return core::format_duration(from_seconds(bound));
  case value_kind::bytes: return format_bytes(static_cast<uint64_t>(bound));
  case value_kind::integer: return std::to_string(static_cast<int64_t>(bound));
  default: return format_number(bound);
  }
}

std::string join(std::span<const std::string_view> words) {
  std::string out;
  for (auto word : words)
    out += (out.empty() ? "" : ", ") + std::string{word};
  return out;
}

bool in_range(const key_row& row, double x) {
  const auto& r = row.range;
  if (x == 0 && !r.zero_means.empty())
    return true;
  return x >= r.min && x <= r.max && !(r.above_min && x == r.min); // NaN fails the first test.
}

bool holds_kind(const key_row& row, const scalar& value) {
  switch (row.kind) {
  case value_kind::boolean: return std::holds_alternative<bool>(value);
  case value_kind::number: return std::holds_alternative<double>(value);
  case value_kind::integer:
  case value_kind::span:
  case value_kind::bytes: return std::holds_alternative<int64_t>(value);
  case value_kind::text:
  case value_kind::choice: return std::holds_alternative<std::string>(value);
  }
  return false;
}

bool is_allowed(const key_row& row, const scalar& value) {
  switch (row.kind) {
  case value_kind::boolean: return true;
  case value_kind::text: return row.fits(std::get<std::string>(value));
  case value_kind::choice:
    return std::ranges::find(row.choices, std::get<std::string>(value)) != row.choices.end();
  default: return in_range(row, measure(row, value));
  }
}

/// The given value, for the end of a message; empty if it may be a secret.
std::string is_shown(const key_row& row, const scalar& value) {
  return std::visit(
    overloaded{
      [](bool b) { return std::string{", is "} + (b ? "true" : "false"); },
      [](int64_t n) { return ", is " + std::to_string(n); },
      [](double x) { return ", is " + (std::isnan(x) ? "not a number" : format_number(x)); },
      [&](const std::string& text) {
        // An '@' in a URL follows credentials.
        const bool secret = !row.echoed || text.find('@') != std::string::npos;
        return secret ? std::string{} : ", is " + in_quotes(text);
      },
    },
    value);
}

std::string refusal(const key_row& row, const scalar& given) {
  auto text = "must be " + allowed(row) + is_shown(row, given);
  if (row.kind == value_kind::choice) {
    const std::vector<std::string> words{row.choices.begin(), row.choices.end()};
    if (auto word = std::get_if<std::string>(&given))
      if (text += hint(row, *word); hint(row, *word).empty())
        text += core::did_you_mean(core::nearest(*word, words));
  } else if (auto word = std::get_if<std::string>(&given)) {
    text += hint(row, *word);
  }
  return text;
}

std::optional<bool> parse_boolean(std::string_view text) {
  const auto word = core::to_lower(text);
  for (auto yes : {"true", "yes", "on", "1"})
    if (word == yes)
      return true;
  for (auto no : {"false", "no", "off", "0"})
    if (word == no)
      return false;
  return std::nullopt;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t value = 0;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || ec != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

template <class T>
std::optional<scalar> as_scalar(const std::optional<T>& value) {
  return value ? std::optional<scalar>{scalar{*value}} : std::nullopt;
}

/// The value of `text`, or nullopt if it is not a value of the row's kind.
std::optional<scalar> parse(const key_row& row, std::string_view text) {
  switch (row.kind) {
  case value_kind::boolean: return as_scalar(parse_boolean(text));
  case value_kind::integer: return as_scalar(parse_integer(text));
  case value_kind::number: return as_scalar(parse_number(text));
  case value_kind::span:
    if (auto d = core::parse_strict_duration(text))
      return scalar{int64_t{d->count()}};
    return std::nullopt;
  case value_kind::bytes:
    if (auto n = parse_bytes(text))
      return scalar{static_cast<int64_t>(*n)};
    return std::nullopt;
  case value_kind::choice:
    if (!row.old_true.empty())
      if (const auto b = parse_boolean(text))
        return scalar{std::string{*b ? row.old_true : row.old_false}};
    [[fallthrough]];
  case value_kind::text: return scalar{std::string{text}};
  }
  return std::nullopt;
}

/// The value for a typed value of a file. Bare numbers are seconds or bytes.
std::optional<scalar> convert(const key_row& row, const scalar& value) {
  // Some choices have the words true and false.
  if (auto b = std::get_if<bool>(&value); b && row.kind == value_kind::choice)
    return !row.old_true.empty() ? scalar{std::string{*b ? row.old_true : row.old_false}}
                                 : scalar{std::string{*b ? "true" : "false"}};
  const bool unit_kind = row.kind == value_kind::span || row.kind == value_kind::bytes;
  if (auto text = std::get_if<std::string>(&value); text && unit_kind)
    return parse(row, *text);
  if (auto n = std::get_if<int64_t>(&value)) {
    if (row.kind == value_kind::number)
      return scalar{static_cast<double>(*n)};
    if (row.kind == value_kind::span)
      return scalar{int64_t{from_seconds(static_cast<double>(*n)).count()}};
  }
  if (auto x = std::get_if<double>(&value); x && row.kind == value_kind::span)
    return std::isfinite(*x) ? std::optional{scalar{int64_t{from_seconds(*x).count()}}}
                             : std::nullopt;
  return holds_kind(row, value) ? std::optional{value} : std::nullopt;
}

std::optional<std::string> assign_parsed(const key_row& row, const field& to,
                                         const std::optional<scalar>& parsed, const scalar& given) {
  if (!parsed || !is_allowed(row, *parsed))
    return refusal(row, given);
  write(to, *parsed);
  return std::nullopt;
}

} // namespace

std::string allowed(const key_row& row) {
  static constexpr std::array<std::string_view, 5> names{"true or false", "an integer", "a number",
                                                         "a duration", "a size"};
  if (row.kind == value_kind::text)
    return std::string{row.form};
  if (row.kind == value_kind::choice)
    return "one of " + join(row.choices);
  std::string text{names[static_cast<size_t>(row.kind)]};
  if (row.kind == value_kind::boolean)
    return text;
  const auto& r = row.range;
  text += r.above_min ? " above " + format_bound(row, r.min) + " and at most "
                      : " from " + format_bound(row, r.min) + " to ";
  text += format_bound(row, r.max);
  if (row.kind == value_kind::span)
    text += " such as \"90s\" or \"1h30m\"";
  if (row.kind == value_kind::bytes)
    text += " such as \"32MB\" or \"64KiB\"";
  if (!r.zero_means.empty())
    text += ", or 0 (" + std::string{r.zero_means} + ")";
  return text;
}

scalar read(const field& from) {
  return std::visit(
    overloaded{
      [](duration* at) { return scalar{int64_t{at->count()}}; },
      [](core::mode* at) { return scalar{std::string{core::to_string(*at)}}; },
      [](core::priority* at) { return scalar{std::string{core::to_string(*at)}}; },
      [](core::cache_mode* at) { return scalar{std::string{core::to_string(*at)}}; },
      [](upstream_settings* at) { return scalar{at->mock ? "mock" : at->protocol}; },
      [](uint32_t* at) { return scalar{int64_t{*at}}; },
      [](uint64_t* at) { return scalar{static_cast<int64_t>(std::min<uint64_t>(*at, beyond))}; },
      [](auto* at) { return scalar{*at}; },
    },
    from);
}

scalar read(const key_row& row, const settings& values) {
  // The accessor is for reading and writing; reading changes nothing.
  return read(row.at(const_cast<settings&>(values)));
}

void write(const field& to, const scalar& value) {
  std::visit(
    overloaded{
      [&](bool* at) { *at = std::get<bool>(value); },
      [&](double* at) { *at = std::get<double>(value) + 0.0; }, // No minus zero.
      [&](std::string* at) { *at = std::get<std::string>(value); },
      [&](duration* at) { *at = duration{std::get<int64_t>(value)}; },
      [&](core::mode* at) { *at = *core::mode_from(std::get<std::string>(value)); },
      [&](core::priority* at) { *at = *core::priority_from(std::get<std::string>(value)); },
      [&](core::cache_mode* at) { *at = *core::cache_mode_from(std::get<std::string>(value)); },
      [&](upstream_settings* at) {
        auto& kind = std::get<std::string>(value);
        at->mock = kind == "mock";
        at->protocol = at->mock ? "openai" : kind; // The mock speaks this protocol.
      },
      [&](auto* at) {
        *at = static_cast<std::remove_pointer_t<decltype(at)>>(std::get<int64_t>(value));
      },
    },
    to);
}

std::string format(const key_row& row, const scalar& value) {
  return std::visit(overloaded{
                      [](bool b) { return std::string{b ? "true" : "false"}; },
                      [](double x) { return format_number(x); },
                      [](const std::string& text) { return toml_string(text); },
                      [&](int64_t n) {
                        if (row.kind == value_kind::span)
                          return toml_string(core::format_duration(duration{n}));
                        if (row.kind == value_kind::bytes)
                          return toml_string(format_bytes(static_cast<uint64_t>(n)));
                        return std::to_string(n);
                      },
                    },
                    value);
}

std::optional<std::string> check(const key_row& row, const scalar& value) {
  if (holds_kind(row, value) && is_allowed(row, value))
    return std::nullopt;
  if (auto n = std::get_if<int64_t>(&value); n && row.kind == value_kind::span)
    return "must be " + allowed(row) + ", is " + format_number(to_seconds(duration{*n})) + " s";
  return refusal(row, value);
}

std::optional<std::string> assign(const key_row& row, field to, const scalar& value) {
  return assign_parsed(row, to, convert(row, value), value);
}

std::optional<std::string> assign_text(const key_row& row, field to, std::string_view text) {
  return assign_parsed(row, to, parse(row, text), scalar{std::string{text}});
}

} // namespace penstock::config
