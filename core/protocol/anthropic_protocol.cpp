#include "core/protocol/anthropic_protocol.hpp"
#include "core/protocol/anthropic_request.hpp"
#include "core/protocol/api_path.hpp"
#include "core/protocol/chat_answer.hpp"
#include "core/protocol/http_call.hpp"
#include "core/json/json_fields.hpp"
#include "core/protocol/openai_url.hpp"
#include "core/protocol/reply_judge.hpp"

#include <boost/json.hpp>

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr std::string_view messages_path = "/v1/messages";
constexpr std::string_view api_version = "2023-06-01";

/// Anthropic counts what went into or came out of its cache beside the input.
usage usage_of(const json::object& answer) noexcept {
  usage u;
  const auto* counts = object_at(answer, "usage");
  const auto input = counts ? count_at(*counts, "input_tokens") : std::nullopt;
  const auto output = counts ? count_at(*counts, "output_tokens") : std::nullopt;
  if (!input || !output)
    return u;
  u.cached_input_tokens = count_at(*counts, "cache_read_input_tokens").value_or(0);
  u.input_tokens =
    *input + u.cached_input_tokens + count_at(*counts, "cache_creation_input_tokens").value_or(0);
  u.output_tokens = *output;
  if (const auto* details = object_at(*counts, "output_tokens_details"))
    u.reasoning_tokens =
      std::min(count_at(*details, "thinking_tokens").value_or(0), u.output_tokens);
  u.known = u.input_tokens + u.output_tokens > 0;
  return u;
}

void check_answer(const request& req, const json::object& answer, verdict& v) {
  if (api_path_of(req.url) != api_path::chat && bare_path(req.url) != messages_path)
    return; // Counting tokens: any object.
  v.used = usage_of(answer);
  const auto* content = answer.if_contains("content");
  const auto* blocks = content ? content->if_array() : nullptr;
  if (!blocks)
    return fail(v, reply_kind::malformed, "the answer has no content");
  for (auto& block : *blocks) {
    const auto* o = block.if_object();
    const auto type = o ? text_at(*o, "type") : std::string_view{};
    if (type.empty() || (type == "text" && !o->if_contains("text")))
      return fail(v, reply_kind::malformed, "a block of content has no type or no text");
  }
  // An empty content is a whole answer: the model had nothing to add.
  if (text_at(answer, "stop_reason").empty())
    return fail(v, reply_kind::malformed, "the answer has no stop_reason");
}

std::string_view finish_of(std::string_view stop_reason) noexcept {
  if (stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded")
    return "length";
  if (stop_reason == "tool_use")
    return "tool_calls";
  return stop_reason == "refusal" ? "content_filter" : "stop";
}

chat_choice choice_of(const json::object& answer) {
  chat_choice choice;
  choice.finish = finish_of(text_at(answer, "stop_reason"));
  const auto* blocks = filled_array_at(answer, "content");
  for (size_t i = 0; blocks && i < blocks->size(); ++i) {
    const auto* block = (*blocks)[i].if_object();
    const auto type = block ? text_at(*block, "type") : std::string_view{};
    if (type == "text")
      choice.content = choice.content.value_or("").append(text_at(*block, "text"));
    else if (type == "thinking")
      choice.reasoning += text_at(*block, "thinking");
    else if (type == "tool_use")
      choice.calls.push_back(call_object(text_at(*block, "id"), choice.calls.size(),
                                         text_at(*block, "name"), block->if_contains("input")));
  }
  if (choice.finish == "content_filter") {
    const auto* details = object_at(answer, "stop_details");
    choice.refusal = details ? text_at(*details, "explanation") : std::string_view{};
    if (choice.refusal.empty())
      choice.refusal = choice.content.value_or("The model refused.");
  } else if (!choice.content && choice.calls.empty()) {
    choice.content = "";
  }
  return choice;
}

} // namespace

result<http_request> anthropic_protocol::encode(const request& req, std::string_view base_url,
                                                std::string_view api_key,
                                                std::string_view client_request_id) const {
  const auto path = api_path_of(req.url);
  if (path == api_path::embeddings)
    return error{errc::bad_request,
                 "Anthropic has no embeddings: send them to an upstream of another protocol"};
  if (path != api_path::chat && path != api_path::anthropic)
    return wrong_path(name(), req.url, "/v1/chat/completions or /v1/messages");
  auto url = join_url(base_url, path == api_path::chat ? messages_path : std::string_view{req.url});
  if (!url)
    return url.error();
  auto body = req.body;
  if (path == api_path::chat) {
    const auto chat = read_chat_request(req);
    if (!chat)
      return chat.error();
    const auto native = anthropic_request(*chat);
    if (!native)
      return native.error();
    body = make_payload(json::serialize(*native));
  }
  auto call =
    make_call(req, std::move(*url), std::move(body), {"x-api-key"}, api_key, client_request_id);
  if (call)
    call->headers.emplace_back("anthropic-version", api_version);
  return call;
}

verdict anthropic_protocol::decode(const request& req, const http_response& reply,
                                   std::chrono::system_clock::time_point wall_now) const {
  return judge_reply(req, reply, wall_now, check_answer);
}

std::string anthropic_protocol::present(const request& req, std::string body,
                                        const verdict& v) const {
  if (api_path_of(req.url) != api_path::chat)
    return outcome_body(std::move(body), v);
  if (v.kind != reply_kind::success)
    return error_text(v);
  const auto answer = answer_object(body);
  if (!answer)
    return outcome_body(std::move(body), v);
  chat_answer out;
  out.id = text_at(*answer, "id");
  out.model = text_at(*answer, "model");
  out.choices.push_back(choice_of(*answer));
  return write_chat_answer(out, v.used);
}

} // namespace penstock::core
