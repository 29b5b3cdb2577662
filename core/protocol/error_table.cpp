#include "core/protocol/error_table.hpp"
#include "core/protocol/money_table.hpp"
#include "core/base/text.hpp"

#include <array>

namespace penstock::core {

namespace {

/// A reply that asks for more patience than this is about its own request until others meet the
/// same: Azure says so of one that is larger than the quota of a minute.
constexpr duration transient_wait_max = std::chrono::hours{1};

using k = reply_kind;

struct row {
  std::string_view word;
  reply_kind kind;
};

/// All words that providers are known to use, in lower case; those of money are in `money_table`.
/// Generic ones ("invalid_request_error"
/// comes with 401 and 404 too) stand last on purpose: `classify` asks code before type.
constexpr std::array rows{
  // Speed.
  row{"rate_limit_exceeded", k::rate_limited},
  row{"rate_limit_error", k::rate_limited},
  row{"resource_exhausted", k::rate_limited},
  row{"too_many_requests", k::rate_limited},
  row{"requests", k::rate_limited},
  row{"tokens", k::rate_limited},
  row{"slow_down", k::slow_down},
  // Keys.
  row{"invalid_api_key", k::unauthorized},
  row{"api_key_invalid", k::unauthorized},
  row{"account_deactivated", k::unauthorized},
  row{"authentication_error", k::unauthorized},
  row{"permission_error", k::unauthorized},
  row{"permission_denied", k::unauthorized},
  row{"unauthenticated", k::unauthorized},
  // Overload and faults of the server.
  row{"server_is_overloaded", k::overloaded},
  row{"service_unavailable_error", k::overloaded},
  row{"overloaded_error", k::overloaded},
  row{"unavailable", k::overloaded},
  row{"server_error", k::server_error},
  row{"internal_error", k::server_error},
  row{"internalservererror", k::server_error},
  row{"api_error", k::server_error},
  row{"internal", k::server_error},
  row{"timeout_error", k::server_error},
  row{"deadline_exceeded", k::server_error},
  row{"upstream_timeout", k::server_error},
  row{"conflict_error", k::conflict},
  // The request itself.
  row{"request_too_large", k::too_large},
  row{"context_length_exceeded", k::bad_request},
  row{"unsupported_parameter", k::bad_request},
  row{"unsupported_value", k::bad_request},
  row{"model_not_found", k::bad_request},
  row{"invalid_prompt", k::bad_request},
  row{"content_filter", k::bad_request},
  row{"content_policy_violation", k::bad_request},
  row{"not_found_error", k::bad_request},
  row{"not_found", k::bad_request},
  row{"notfounderror", k::bad_request},
  row{"badrequesterror", k::bad_request},
  row{"notimplementederror", k::bad_request},
  row{"invalid_argument", k::bad_request},
  row{"failed_precondition", k::bad_request},
  row{"invalid_request_error", k::bad_request},
};

/// What kind of rate limit, once it is known to be one.
reply_kind refine_rate_limit(const error_body& body) noexcept {
  if (body.one_too_large)
    return k::too_large;
  if (body.no_quota)
    return k::billing;
  return body.per_day ? k::daily_quota : k::rate_limited;
}

} // namespace

reply_kind kind_of_status(int status) noexcept {
  switch (status) {
  case 401:
  case 403:
  case 407: return k::unauthorized;
  case 402: return k::billing;
  case 408:                     // Timeout.
  case 409:                     // Locked by another request.
  case 424:                     // A part of the provider failed.
  case 425:                     // Too early.
  case 499: return k::conflict; // A gateway has cancelled the request.
  case 413: return k::too_large;
  case 429: return k::rate_limited;
  case 501: return k::bad_request; // Not implemented; a retry does not help.
  case 498:                        // Groq: no capacity in this tier.
  case 503:
  case 529: return k::overloaded;
  default: break;
  }
  if (status >= 500)
    return k::server_error;
  return status >= 300 ? k::bad_request : k::malformed;
}

std::optional<reply_kind> kind_of_word(std::string_view word) {
  if (is_money_name(word))
    return reply_kind::billing;
  const auto lowered = to_lower(word);
  for (auto& r : rows)
    if (r.word == lowered)
      return r.kind;
  return std::nullopt;
}

errc code_of(reply_kind kind, int status) noexcept {
  switch (kind) {
  case k::success: return errc::internal;
  case k::rate_limited:
  case k::long_wait:
  case k::slow_down: return errc::rate_limited;
  case k::overloaded: return errc::overloaded;
  case k::server_error: return errc::server_error;
  case k::transport: return errc::connection_failed;
  case k::malformed: return errc::bad_response;
  case k::conflict: return status == 408 ? errc::timeout : errc::server_error;
  case k::daily_quota: return errc::quota_exhausted;
  case k::billing: return errc::billing;
  case k::unauthorized: return errc::unauthorized;
  case k::too_large: return errc::request_too_large;
  case k::bad_request: return errc::bad_request;
  }
  return errc::internal;
}

reply_kind classify(int status, const error_body& body, std::optional<duration> wait) {
  // Whatever the status, and before all other names: OpenAI's spend errors share a type.
  if (body.money || (status == 400 && body.no_quota))
    return k::billing;
  auto word = kind_of_word(body.code);
  const bool by_code = word.has_value();
  if (!word)
    word = kind_of_word(body.type);
  auto kind = kind_of_status(status);
  if (status < 300) {
    if (word)
      kind = *word;
    else if (body.status >= 300)
      kind = kind_of_status(body.status);
  } else if (word) {
    const auto means = [&](auto... kinds) { return ((*word == kinds) || ...); };
    switch (status) {
    case 400:
      if (means(k::unauthorized, k::too_large))
        kind = *word;
      break;
    case 403:
      if (means(k::bad_request, k::rate_limited))
        // "invalid_request_error" as a type comes with any 403, also beside a code we do not know.
        kind = by_code ? *word : kind;
      break;
    case 429:
      if (means(k::slow_down))
        kind = *word;
      break;
    default:
      if (status >= 500 && means(k::slow_down, k::rate_limited, k::overloaded))
        kind = *word;
    }
  }
  if (kind == k::rate_limited)
    kind = refine_rate_limit(body);
  const auto passes = is_retryable(kind) && kind != k::malformed;
  return passes && wait && *wait > transient_wait_max ? k::long_wait : kind;
}

} // namespace penstock::core
