#include "core/json/json_fields.hpp"
#include "core/protocol/protocol_hooks.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

// The API of OpenAI, which most other servers have, too. Bodies are sent and returned unchanged.

namespace penstock::core {

namespace {

namespace json = boost::json;

/// Whether a chat message has any content: text or parts, a refusal, calls, audio, or the reasoning
/// that vLLM writes beside a null content.
bool says_something(const json::object& message) noexcept {
  if (has_value(message, "content"))
    return message.at("content").is_string() || message.at("content").is_array();
  if (filled_array_at(message, "tool_calls") || has_value(message, "function_call") ||
      has_value(message, "audio"))
    return true;
  for (std::string_view key : {"refusal", "reasoning", "reasoning_content"})
    if (!text_at(message, key).empty())
      return true;
  return false;
}

/// A choice that was filtered, or cut before its first visible token, may be empty and is still
/// final.
bool may_be_empty(const json::object& choice) noexcept {
  const auto reason = text_at(choice, "finish_reason");
  return reason == "content_filter" || reason == "length";
}

/// Reasons of an answer that died in the middle: a passing failure, as a 5xx.
constexpr std::array<std::string_view, 4> died_reasons{
  "error",                        // Routers: the server behind them died.
  "abort",                        // vLLM, SGLang: the request was ended by the server.
  "insufficient_system_resource", // DeepSeek: its system was too busy to finish.
  "network_error",                // Z.ai.
};

/// Makes `v` a failure if the answer of this choice died in the middle. @returns whether it did.
bool check_died(const json::object& choice, verdict& v) {
  const auto reason = text_at(choice, "finish_reason");
  if (std::find(died_reasons.begin(), died_reasons.end(), reason) == died_reasons.end())
    return false;
  std::string why = "the answer ended with finish_reason \"" + std::string{reason} + '"';
  const auto* said = object_at(choice, "error");
  if (said && !text_at(*said, "message").empty())
    why.append(": ").append(text_at(*said, "message"));
  fail(v, reply_kind::server_error, why);
  return true;
}

void check_openai_chat(const json::object& answer, verdict& v) {
  const auto* choices = filled_array_at(answer, "choices");
  if (!choices)
    return fail(v, reply_kind::malformed, "the answer has no choices");
  for (size_t i = 0; i < choices->size(); ++i) {
    const auto where = [i] { return "choices[" + std::to_string(i) + "]"; };
    const auto* choice = (*choices)[i].if_object();
    const auto* message = choice ? object_at(*choice, "message") : nullptr;
    if (choice && check_died(*choice, v))
      return;
    if (!choice || (!message && !may_be_empty(*choice)))
      return fail(v, reply_kind::malformed, where() + " has no message");
    if (message && !says_something(*message) && !may_be_empty(*choice))
      return fail(v, reply_kind::malformed,
                  where() + ".message has neither content, refusal nor tool_calls");
  }
}

void check_openai_completion(const json::object& answer, verdict& v) {
  const auto* choices = filled_array_at(answer, "choices");
  if (!choices)
    return fail(v, reply_kind::malformed, "the answer has no choices");
  for (auto& entry : *choices) {
    const auto* choice = entry.if_object();
    const auto* text = choice ? choice->if_contains("text") : nullptr;
    if (choice && check_died(*choice, v))
      return;
    if (!text || !text->is_string())
      return fail(v, reply_kind::malformed, "a choice of the answer has no text");
  }
}

void check_openai_embeddings(const json::object& answer, verdict& v) {
  const auto* data = filled_array_at(answer, "data");
  if (!data)
    return fail(v, reply_kind::malformed, "the answer has no data");
  for (auto& entry : *data) {
    const auto* o = entry.if_object();
    // Floats, or the same as base64.
    if (!o || (!filled_array_at(*o, "embedding") && text_at(*o, "embedding").empty()))
      return fail(v, reply_kind::malformed, "an entry of data has no embedding");
  }
}

void check_openai_response(const json::object& answer, verdict& v) {
  const auto status = text_at(answer, "status");
  if (status == "failed" || status == "cancelled")
    return fail(v, reply_kind::malformed,
                "the response is " + std::string{status} + ", without a reason");
  if (status == "queued" || status == "in_progress")
    return fail(v, reply_kind::bad_request,
                "the response runs in the background: remove \"background\" from the body");
  if (!filled_array_at(answer, "output") && status != "incomplete")
    return fail(v, reply_kind::malformed, "the response has no output");
}

void check_openai(const request& req, const json::object& answer, verdict& v) {
  v.used = read_usage(answer);
  const auto path = bare_path(req.url);
  if (path.ends_with("/chat/completions"))
    check_openai_chat(answer, v);
  else if (path.ends_with("/completions"))
    check_openai_completion(answer, v);
  else if (path.ends_with("/embeddings"))
    check_openai_embeddings(answer, v);
  else if (path.ends_with("/responses"))
    check_openai_response(answer, v);
}

result<native_call> translate_openai(const protocol_info& row, const request& req, api_path kind) {
  if (kind == api_path::foreign)
    return wrong_path(row, req.url);
  return native_call{req.url, req.body};
}

} // namespace

const protocol_hooks openai_hooks{.translate = translate_openai, .check = check_openai};

} // namespace penstock::core
