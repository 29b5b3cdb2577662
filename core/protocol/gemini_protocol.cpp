#include "core/base/finish.hpp"
#include "core/base/text.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/json_scan.hpp"
#include "core/protocol/embedding_shape.hpp"
#include "core/protocol/gemini_request.hpp"
#include "core/protocol/protocol_hooks.hpp"

#include <boost/json.hpp>

#include <algorithm>

// The API of Gemini (generateContent). README.md of this room lists what differs after translation.

namespace penstock::core {

namespace {

namespace json = boost::json;

usage gemini_usage(const json::object& answer) noexcept {
  usage u;
  const auto* counts = object_at(answer, "usageMetadata");
  const auto prompt = counts ? count_at(*counts, "promptTokenCount") : std::nullopt;
  if (!prompt)
    return u;
  const auto count = [counts](std::string_view key) { return count_at(*counts, key).value_or(0); };
  u.input_tokens = *prompt + count("toolUsePromptTokenCount");
  u.cached_input_tokens = std::min(count("cachedContentTokenCount"), u.input_tokens);
  u.reasoning_tokens = count("thoughtsTokenCount");
  u.output_tokens = count("candidatesTokenCount") + u.reasoning_tokens;
  u.known = u.input_tokens + u.output_tokens > 0;
  return u;
}

const json::array* gemini_parts(const json::object& candidate) noexcept {
  const auto* content = object_at(candidate, "content");
  return content ? filled_array_at(*content, "parts") : nullptr;
}

std::string_view block_reason(const json::object& answer) noexcept {
  const auto* feedback = object_at(answer, "promptFeedback");
  return feedback ? text_at(*feedback, "blockReason") : std::string_view{};
}

/// Whether a candidate answers anything: thoughts alone do not.
bool candidate_answers(const json::object& candidate) noexcept {
  const auto* parts = gemini_parts(candidate);
  return parts && std::ranges::any_of(*parts, [](auto& entry) {
           const auto* part = entry.if_object();
           if (!part || is_true_at(*part, "thought"))
             return false;
           return !part->contains("text") || !trim(text_at(*part, "text")).empty();
         });
}

void check_gemini_content(const json::object& answer, verdict& v) {
  const auto* candidates = filled_array_at(answer, "candidates");
  if (!candidates && !block_reason(answer).empty())
    return;
  if (!candidates)
    return fail(v, reply_kind::malformed, "the answer has no candidates");
  bool any = false, cut = false;
  for (auto& entry : *candidates) {
    const auto* candidate = entry.if_object();
    const auto reason = candidate ? text_at(*candidate, "finishReason") : std::string_view{};
    if (reason.empty())
      return fail(v, reply_kind::malformed, "a candidate has no finishReason");
    const auto why = finish_of(dialect::gemini, reason);
    if (why == finish::broken)
      return fail(v, reply_kind::malformed, "the model failed: " + std::string{reason});
    any |= why == finish::filtered || candidate_answers(*candidate);
    cut |= why == finish::cut;
  }
  if (any && cut)
    note_cut(v);
  else if (!any)
    cut ? fail_before_text(v) : fail_empty(v);
}

/// The vectors of an answer to `:embedContent` or `:batchEmbedContents`.
std::vector<const json::value*> gemini_vectors(const json::object& answer) {
  std::vector<const json::value*> out;
  const auto add = [&](const json::object* o) {
    if (o && filled_array_at(*o, "values"))
      out.push_back(o->if_contains("values"));
  };
  if (const auto* list = filled_array_at(answer, "embeddings"))
    for (auto& entry : *list)
      add(entry.if_object());
  else
    add(object_at(answer, "embedding"));
  return out;
}

void check_gemini(const request& req, const json::object& answer, verdict& v) {
  v.used = gemini_usage(answer);
  const auto path = bare_path(req.url);
  if (path.ends_with("/chat/completions") || path.ends_with(":generateContent"))
    check_gemini_content(answer, v);
  else if (path.ends_with("/embeddings"))
    check_vectors(gemini_vectors(answer), inputs_of(req), v);
  else if (path.ends_with(":embedContent") || path.ends_with(":batchEmbedContents"))
    check_vectors(gemini_vectors(answer), 0, v);
}

chat_choice gemini_choice(const json::object& candidate, const std::string& id) {
  chat_choice choice;
  const auto* parts = gemini_parts(candidate);
  for (size_t i = 0; parts && i < parts->size(); ++i) {
    const auto* part = (*parts)[i].if_object();
    if (!part)
      continue;
    const auto text = text_at(*part, "text");
    if (is_true_at(*part, "thought"))
      choice.reasoning += text;
    else if (part->contains("text"))
      choice.content = choice.content.value_or("").append(text);
    else if (const auto* call = object_at(*part, "functionCall")) {
      auto own = std::string{text_at(*call, "id")};
      if (own.empty()) // Ids must differ within a conversation.
        own = "call_" + id + '_' + std::to_string(choice.calls.size());
      auto entry = call_object(own, 0, text_at(*call, "name"), call->if_contains("args"));
      if (const auto signature = text_at(*part, "thoughtSignature"); !signature.empty())
        entry["extra_content"] =
          json::object{{"google", json::object{{"thought_signature", json_string(signature)}}}};
      choice.calls.push_back(std::move(entry));
    }
  }
  const auto reason = text_at(candidate, "finishReason");
  if (finish_of(dialect::gemini, reason) == finish::cut)
    choice.finish = "length";
  else if (reason != "STOP")
    choice.finish = "content_filter";
  else if (!choice.calls.empty())
    choice.finish = "tool_calls";
  if (choice.finish == "content_filter") {
    const auto why = text_at(candidate, "finishMessage");
    choice.refusal =
      why.empty() ? "The answer was filtered: " + std::string{reason} : std::string{why};
  } else if (!choice.content && choice.calls.empty()) {
    choice.content = "";
  }
  return choice;
}

chat_answer read_gemini_chat(const request& req, const json::object& answer) {
  chat_answer out;
  out.id = text_at(answer, "responseId");
  out.model = text_at(answer, "modelVersion");
  if (out.model.empty())
    out.model = req.model;
  if (const auto* candidates = filled_array_at(answer, "candidates")) {
    for (auto& entry : *candidates)
      if (const auto* candidate = entry.if_object())
        out.choices.push_back(gemini_choice(*candidate, out.id));
  } else {
    auto& choice = out.choices.emplace_back();
    choice.refusal = "The prompt was blocked: " + std::string{block_reason(answer)};
    choice.finish = "content_filter";
  }
  return out;
}

/// A body for a method of Gemini, with the model of the request in the path. A `model` in the body
/// was put there by the run or a route; Gemini does not know it.
result<native_call> own_gemini_call(const request& req) {
  native_call out{req.url, req.body};
  const auto bytes = req.body ? std::string_view{*req.body} : std::string_view{};
  if (req.model.empty() || !find_member(bytes, "model"))
    return out;
  const auto model = gemini_model_path(req.model);
  if (!model)
    return model.error();
  const auto colon = out.path.rfind(':', std::min(out.path.find('?'), out.path.size()));
  for (std::string_view folder : {"/models/", "/tunedModels/"})
    if (const auto at = out.path.find(folder); at != out.path.npos && at < colon)
      out.path.replace(at + 1, colon - at - 1, *model);
  std::string text;
  for (member_scanner scan{bytes}; scan.next();)
    if (!scan.key_is("model"))
      text.append(text.empty() ? "{\"" : ",\"")
        .append(scan.raw_key())
        .append("\":")
        .append(scan.value());
  out.body = make_payload(text.empty() ? "{}" : text + '}');
  return out;
}

result<native_call> translate_gemini(const protocol_info& row, const request& req, api_path kind) {
  if (bare_path(req.url).ends_with(":streamGenerateContent"))
    return error{errc::invalid_input, "url: answers are taken whole: use :generateContent"};
  if (kind == api_path::own)
    return own_gemini_call(req);
  if (kind != api_path::chat && kind != api_path::embeddings)
    return wrong_path(row, req.url);
  std::string method;
  std::string_view model;
  json::object body;
  std::shared_ptr<const json::value> owner; // Of the model's name.
  if (kind == api_path::chat) {
    const auto chat = read_chat_request(req);
    if (!chat)
      return chat.error();
    auto native = gemini_request(*chat);
    if (!native)
      return native.error();
    body = std::move(*native);
    method = ":generateContent";
    model = chat->model;
    owner = chat->document;
  } else {
    const auto asked = read_embedding_request(req);
    if (!asked)
      return asked.error();
    body = gemini_embedding(*asked);
    method = asked->list ? ":batchEmbedContents" : ":embedContent";
    model = asked->model;
    owner = asked->document;
  }
  const auto place = gemini_model_path(model);
  if (!place)
    return place.error();
  return native_call{"/v1beta/" + *place + method, make_payload(json::serialize(body))};
}

} // namespace

bool is_gemini_path(std::string_view path) noexcept {
  const auto last = path.substr(std::min(path.rfind('/'), path.size()));
  const bool of_model =
    path.find("/models/") != path.npos || path.find("/tunedModels/") != path.npos;
  return of_model && last.find(':') != last.npos;
}

// "/openai" is the ending of Google's OpenAI-compatible address, which people also give.
const protocol_hooks gemini_hooks{.translate = translate_gemini,
                                  .check = check_gemini,
                                  .key = {"x-goog-api-key"},
                                  .foreign_endings = {"/openai"},
                                  .read_chat = read_gemini_chat,
                                  .read_vectors = gemini_vectors};

} // namespace penstock::core
