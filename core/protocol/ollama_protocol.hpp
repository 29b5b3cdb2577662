#pragma once

#include "core/protocol/protocol.hpp"

namespace penstock::core {

/// Ollama's own API. Chats and embeddings in OpenAI's shape become requests to `/api/chat` and
/// `/api/embed`, their answers what OpenAI would have answered; bodies for these and
/// `/api/generate` go through untouched, but for `"stream": false`, which is put in where it is
/// missing: Ollama streams by default.
///
/// Over the protocol "openai" Ollama works too, but there `max_completion_tokens` and the size of
/// the context (`options.num_ctx` here) have no effect.
class ollama_protocol final : public protocol {
public:
  std::string_view name() const noexcept override { return "ollama"; }
  charge_rule charging() const noexcept override { return charge_rule::as_used; }
  result<http_request> encode(const request& req, std::string_view base_url,
                              std::string_view api_key,
                              std::string_view client_request_id) const override;
  verdict decode(const request& req, const http_response& reply,
                 std::chrono::system_clock::time_point wall_now) const override;
  std::string present(const request& req, std::string body, const verdict& v) const override;
};

} // namespace penstock::core
