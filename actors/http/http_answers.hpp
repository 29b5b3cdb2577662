#pragma once

#include "core/api/api_error.hpp"
#include "core/api/api_key.hpp"
#include "core/io/http/http_exchange.hpp"

#include <string>
#include <string_view>

namespace penstock::actors {

/// One call of a client, with what is known about it. A copyable handle.
struct http_call {
  io::http_exchange exchange;
  core::api_dialect dialect = core::api_dialect::openai;
  std::string id;      ///< Sent as `x-request-id`.
  core::api_key owner; ///< The key that was used.

  /// Sends JSON.
  void answer(std::string body, int status = 200, std::string headers = {}) const;
  /// Sends an error in the form of the dialect.
  void fail(const core::api_failure& why, std::string headers = {}) const;
  void fail(const error& why) const { fail(core::failure_of(why)); }
  /// The headers of every answer.
  std::string headers() const;
};

/// A new request id: "req_" and 24 hex digits. Any thread.
std::string next_request_id();

} // namespace penstock::actors
