#pragma once

#include "core/base/error.hpp"
#include "core/base/http.hpp"
#include "core/base/request.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// The meaning of an answer for the request, its lane and its job.
enum class reply_kind : uint8_t {
  success, ///< A complete, valid answer (also a refusal or a cut answer; the caller checks that).
  rate_limited, ///< Temporary 429: the lane pauses, the request tries again.
  slow_down,    ///< 429 for ramping too fast: as rate_limited, and headroom shrinks.
  overloaded,   ///< 503, 529: retry, the breaker counts.
  server_error, ///< Other 5xx: retry, the breaker counts.
  transport,    ///< No complete answer: retry, the breaker counts.
  malformed,    ///< A 2xx with an invalid answer: retry.
  conflict,     ///< 408, 409, 424, 425, 499: retry.
  daily_quota,  ///< 429 until a day ends: park the job.
  billing,      ///< No money: abort the job.
  unauthorized, ///< 401, 403: abort the job.
  too_large,    ///< This one request is above a limit: fail it.
  bad_request,  ///< The rest of 4xx: fail it.
  long_wait,    ///< Asked to wait for more than an hour: hold this one request, others may fit.
};

std::string_view to_string(reply_kind k) noexcept;

/// Whether a retry of the same request can help.
constexpr bool is_retryable(reply_kind k) noexcept {
  return k >= reply_kind::rate_limited && k <= reply_kind::conflict;
}

/// The limited dimensions of a lane, in the order of design section 5.
enum class dimension : uint8_t {
  requests_minute,
  requests_day,
  input_tokens,
  output_tokens,
  total_tokens
};
inline constexpr size_t dimension_count = 5;
std::string_view to_string(dimension d) noexcept;

/// The rate headers of one answer for one dimension. Missing, negative and placeholder values are
/// nullopt.
struct limit_reading {
  std::optional<double> limit;     ///< Tokens or requests per window.
  std::optional<double> remaining; ///< What is left now.
  std::optional<duration> reset;   ///< Until it is full again.
};
using limit_readings = std::array<limit_reading, dimension_count>;

/// One judged answer.
struct verdict {
  reply_kind kind = reply_kind::malformed;
  errc code = errc::bad_response; ///< The error code; meaningless on success.
  std::string message; ///< For people: the provider's text, bounded to 500 bytes, clean UTF-8.
  std::string
    provider_code;        ///< The provider's own code or type, for example "rate_limit_exceeded".
  std::string request_id; ///< The provider's id of the exchange.
  usage used;             ///< Set if the answer has a usage.
  std::optional<duration> retry_after; ///< Retry-After, limited to sensible values.
  limit_readings limits;               ///< The rate headers.
  /// What the provider says about trying again (`x-should-retry`). It overrides the status, but not
  /// a code that names a permanent cause.
  std::optional<bool> should_retry;
  transport_error transport = transport_error::none; ///< Which one, if `kind` is transport.
  /// Attempts that such an answer is worth, because each is paid for; 0: as many as others.
  uint32_t tries_max = 0;
  bool repaired = false;          ///< The body needs `repair_json`.
  std::vector<std::string> notes; ///< What was mended in the answer, or is missing from it.
};

/// How a provider charges a request against its token limits (providers.md B1).
enum class charge_rule : uint8_t {
  /// OpenAI: input and output count against one limit. The larger of the output maximum and the
  /// estimate is charged at the start; nothing is given back.
  openai,
  /// Anthropic: input is charged at the start, output as it is produced.
  anthropic,
  /// Input and output as really used, for all configured limits.
  as_used,
  /// Gemini: every token limit counts input only.
  input_only,
};

} // namespace penstock::core
