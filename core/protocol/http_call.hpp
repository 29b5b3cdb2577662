#pragma once

#include "core/base/http.hpp"

#include <string>
#include <string_view>

namespace penstock::core {

/// The header that carries the API key.
struct key_header {
  std::string_view name;        ///< "Authorization".
  std::string_view prefix = {}; ///< "Bearer ".
};

/// The HTTP call of every protocol: method, content type, the key if there is one, and the client
/// request id as `x-client-request-id`.
/// @returns invalid_input if the method is not POST or the id cannot be in a header, invalid_config
/// if the key cannot; the message does not contain the key.
result<http_request> make_call(const request& req, std::string url, payload body,
                               const key_header& where, std::string_view api_key,
                               std::string_view client_request_id);

} // namespace penstock::core
