#include "core/base/duration_text.hpp"
#include "core/base/finish.hpp"
#include "core/base/text.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/json_scan.hpp"
#include "core/protocol/embedding_shape.hpp"
#include "core/protocol/ollama_request.hpp"
#include "core/protocol/protocol_hooks.hpp"

#include <boost/json.hpp>

// The own API of Ollama. README.md of this room lists what differs after translation.

namespace penstock::core {

namespace {

namespace json = boost::json;

/// Ollama leaves out counts of zero.
usage ollama_usage(const json::object& answer) noexcept {
  usage u;
  u.input_tokens = count_at(answer, "prompt_eval_count").value_or(0);
  u.output_tokens = count_at(answer, "eval_count").value_or(0);
  u.known = u.input_tokens + u.output_tokens > 0;
  return u;
}

bool is_done(const json::object& answer) noexcept { return is_true_at(answer, "done"); }

/// Judges why an answer ends. @param answered Whether it says anything.
void check_finish(const request& req, const json::object& answer, bool answered, verdict& v) {
  const auto reason = text_at(answer, "done_reason");
  const auto why = finish_of(dialect::ollama, reason);
  if (!is_done(answer))
    fail(v, reply_kind::malformed, "the answer is not done");
  else if (why == finish::broken)
    fail_broken(req, reason, nullptr, v);
  else if (answered && why == finish::cut)
    note_cut(v);
  else if (!answered && why != finish::filtered)
    why == finish::cut ? fail_before_text(v) : fail_empty(v);
}

/// Thinking alone is no answer.
void check_ollama_chat(const request& req, const json::object& answer, verdict& v) {
  const auto* message = object_at(answer, "message");
  if (!message && is_done(answer))
    return fail(v, reply_kind::malformed, "the answer has no message");
  check_finish(req, answer,
               message && (!trim(text_at(*message, "content")).empty() ||
                           filled_array_at(*message, "tool_calls")),
               v);
}

void check_generated(const request& req, const json::object& answer, verdict& v) {
  const auto* text = answer.if_contains("response");
  if (is_done(answer) && (!text || !text->is_string()))
    return fail(v, reply_kind::malformed, "the answer has no response");
  check_finish(req, answer, !trim(text_at(answer, "response")).empty(), v);
}

std::vector<const json::value*> ollama_vectors(const json::object& answer) {
  std::vector<const json::value*> out;
  if (const auto* list = filled_array_at(answer, "embeddings"))
    for (auto& entry : *list)
      out.push_back(&entry);
  return out;
}

void check_ollama(const request& req, const json::object& answer, verdict& v) {
  v.used = ollama_usage(answer);
  const auto path = bare_path(req.url);
  if (path.ends_with("/chat/completions") || path == "/api/chat")
    check_ollama_chat(req, answer, v);
  else if (path.ends_with("/embeddings"))
    check_vectors(ollama_vectors(answer), inputs_of(req), v);
  else if (path == "/api/generate")
    check_generated(req, answer, v);
  else if (path == "/api/embed")
    check_vectors(ollama_vectors(answer), 0, v);
}

chat_answer read_ollama_chat(const request& req, const json::object& answer) {
  chat_answer out;
  const auto stamp = text_at(answer, "created_at");
  out.id = "chatcmpl-" + clean_text(req.custom_id, 100); // Ollama gives no id.
  out.model = text_at(answer, "model");
  if (const auto at = parse_rfc3339(stamp))
    out.created = std::chrono::duration_cast<std::chrono::seconds>(at->time_since_epoch()).count();
  auto& choice = out.choices.emplace_back();
  if (finish_of(dialect::ollama, text_at(answer, "done_reason")) == finish::cut)
    choice.finish = "length";
  if (const auto* message = object_at(answer, "message")) {
    choice.content = text_at(*message, "content");
    choice.reasoning = text_at(*message, "thinking");
    const auto* calls = filled_array_at(*message, "tool_calls");
    for (size_t i = 0; calls && i < calls->size(); ++i) {
      const auto* call = (*calls)[i].if_object();
      const auto* function = call ? object_at(*call, "function") : nullptr;
      if (function)
        choice.calls.push_back(call_object(text_at(*call, "id"), i, text_at(*function, "name"),
                                           function->if_contains("arguments")));
    }
  }
  if (!choice.calls.empty()) {
    if (choice.content && choice.content->empty())
      choice.content.reset();
    if (choice.finish == "stop")
      choice.finish = "tool_calls";
  }
  return out;
}

/// A body for a path of Ollama. Adds `"stream": false`, because Ollama streams by default.
result<payload> own_ollama_body(const request& req) {
  const auto bytes = req.body ? std::string_view{*req.body} : std::string_view{};
  const auto stream = find_member(bytes, "stream");
  if (stream && *stream != "false")
    return error{errc::invalid_input, "body: stream must be false: answers are taken whole"};
  if (stream || bare_path(req.url) == "/api/embed")
    return req.body;
  std::string text;
  text.reserve(bytes.size() + 17);
  text = "{\"stream\":false";
  for (member_scanner scan{bytes}; scan.next();)
    text.append(",\"").append(scan.raw_key()).append("\":").append(scan.value());
  return make_payload(text + '}');
}

result<payload> ollama_chat_body(const request& req) {
  const auto chat = read_chat_request(req);
  if (!chat)
    return chat.error();
  const auto native = ollama_request(*chat);
  if (!native)
    return native.error();
  return make_payload(json::serialize(*native));
}

result<payload> ollama_embeddings_body(const request& req) {
  const auto asked = read_embedding_request(req);
  if (!asked)
    return asked.error();
  return make_payload(json::serialize(ollama_embedding(*asked)));
}

result<native_call> translate_ollama(const protocol_info& row, const request& req, api_path kind) {
  std::string path{req.url};
  result<payload> body{req.body};
  switch (kind) {
  case api_path::chat:
    path = "/api/chat";
    body = ollama_chat_body(req);
    break;
  case api_path::embeddings:
    path = "/api/embed";
    body = ollama_embeddings_body(req);
    break;
  case api_path::own: body = own_ollama_body(req); break;
  default: return wrong_path(row, req.url);
  }
  if (!body)
    return body.error();
  return native_call{std::move(path), std::move(*body)};
}

} // namespace

bool is_ollama_path(std::string_view path) noexcept {
  return path == "/api/chat" || path == "/api/generate" || path == "/api/embed";
}

// People also give the address of the OpenAI-compatible API ("/v1") or of the own API ("/api").
const protocol_hooks ollama_hooks{.translate = translate_ollama,
                                  .check = check_ollama,
                                  .foreign_endings = {"/v1", "/api"},
                                  .read_chat = read_ollama_chat,
                                  .read_vectors = ollama_vectors};

} // namespace penstock::core
