#include "core/base/finish.hpp"
#include "core/base/text.hpp"
#include "core/json/json_fields.hpp"
#include "core/protocol/anthropic_request.hpp"
#include "core/protocol/protocol_hooks.hpp"

#include <boost/json.hpp>

// The Messages API of Anthropic. README.md of this room lists what differs after translation.

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr std::string_view messages_path = "/v1/messages";

/// Anthropic counts what went into or came out of its cache beside the input.
usage anthropic_usage(const json::object& answer) noexcept {
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

void check_anthropic(const request& req, const json::object& answer, verdict& v) {
  if (!bare_path(req.url).ends_with("/chat/completions") && bare_path(req.url) != messages_path)
    return; // Counting tokens: any object.
  v.used = anthropic_usage(answer);
  const auto* content = answer.if_contains("content");
  const auto* blocks = content ? content->if_array() : nullptr;
  if (!blocks && !(content && content->is_null()))
    return fail(v, reply_kind::malformed, "the answer has no content");
  bool answered = false;
  for (auto& block : blocks ? *blocks : json::array{}) {
    const auto* o = block.if_object();
    const auto type = o ? text_at(*o, "type") : std::string_view{};
    if (type.empty() || (type == "text" && !o->if_contains("text")))
      return fail(v, reply_kind::malformed, "a block of content has no type or no text");
    // Thinking alone is no answer; calls and results of tools are.
    answered |= type == "text" ? !trim(text_at(*o, "text")).empty()
                               : type != "thinking" && type != "redacted_thinking";
  }
  const auto reason = text_at(answer, "stop_reason");
  if (reason.empty())
    return fail(v, reply_kind::malformed, "the answer has no stop_reason");
  const auto why = finish_of(dialect::anthropic, reason);
  if (why == finish::broken)
    fail_broken(req, reason, nullptr, v);
  else if (answered && why == finish::cut)
    note_cut(v);
  else if (!answered && why != finish::filtered)
    why == finish::cut ? fail_before_text(v) : fail_empty(v);
}

std::string_view anthropic_finish(std::string_view stop_reason) noexcept {
  if (stop_reason == "tool_use")
    return "tool_calls";
  switch (finish_of(dialect::anthropic, stop_reason)) {
  case finish::cut: return "length";
  case finish::filtered: return "content_filter";
  default: return "stop";
  }
}

chat_choice anthropic_choice(const json::object& answer) {
  chat_choice choice;
  choice.finish = anthropic_finish(text_at(answer, "stop_reason"));
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

chat_answer read_anthropic_chat(const request&, const json::object& answer) {
  chat_answer out;
  out.id = text_at(answer, "id");
  out.model = text_at(answer, "model");
  out.choices.push_back(anthropic_choice(answer));
  return out;
}

result<native_call> translate_anthropic(const protocol_info& row, const request& req,
                                        api_path kind) {
  if (kind == api_path::embeddings)
    return error{errc::bad_request,
                 "Anthropic has no embeddings: send them to an upstream of another protocol"};
  if (kind == api_path::own)
    return native_call{req.url, req.body};
  if (kind != api_path::chat)
    return wrong_path(row, req.url);
  const auto chat = read_chat_request(req);
  if (!chat)
    return chat.error();
  const auto native = anthropic_request(*chat);
  if (!native)
    return native.error();
  return native_call{std::string{messages_path}, make_payload(json::serialize(*native))};
}

} // namespace

bool is_anthropic_path(std::string_view path) noexcept {
  return path == messages_path || path.starts_with("/v1/messages/");
}

const protocol_hooks anthropic_hooks{.translate = translate_anthropic,
                                     .check = check_anthropic,
                                     .key = {"x-api-key"},
                                     .header = {"anthropic-version", "2023-06-01"},
                                     .read_chat = read_anthropic_chat};

} // namespace penstock::core
