#pragma once

#include "core/protocol/protocol.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace penstock::test {

/// 2026-08-01T12:00:03Z.
inline const std::chrono::system_clock::time_point wall_now{std::chrono::seconds{1785585603}};

/// A whole answer of OpenAI to a chat completion.
inline constexpr std::string_view chat_reply = R"({
  "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
  "object": "chat.completion",
  "created": 1741570283,
  "model": "gpt-4o-2024-08-06",
  "choices": [
    {
      "index": 0,
      "message": {
        "role": "assistant",
        "content": "A \"footbridge\" \u2014 of wood \ud83d\ude00, über a field.",
        "refusal": null,
        "annotations": []
      },
      "logprobs": null,
      "finish_reason": "stop"
    }
  ],
  "usage": {
    "prompt_tokens": 1117,
    "completion_tokens": 46,
    "total_tokens": 1163,
    "prompt_tokens_details": { "cached_tokens": 1000, "audio_tokens": 0 },
    "completion_tokens_details": { "reasoning_tokens": 12, "audio_tokens": 0 }
  },
  "service_tier": "default",
  "system_fingerprint": "fp_fc9f1d7035"
}
)";

inline constexpr std::string_view embeddings_reply =
  R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.0023064255,-0.009327292]},)"
  R"({"object":"embedding","index":1,"embedding":"AACAPwAAAEA="}],"model":"text-embedding-3-small",)"
  R"("usage":{"prompt_tokens":8,"total_tokens":8}})";

inline constexpr std::string_view responses_reply =
  R"({"id":"resp_67cc","object":"response","created_at":1741476777,"status":"completed","error":null,)"
  R"("incomplete_details":null,"output":[{"type":"reasoning","id":"rs_1","summary":[]},{"type":"message",)"
  R"("id":"msg_67cc","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hi"}]}],)"
  R"("usage":{"input_tokens":328,"input_tokens_details":{"cached_tokens":5},"output_tokens":52,)"
  R"("output_tokens_details":{"reasoning_tokens":7},"total_tokens":380}})";

inline core::http_response reply_of(int status, std::string_view body,
                                    std::vector<core::http_header> headers = {}) {
  core::http_response r;
  r.status = status;
  r.headers = std::move(headers);
  r.headers.emplace_back("content-type", "application/json");
  r.body = body;
  r.sent = true;
  return r;
}

inline core::verdict judge(const core::http_response& reply,
                           std::string url = "/v1/chat/completions") {
  core::request req;
  req.url = std::move(url);
  req.body = core::make_payload("{}");
  return core::find_protocol("openai")->decode(req, reply, wall_now);
}

} // namespace penstock::test
