#include "core/protocol/ollama_protocol.hpp"
#include "core/protocol/api_path.hpp"
#include "core/protocol/chat_answer.hpp"
#include "core/base/duration_text.hpp"
#include "core/protocol/http_call.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/json_scan.hpp"
#include "core/protocol/ollama_request.hpp"
#include "core/protocol/openai_url.hpp"
#include "core/protocol/reply_judge.hpp"
#include "core/base/text.hpp"

#include <boost/json.hpp>

namespace penstock::core {

namespace {

namespace json = boost::json;

/// Counts of zero are left out there.
usage usage_of(const json::object& answer) noexcept {
  usage u;
  u.input_tokens = count_at(answer, "prompt_eval_count").value_or(0);
  u.output_tokens = count_at(answer, "eval_count").value_or(0);
  u.known = u.input_tokens + u.output_tokens > 0;
  return u;
}

bool is_done(const json::object& answer) noexcept {
  const auto* done = answer.if_contains("done");
  return done && done->is_bool() && done->get_bool();
}

void check_chat(const json::object& answer, verdict& v) {
  const auto* message = object_at(answer, "message");
  const auto* content = message ? message->if_contains("content") : nullptr;
  const bool says =
    (content && content->is_string()) || (message && (filled_array_at(*message, "tool_calls") ||
                                                      !text_at(*message, "thinking").empty()));
  if (!is_done(answer))
    fail(v, reply_kind::malformed, "the answer is not done");
  else if (!says)
    fail(v, reply_kind::malformed, "the answer has no message");
}

void check_generated(const json::object& answer, verdict& v) {
  const auto* text = answer.if_contains("response");
  if (!is_done(answer))
    fail(v, reply_kind::malformed, "the answer is not done");
  else if (!text || !text->is_string())
    fail(v, reply_kind::malformed, "the answer has no response");
}

std::vector<const json::value*> vectors_of(const json::object& answer) {
  std::vector<const json::value*> out;
  if (const auto* list = filled_array_at(answer, "embeddings"))
    for (auto& entry : *list)
      out.push_back(&entry);
  return out;
}

void check_vectors(const json::object& answer, size_t wanted, verdict& v) {
  const auto vectors = vectors_of(answer);
  if (vectors.empty() || (wanted > 0 && vectors.size() != wanted))
    return fail(v, reply_kind::malformed,
                "the answer has " + std::to_string(vectors.size()) + " embeddings, not " +
                  (wanted > 0 ? std::to_string(wanted) : "any"));
  for (const auto* vector : vectors)
    if (vector_of(vector).empty())
      return fail(v, reply_kind::malformed, "an embedding holds more than numbers");
}

void check_answer(const request& req, const json::object& answer, verdict& v) {
  v.used = usage_of(answer);
  const auto path = bare_path(req.url);
  switch (api_path_of(req.url)) {
  case api_path::chat: return check_chat(answer, v);
  case api_path::embeddings: {
    const auto asked = read_embedding_request(req);
    return check_vectors(answer, asked ? asked->inputs.size() : 0, v);
  }
  default:
    if (path == "/api/chat")
      check_chat(answer, v);
    else if (path == "/api/generate")
      check_generated(answer, v);
    else if (path == "/api/embed")
      check_vectors(answer, 0, v);
  }
}

std::string chat_text(const request& req, const json::object& answer, const usage& used) {
  chat_answer out;
  const auto stamp = text_at(answer, "created_at");
  out.id = "chatcmpl-" + clean_text(req.custom_id, 100); // Ollama gives no id.
  out.model = text_at(answer, "model");
  if (const auto at = parse_rfc3339(stamp))
    out.created = std::chrono::duration_cast<std::chrono::seconds>(at->time_since_epoch()).count();
  auto& choice = out.choices.emplace_back();
  if (text_at(answer, "done_reason") == "length")
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
  return write_chat_answer(out, used);
}

/// The base without what people add for the OpenAI-compatible or the native API.
std::string_view native_base(std::string_view base) noexcept {
  base = trim(base);
  while (base.ends_with('/'))
    base.remove_suffix(1);
  for (std::string_view ending : {"/v1", "/api"})
    if (base.ends_with(ending))
      return base.substr(0, base.size() - ending.size());
  return base;
}

/// A native body, told not to stream.
result<payload> pass_through(const request& req) {
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

result<payload> translate_chat(const request& req) {
  const auto chat = read_chat_request(req);
  if (!chat)
    return chat.error();
  const auto native = ollama_request(*chat);
  if (!native)
    return native.error();
  return make_payload(json::serialize(*native));
}

result<payload> translate_embeddings(const request& req) {
  const auto asked = read_embedding_request(req);
  if (!asked)
    return asked.error();
  return make_payload(json::serialize(ollama_embedding(*asked)));
}

} // namespace

result<http_request> ollama_protocol::encode(const request& req, std::string_view base_url,
                                             std::string_view api_key,
                                             std::string_view client_request_id) const {
  std::string_view path = req.url;
  result<payload> body{req.body};
  switch (api_path_of(req.url)) {
  case api_path::chat:
    path = "/api/chat";
    body = translate_chat(req);
    break;
  case api_path::embeddings:
    path = "/api/embed";
    body = translate_embeddings(req);
    break;
  case api_path::ollama: body = pass_through(req); break;
  default:
    return wrong_path(
      name(), req.url,
      "/v1/chat/completions, /v1/embeddings, /api/chat, /api/generate or /api/embed");
  }
  if (!body)
    return body.error();
  auto url = join_url(native_base(base_url), path);
  if (!url)
    return url.error();
  return make_call(req, std::move(*url), std::move(*body), {"Authorization", "Bearer "}, api_key,
                   client_request_id);
}

verdict ollama_protocol::decode(const request& req, const http_response& reply,
                                std::chrono::system_clock::time_point wall_now) const {
  return judge_reply(req, reply, wall_now, check_answer);
}

std::string ollama_protocol::present(const request& req, std::string body, const verdict& v) const {
  const auto path = api_path_of(req.url);
  if (path != api_path::chat && path != api_path::embeddings)
    return outcome_body(std::move(body), v);
  if (v.kind != reply_kind::success)
    return error_text(v);
  const auto answer = answer_object(body);
  if (!answer)
    return outcome_body(std::move(body), v);
  if (path == api_path::chat)
    return chat_text(req, *answer, v.used);
  const auto asked = read_embedding_request(req);
  return asked ? write_embeddings(*asked, vectors_of(*answer), v.used)
               : outcome_body(std::move(body), v);
}

} // namespace penstock::core
