#pragma once

#include "core/protocol/protocol.hpp"

namespace penstock::core {

/// Gemini's generateContent. Chats and embeddings in OpenAI's shape become requests to
/// `/v1beta/models/M:generateContent`, `:embedContent` or `:batchEmbedContents`, their answers what
/// OpenAI would have answered; bodies for a method of a model go out and come back untouched. There
/// the model stands in the path: a model that the run or a route sets replaces it.
///
/// A blocked prompt and a filtered answer are final answers with the finish_reason content_filter:
/// asking again would buy the same.
class gemini_protocol final : public protocol {
public:
  std::string_view name() const noexcept override { return "gemini"; }
  charge_rule charging() const noexcept override { return charge_rule::input_only; }
  result<http_request> encode(const request& req, std::string_view base_url,
                              std::string_view api_key,
                              std::string_view client_request_id) const override;
  verdict decode(const request& req, const http_response& reply,
                 std::chrono::system_clock::time_point wall_now) const override;
  std::string present(const request& req, std::string body, const verdict& v) const override;
};

} // namespace penstock::core
