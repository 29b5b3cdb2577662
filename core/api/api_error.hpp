#pragma once

#include "core/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::core {

/// Whose form a call and its errors have. The path tells.
enum class api_dialect : uint8_t {
  openai,    ///< `/v1/...`: {"error": {"message", "type", "param", "code"}}
  anthropic, ///< `/v1/messages...`: {"type": "error", "error": {"type", "message"}, "request_id"}
  penstock,  ///< `/penstock/v1/...`: problem details of RFC 9457.
};

/// The dialect of a path.
api_dialect dialect_of(std::string_view path) noexcept;

/// A call that failed, before it has the form of a dialect.
struct api_failure {
  int status = 500;
  std::string message;
  std::string code;  ///< Machine-readable: "invalid_api_key", "model_not_found". May be empty.
  std::string param; ///< The member of the body that is wrong. May be empty.
  /// Seconds after which the call may succeed, for the header `retry-after`.
  std::optional<uint32_t> retry_after;
};

/// The failure for an error of the engine.
api_failure failure_of(const error& e);
/// A body or parameter that cannot be used: status 400.
api_failure bad_call(std::string message, std::string param = {});
/// Something that does not exist, or belongs to another tenant: status 404.
api_failure not_there(std::string_view kind, std::string_view id);

/// The JSON body of a failure.
std::string failure_body(api_dialect dialect, const api_failure& f, std::string_view request_id);
/// The value of `content-type` for such a body.
std::string_view failure_type(api_dialect dialect) noexcept;

} // namespace penstock::core
