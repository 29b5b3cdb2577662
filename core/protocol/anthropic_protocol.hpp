#pragma once

#include "core/protocol/protocol.hpp"

namespace penstock::core {

/// Anthropic's Messages. A chat in OpenAI's shape becomes a request to `/v1/messages` and its
/// answer a chat completion; bodies for `/v1/messages` itself and the paths below it (token
/// counting) go out and come back untouched.
///
/// What people should know of the translation: `max_tokens` is required there, and 4,096 if the
/// body names none; system messages of any place go into `system`; a response_format of json_object
/// becomes a sentence in `system`, because Anthropic enforces JSON only by a schema; `seed` is left
/// out. There are no embeddings.
class anthropic_protocol final : public protocol {
public:
  std::string_view name() const noexcept override { return "anthropic"; }
  charge_rule charging() const noexcept override { return charge_rule::anthropic; }
  result<http_request> encode(const request& req, std::string_view base_url,
                              std::string_view api_key,
                              std::string_view client_request_id) const override;
  verdict decode(const request& req, const http_response& reply,
                 std::chrono::system_clock::time_point wall_now) const override;
  std::string present(const request& req, std::string body, const verdict& v) const override;
};

} // namespace penstock::core
