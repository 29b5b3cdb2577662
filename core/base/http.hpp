#pragma once

#include "core/base/request.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::core {

/// Name and value of one header. Names of received headers are in lower case.
using http_header = std::pair<std::string, std::string>;

/// The request that a protocol sends. The url is complete ("https://host/v1/chat/completions").
struct http_request {
  std::string method = "POST";
  std::string url;
  std::vector<http_header> headers;
  payload body;
};

/// Why an exchange ended without a whole answer. `none` means that status and body are valid.
enum class transport_error : uint8_t {
  none,
  dns,              ///< The host name did not resolve.
  connect,          ///< Refused, unreachable, or connect timeout.
  tls,              ///< Handshake or certificate failure.
  reset,            ///< The connection broke before the answer was whole.
  stale_connection, ///< A reused connection died before any byte of the answer; nothing was sent
                    ///< again.
  timeout,          ///< The total timeout passed.
  idle_timeout,     ///< No byte came for the idle timeout.
  body_too_large,   ///< The answer exceeded the cap and was cut off.
  protocol,         ///< Not HTTP, or a framing error.
  cancelled,        ///< `cancel` was called, or the loop stopped.
  other,            ///< Any other failure; see the text.
};

std::string_view to_string(transport_error e) noexcept;

/// The reply.
struct http_response {
  transport_error failure = transport_error::none;
  std::string failure_text; ///< For people; empty if `failure` is none.
  int status = 0;           ///< 0 if no status line came.
  std::vector<http_header> headers;
  std::string body;
  bool sent = false;  ///< Whether any byte of the request may have reached the upstream.
  duration elapsed{}; ///< From submit to the end.
};

/// The value of the first header called `name` (lower case), or an empty view.
std::string_view header(const http_response& r, std::string_view name) noexcept;

} // namespace penstock::core
