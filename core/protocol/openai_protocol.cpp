#include "core/base/finish.hpp"
#include "core/base/text.hpp"
#include "core/json/json_fields.hpp"
#include "core/protocol/protocol_hooks.hpp"

#include <boost/json.hpp>

#include <algorithm>

// The API of OpenAI, which most other servers speak too. Bodies go out and come back as they are.

namespace penstock::core {

namespace {

namespace json = boost::json;

/// Whether content holds a word: a text that is not blank, or a part other than text.
bool has_words(const json::value* content) noexcept {
  if (!content)
    return false;
  if (const auto* text = content->if_string())
    return !trim(*text).empty();
  const auto* parts = content->if_array();
  return parts && std::ranges::any_of(*parts, [](auto& entry) {
           const auto* part = entry.if_object();
           const auto* text = part ? part->if_contains("text") : nullptr;
           return part && (!text || has_words(text));
         });
}

/// Whether a chat message answers anything: words, a refusal, calls or audio. Reasoning alone is no
/// answer.
bool answers(const json::object& message) noexcept {
  return has_words(message.if_contains("content")) || filled_array_at(message, "tool_calls") ||
         has_value(message, "function_call") || has_value(message, "audio") ||
         !text_at(message, "refusal").empty();
}

/// Judges choices one by one. An answer of several choices is empty only if all of them are.
class choice_judge {
public:
  choice_judge(const request& req, verdict& v) : req_{req}, v_{v} {}

  /// @param answered Whether the choice says anything. @returns false if the answer has failed.
  bool take(const json::object& choice, bool answered) {
    const auto reason = text_at(choice, "finish_reason");
    const auto* error = choice.if_contains("error");
    const auto why = finish_of(dialect::openai, reason);
    if (why == finish::broken || (error && error->is_object())) {
      fail_broken(req_, reason, error, v_);
      return false;
    }
    any_ |= answered || why == finish::filtered;
    cut_ |= why == finish::cut;
    return true;
  }
  void finish_up() {
    if (any_ && cut_)
      note_cut(v_);
    else if (!any_)
      cut_ ? fail_before_text(v_) : fail_empty(v_);
  }

private:
  const request& req_;
  verdict& v_;
  bool any_ = false, cut_ = false;
};

void check_openai_chat(const request& req, const json::object& answer, verdict& v) {
  const auto* choices = filled_array_at(answer, "choices");
  if (!choices)
    return fail(v, reply_kind::malformed, "the answer has no choices");
  choice_judge judge{req, v};
  for (size_t i = 0; i < choices->size(); ++i) {
    const auto* choice = (*choices)[i].if_object();
    const auto* message = choice ? object_at(*choice, "message") : nullptr;
    const auto why =
      choice ? finish_of(dialect::openai, text_at(*choice, "finish_reason")) : finish::whole;
    if (!choice || (!message && why == finish::whole && !choice->contains("error")))
      return fail(v, reply_kind::malformed, "choices[" + std::to_string(i) + "] has no message");
    if (!judge.take(*choice, message && answers(*message)))
      return;
  }
  judge.finish_up();
}

void check_openai_completion(const request& req, const json::object& answer, verdict& v) {
  const auto* choices = filled_array_at(answer, "choices");
  if (!choices)
    return fail(v, reply_kind::malformed, "the answer has no choices");
  choice_judge judge{req, v};
  for (auto& entry : *choices) {
    const auto* choice = entry.if_object();
    const auto* text = choice ? choice->if_contains("text") : nullptr;
    if (!text || !text->is_string())
      return fail(v, reply_kind::malformed, "a choice of the answer has no text");
    // Whoever asks for log probabilities alone gets no text.
    if (!judge.take(*choice, !trim(text->get_string()).empty() || has_value(*choice, "logprobs")))
      return;
  }
  judge.finish_up();
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
  const auto* output = filled_array_at(answer, "output");
  if (!output && status != "incomplete")
    return fail(v, reply_kind::malformed, "the response has no output");
  // Reasoning alone is no answer; calls, searches and whatever else there is are.
  const bool answered = output && std::ranges::any_of(*output, [](auto& entry) {
                          const auto* item = entry.if_object();
                          const auto type = item ? text_at(*item, "type") : std::string_view{};
                          if (type != "message")
                            return !type.empty() && type != "reasoning";
                          const auto* parts = item->if_contains("content");
                          return !parts || has_words(parts);
                        });
  const auto* details = object_at(answer, "incomplete_details");
  const auto why =
    details ? finish_of(dialect::responses, text_at(*details, "reason")) : finish::whole;
  const bool cut = why == finish::cut || (status == "incomplete" && why == finish::whole);
  if (answered && cut)
    note_cut(v);
  else if (!answered && why != finish::filtered)
    cut ? fail_before_text(v) : fail_empty(v);
}

void check_openai(const request& req, const json::object& answer, verdict& v) {
  v.used = read_usage(answer);
  const auto path = bare_path(req.url);
  if (path.ends_with("/chat/completions"))
    check_openai_chat(req, answer, v);
  else if (path.ends_with("/completions"))
    check_openai_completion(req, answer, v);
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
