#pragma once

#include "core/base/http.hpp"
#include "core/base/request.hpp"
#include "core/base/verdict.hpp"

#include <string>
#include <string_view>

namespace penstock::core {

/// The API of one provider. Has no state; threads may share it.
class protocol {
public:
  virtual ~protocol() = default;
  /// The name in the configuration: "openai".
  virtual std::string_view name() const noexcept = 0;
  virtual charge_rule charging() const noexcept = 0;
  /// The HTTP call for `req`. `api_key` may be empty. `client_request_id` is sent as
  /// `x-client-request-id`; all attempts of one request send the same id.
  virtual result<http_request> encode(const request& req, std::string_view base_url,
                                      std::string_view api_key,
                                      std::string_view client_request_id) const = 0;
  /// Judges `reply` to `req`. `wall_now` is used for dates in headers only.
  virtual verdict decode(const request& req, const http_response& reply,
                         std::chrono::system_clock::time_point wall_now) const = 0;
  /// The body of `reply` for the caller of the request: JSON on one line, in the shape of the path
  /// that the request named. The default returns the body of the provider. @param v The result of
  /// `decode`.
  virtual std::string present(const request& req, std::string body, const verdict& v) const;
};

/// The protocol called `name`, or null. See protocol_info.hpp for the table.
const protocol* find_protocol(std::string_view name) noexcept;

} // namespace penstock::core
