#include "core/protocol/chat_answer.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/parsed_json.hpp"
#include "core/base/text.hpp"

namespace penstock::core {

namespace json = boost::json;

json::object call_object(std::string_view id, size_t number, std::string_view name,
                         const json::value* arguments) {
  const auto own = id.empty() ? "call_" + std::to_string(number) : std::string{id};
  const auto text = arguments && arguments->is_object() ? json::serialize(*arguments) : "{}";
  return {{"id", own},
          {"type", "function"},
          {"function", json::object{{"name", json_string(name)}, {"arguments", text}}}};
}

std::string write_chat_answer(const chat_answer& answer, const usage& used) {
  json::array choices;
  for (size_t i = 0; i < answer.choices.size(); ++i) {
    auto& c = answer.choices[i];
    json::object message{{"role", "assistant"},
                         {"content", c.content ? json_string(*c.content) : json::value{}},
                         {"refusal", c.refusal.empty() ? json::value{} : json_string(c.refusal)}};
    if (!c.reasoning.empty())
      message["reasoning_content"] = json_string(c.reasoning);
    if (!c.calls.empty())
      message["tool_calls"] = c.calls;
    choices.push_back(json::object{
      {"index", i}, {"message", std::move(message)}, {"finish_reason", json_string(c.finish)}});
  }
  json::object out{{"id", json_string(answer.id)},
                   {"object", "chat.completion"},
                   {"created", answer.created},
                   {"model", json_string(answer.model)},
                   {"choices", std::move(choices)}};
  if (used.known)
    out["usage"] = json::object{
      {"prompt_tokens", used.input_tokens},
      {"completion_tokens", used.output_tokens},
      {"total_tokens", used.input_tokens + used.output_tokens},
      {"prompt_tokens_details", json::object{{"cached_tokens", used.cached_input_tokens}}},
      {"completion_tokens_details", json::object{{"reasoning_tokens", used.reasoning_tokens}}}};
  return json::serialize(out);
}

std::optional<json::object> answer_object(std::string_view body) {
  json::error_code ec;
  json::parse_options options;
  options.max_depth = json_depth_max;
  const auto text = skip_noise(body);
  auto value = json::parse({text.data(), text.size()}, ec, {}, options);
  if (ec || !value.is_object())
    return std::nullopt;
  return std::move(value.get_object());
}

} // namespace penstock::core
