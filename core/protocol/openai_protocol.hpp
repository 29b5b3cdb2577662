#pragma once

#include "core/protocol/protocol.hpp"

namespace penstock::core {

/// OpenAI's wire language, also spoken by vLLM, Ollama, DeepSeek, Azure (v1), OpenRouter and most
/// others. Takes requests in OpenAI shape for any POST path and sends their bytes untouched.
///
/// What counts as an answer depends on the path: chat and text completions need a choice with
/// content, a refusal or tool calls; embeddings need vectors; Responses need an output and a status
/// that is not failed. Other paths (moderations, rerankers) need a JSON object without an error.
/// Refusals, filtered and cut answers are successes: asking again would buy the same.
class openai_protocol final : public protocol {
public:
  std::string_view name() const noexcept override { return "openai"; }
  charge_rule charging() const noexcept override { return charge_rule::openai; }
  result<http_request> encode(const request& req, std::string_view base_url,
                              std::string_view api_key,
                              std::string_view client_request_id) const override;
  verdict decode(const request& req, const http_response& reply,
                 std::chrono::system_clock::time_point wall_now) const override;
};

} // namespace penstock::core
