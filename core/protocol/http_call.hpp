#pragma once

#include "core/base/http.hpp"

#include <string>
#include <string_view>

namespace penstock::core {

/// Where a protocol's key goes.
struct key_header {
  std::string_view name;        ///< "Authorization".
  std::string_view prefix = {}; ///< "Bearer ".
};

/// What every protocol sends around its body: the method, the content type, the key if there is
/// one, and the client request id as `x-client-request-id`.
/// @returns invalid_input for a method that is not POST or an id that no header may hold,
/// invalid_config for such a key, which the message does not repeat.
result<http_request> make_call(const request& req, std::string url, payload body,
                               const key_header& where, std::string_view api_key,
                               std::string_view client_request_id);

} // namespace penstock::core
