#pragma once

#include "core/base/duration_text.hpp"
#include "core/base/http.hpp"
#include "core/base/verdict.hpp"

#include <optional>

namespace penstock::core {

/// The limits and waits in the headers of one answer. They do not depend on the protocol, because
/// compatible servers and proxies mix the headers of providers.
struct rate_headers {
  limit_readings limits;
  /// The wait asked for, in (0, 24 h]. From `retry-after-ms`, else `retry-after` as a number of
  /// seconds, else as a date against the server's own clock. Zero, negative and unreadable values
  /// are ignored.
  std::optional<duration> retry_after;
  std::optional<bool> should_retry; ///< `x-should-retry`.
  wall_time server_now;             ///< The `date` header, or `wall_now` without one.
};

/// The longest wait that is used. Longer waits are cut to it.
inline constexpr duration retry_after_max = std::chrono::hours{24};

/// A wait as a hint: nullopt if it is not positive, cut to `retry_after_max`.
std::optional<duration> sane_wait(duration wait) noexcept;

/// Reads `x-ratelimit-*` (OpenAI and compatible servers), `anthropic-ratelimit-*` and the retry
/// headers in one pass. Limits of zero or less are placeholders: the dimension is then unknown. Of
/// several readings of one dimension (project and organisation) the tighter one is kept. A request
/// limit whose reset shows that it refills over a day counts as `requests_day`.
rate_headers read_rate_headers(const http_response& reply, wall_time wall_now);

} // namespace penstock::core
