#include "core/openai_protocol.hpp"
#include "core/json_fields.hpp"
#include "core/openai_url.hpp"
#include "core/reply_judge.hpp"
#include "core/text.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace penstock::core {

namespace {

namespace json = boost::json;

/// Whether `text` may be a header value: printable ASCII. A line break in it would start a header,
/// or a request, of somebody else's choosing.
bool is_header_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

/// Whether a chat message says anything: text or parts, a refusal, calls, audio, or the reasoning
/// that vLLM puts beside a null content.
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

void check_chat(const json::object& answer, verdict& v) {
  const auto* choices = filled_array_at(answer, "choices");
  if (!choices)
    return fail(v, reply_kind::malformed, "the answer has no choices");
  for (size_t i = 0; i < choices->size(); ++i) {
    const auto where = [i] { return "choices[" + std::to_string(i) + "]"; };
    const auto* choice = (*choices)[i].if_object();
    const auto* message = choice ? object_at(*choice, "message") : nullptr;
    if (!choice || (!message && !may_be_empty(*choice)))
      return fail(v, reply_kind::malformed, where() + " has no message");
    if (message && !says_something(*message) && !may_be_empty(*choice))
      return fail(v, reply_kind::malformed,
                  where() + ".message has neither content, refusal nor tool_calls");
  }
}

void check_completion(const json::object& answer, verdict& v) {
  const auto* choices = filled_array_at(answer, "choices");
  if (!choices)
    return fail(v, reply_kind::malformed, "the answer has no choices");
  for (auto& entry : *choices) {
    const auto* choice = entry.if_object();
    const auto* text = choice ? choice->if_contains("text") : nullptr;
    if (!text || !text->is_string())
      return fail(v, reply_kind::malformed, "a choice of the answer has no text");
  }
}

void check_embeddings(const json::object& answer, verdict& v) {
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

void check_response(const json::object& answer, verdict& v) {
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

void check_answer(const request& req, const json::object& answer, verdict& v) {
  v.used = read_usage(answer);
  auto path = std::string_view{req.url};
  path = path.substr(0, path.find('?'));
  while (path.ends_with('/'))
    path.remove_suffix(1);
  if (path.ends_with("/chat/completions"))
    check_chat(answer, v);
  else if (path.ends_with("/completions"))
    check_completion(answer, v);
  else if (path.ends_with("/embeddings"))
    check_embeddings(answer, v);
  else if (path.ends_with("/responses"))
    check_response(answer, v);
}

} // namespace

result<http_request> openai_protocol::encode(const request& req, std::string_view base_url,
                                             std::string_view api_key,
                                             std::string_view client_request_id) const {
  constexpr size_t id_bytes_max = 512; // What OpenAI takes.
  if (req.method != "POST")
    return error{errc::invalid_input,
                 "method must be POST, is \"" + clean_text(req.method, 20) + '"'};
  // A key file or variable often ends in a line break; the key itself goes into no message.
  api_key = trim(api_key);
  if (!is_header_text(api_key))
    return error{errc::invalid_config, "the API key holds characters that no HTTP header may hold"};
  if (!is_header_text(client_request_id) || client_request_id.size() > id_bytes_max)
    return error{errc::invalid_input,
                 "the client request id must be at most 512 characters of printable ASCII"};
  auto url = join_url(base_url, req.url);
  if (!url)
    return url.error();
  http_request out;
  out.method = req.method;
  out.url = std::move(*url);
  out.body = req.body;
  out.headers.reserve(3);
  out.headers.emplace_back("Content-Type", "application/json");
  if (!api_key.empty())
    out.headers.emplace_back("Authorization", std::string{"Bearer "}.append(api_key));
  if (!client_request_id.empty())
    out.headers.emplace_back("x-client-request-id", client_request_id);
  return out;
}

verdict openai_protocol::decode(const request& req, const http_response& reply,
                                std::chrono::system_clock::time_point wall_now) const {
  return judge_reply(req, reply, wall_now, check_answer);
}

} // namespace penstock::core
