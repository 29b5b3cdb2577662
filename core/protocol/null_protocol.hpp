#pragma once

#include "core/protocol/protocol.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace penstock::core {

/// The language of an upstream that is not there: requests in OpenAI's shape are answered inside
/// the process by `null_answer`, without HTTP, key or cost. It measures everything but the
/// provider, and lets a host program try its own code. Its addresses have the scheme "null".
class null_protocol final : public protocol {
public:
  std::string_view name() const noexcept override { return "null"; }
  charge_rule charging() const noexcept override { return charge_rule::as_used; }
  result<http_request> encode(const request& req, std::string_view base_url,
                              std::string_view api_key,
                              std::string_view client_request_id) const override;
  verdict decode(const request& req, const http_response& reply,
                 std::chrono::system_clock::time_point wall_now) const override;
};

/// The base URL of a null upstream that takes `latency` for an answer: "null:20000000".
std::string null_base_url(duration latency);

/// How long the answer to `url` takes, or nullopt if it is not the address of a null upstream.
std::optional<duration> null_latency_of(std::string_view url) noexcept;

/// The answer to `call`, equal for equal requests: a chat completion, text completion or response
/// of a few words, or one short vector for each input of an embedding. It knows nothing of tools,
/// formats and packs, and does not look whether the body makes sense.
http_response null_answer(const http_request& call);

} // namespace penstock::core
