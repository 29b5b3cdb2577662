#pragma once

#include "core/base/http.hpp"
#include "core/base/request.hpp"
#include "core/base/verdict.hpp"

#include <string>
#include <string_view>

namespace penstock::core {

/// One provider's wire language. Stateless; safe to share between threads.
class protocol {
public:
  virtual ~protocol() = default;
  /// As in the configuration: "openai".
  virtual std::string_view name() const noexcept = 0;
  virtual charge_rule charging() const noexcept = 0;
  /// The exchange for `req`. `api_key` may be empty; `client_request_id` goes along as
  /// `x-client-request-id`, equal for every attempt of a request, so that a provider can tell.
  virtual result<http_request> encode(const request& req, std::string_view base_url,
                                      std::string_view api_key,
                                      std::string_view client_request_id) const = 0;
  /// Judges `reply` to `req`. `wall_now` serves dates in headers only.
  virtual verdict decode(const request& req, const http_response& reply,
                         std::chrono::system_clock::time_point wall_now) const = 0;
  /// The body of `reply` as the request's caller sees it: JSON on one line, in the shape of the
  /// path that the request named. Here: as it came. @param v what `decode` made of it.
  virtual std::string present(const request& req, std::string body, const verdict& v) const;
};

/// The protocol called `name`, or null. One table: adding a protocol is one file and one row.
const protocol* find_protocol(std::string_view name) noexcept;

} // namespace penstock::core
