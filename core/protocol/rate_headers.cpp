#include "core/protocol/rate_headers.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <array>

namespace penstock::core {

namespace {

enum class field : uint8_t { limit, remaining, reset };

/// The raw texts of one family member, for example all three of "x-ratelimit-*-project-tokens".
using raw_reading = std::array<std::string_view, 3>;

/// The limit in a header name, without its prefix.
enum class subject : uint8_t {
  requests,
  requests_day,
  tokens,
  project_tokens,
  input_tokens,
  output_tokens
};
constexpr size_t subject_count = 6;

std::optional<subject> subject_from(std::string_view name) noexcept {
  constexpr std::array<std::pair<std::string_view, subject>, subject_count> names{
    {{"requests", subject::requests},
     {"requests-day", subject::requests_day},
     {"tokens", subject::tokens},
     {"project-tokens", subject::project_tokens},
     {"input-tokens", subject::input_tokens},
     {"output-tokens", subject::output_tokens}}};
  for (auto& [text, s] : names)
    if (text == name)
      return s;
  return std::nullopt;
}

std::optional<field> field_from(std::string_view name) noexcept {
  if (name == "limit")
    return field::limit;
  if (name == "remaining")
    return field::remaining;
  if (name == "reset")
    return field::reset;
  return std::nullopt;
}

/// A longer reset is an epoch or a mistake, and is not used.
constexpr duration reset_max = std::chrono::hours{48};

std::optional<duration> read_reset(std::string_view text, wall_time server_now) noexcept {
  auto span = parse_duration(text);
  if (!span)
    if (const auto at = parse_rfc3339(text))
      span = std::max(duration{*at - server_now}, duration::zero());
  return span && *span <= reset_max ? span : std::nullopt;
}

limit_reading read_one(const raw_reading& raw, wall_time server_now) noexcept {
  const auto& limit = raw[static_cast<size_t>(field::limit)];
  limit_reading r;
  r.limit = parse_number(limit);
  if (r.limit && *r.limit == 0)
    r.limit.reset();
  if (!limit.empty() && !r.limit)
    return {}; // A placeholder: the other values mean nothing, too.
  r.remaining = parse_number(raw[static_cast<size_t>(field::remaining)]);
  r.reset = read_reset(raw[static_cast<size_t>(field::reset)], server_now);
  return r;
}

/// Providers do not give the window of a request limit, but the time until it is full again shows
/// it: with 10,000 a day and one used it is 8.64 s, with 10,000 a minute 6 ms. Whole seconds may
/// have been rounded up, so the last of them does not count.
bool refills_over_a_day(const limit_reading& r) noexcept {
  if (!r.reset)
    return false;
  const auto whole = *r.reset % std::chrono::seconds{1} == duration::zero();
  const double reset = to_seconds(*r.reset) - (whole ? 1 : 0);
  if (!r.limit || !r.remaining)
    return reset >= 3600;
  const double used = *r.limit - *r.remaining;
  return used > 0 && reset * *r.limit / used >= 6 * 3600;
}

void keep_tighter(limit_reading& kept, const limit_reading& other) noexcept {
  const auto room = [](const limit_reading& r) { return r.remaining ? r.remaining : r.limit; };
  const auto a = room(kept), b = room(other);
  if (!b && !other.reset)
    return;
  if (!a || (b && *b < *a))
    kept = other;
}

std::optional<duration> read_retry_after(std::string_view ms, std::string_view plain,
                                         wall_time server_now) noexcept {
  if (const auto n = parse_number(ms))
    if (const auto wait = sane_wait(from_seconds(*n / 1e3)))
      return wait;
  if (const auto n = parse_number(plain))
    return sane_wait(from_seconds(*n));
  if (const auto at = parse_http_date(plain))
    return sane_wait(*at - server_now);
  return std::nullopt;
}

/// The headers of interest, still as text.
struct raw_headers {
  std::array<raw_reading, subject_count> openai, anthropic;
  bool any_openai = false, any_anthropic = false;
  std::string_view retry_after, retry_after_ms, should_retry, date;
};

raw_headers collect(const http_response& reply) noexcept {
  constexpr std::string_view openai = "x-ratelimit-", anthropic = "anthropic-ratelimit-";
  raw_headers raw;
  const auto keep = [](std::string_view& slot, const std::string& value) {
    if (slot.empty())
      slot = value;
  };
  for (auto& [key, value] : reply.headers) {
    const std::string_view name = key;
    if (name.starts_with(openai)) { // x-ratelimit-limit-requests
      const auto rest = name.substr(openai.size());
      const auto dash = std::min(rest.find('-'), rest.size());
      const auto what = field_from(rest.substr(0, dash));
      const auto of = subject_from(rest.substr(std::min(dash + 1, rest.size())));
      if (what && of) {
        keep(raw.openai[static_cast<size_t>(*of)][static_cast<size_t>(*what)], value);
        raw.any_openai = true;
      }
    } else if (name.starts_with(anthropic)) { // anthropic-ratelimit-input-tokens-limit
      const auto rest = name.substr(anthropic.size());
      const auto dash = rest.rfind('-');
      if (dash == rest.npos)
        continue;
      const auto what = field_from(rest.substr(dash + 1));
      const auto of = subject_from(rest.substr(0, dash));
      if (what && of) {
        keep(raw.anthropic[static_cast<size_t>(*of)][static_cast<size_t>(*what)], value);
        raw.any_anthropic = true;
      }
    } else if (name == "retry-after") {
      keep(raw.retry_after, value);
    } else if (name == "retry-after-ms") {
      keep(raw.retry_after_ms, value);
    } else if (name == "x-should-retry") {
      keep(raw.should_retry, value);
    } else if (name == "date") {
      keep(raw.date, value);
    }
  }
  return raw;
}

void merge(limit_readings& into, const std::array<raw_reading, subject_count>& family,
           wall_time server_now) {
  for (size_t i = 0; i < family.size(); ++i) {
    const auto r = read_one(family[i], server_now);
    auto d = dimension::total_tokens;
    switch (static_cast<subject>(i)) {
    case subject::requests:
      d = refills_over_a_day(r) ? dimension::requests_day : dimension::requests_minute;
      break;
    case subject::requests_day: d = dimension::requests_day; break;
    case subject::tokens:
    case subject::project_tokens: break;
    case subject::input_tokens: d = dimension::input_tokens; break;
    case subject::output_tokens: d = dimension::output_tokens; break;
    }
    keep_tighter(into[static_cast<size_t>(d)], r);
  }
}

} // namespace

std::optional<duration> sane_wait(duration wait) noexcept {
  if (wait <= duration::zero())
    return std::nullopt;
  return std::min(wait, retry_after_max);
}

rate_headers read_rate_headers(const http_response& reply, wall_time wall_now) {
  const auto raw = collect(reply);
  rate_headers out;
  out.server_now = raw.date.empty() ? wall_now : parse_http_date(raw.date).value_or(wall_now);
  out.retry_after = read_retry_after(raw.retry_after_ms, raw.retry_after, out.server_now);
  if (const auto word = trim(raw.should_retry); word == "true" || word == "false")
    out.should_retry = word == "true";
  if (raw.any_openai)
    merge(out.limits, raw.openai, out.server_now);
  if (raw.any_anthropic)
    merge(out.limits, raw.anthropic, out.server_now);
  return out;
}

} // namespace penstock::core
