#include "core/protocol/ollama_request.hpp"
#include "core/json/json_fields.hpp"
#include "core/protocol/request_writer.hpp"

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr std::string_view ollama_path = "/api/chat";

constexpr number_name ollama_numbers[] = {{"temperature", "temperature"},
                                          {"top_p", "top_p"},
                                          {"top_k", "top_k"},
                                          {"min_p", "min_p"},
                                          {"seed", "seed"},
                                          {"presence_penalty", "presence_penalty"},
                                          {"frequency_penalty", "frequency_penalty"},
                                          {"repetition_penalty", "repeat_penalty"}};
constexpr std::string_view ollama_members[] = {"options", "keep_alive", "truncate", "shift"};

using role = chat_message::role;

std::string_view name_of(role from) noexcept {
  switch (from) {
  case role::system: return "system";
  case role::assistant: return "assistant";
  case role::tool: return "tool";
  case role::user: break;
  }
  return "user";
}

json::value thinking_of(std::string_view effort) {
  if (effort == "none")
    return false;
  if (effort == "minimal")
    return "low";
  return json_string(effort == "xhigh" ? "high" : effort);
}

class ollama_writer : request_writer {
public:
  explicit ollama_writer(const chat_request& chat) : request_writer{chat, ollama_path} {}

  result<json::object> write() {
    out_["model"] = json_string(chat_.model);
    write_messages();
    out_["stream"] = false; // Ollama streams by default.
    write_tools();
    if (chat_.answer_format == chat_request::format::json_object)
      out_["format"] = "json";
    else if (chat_.answer_format == chat_request::format::json_schema)
      out_["format"] = *chat_.schema;
    if (!chat_.effort.empty())
      out_["think"] = thinking_of(chat_.effort);
    keep(put_others(chat_, ollama_members, ollama_path, out_));
    write_options();
    if (chat_.answers > 1)
      unsupported("n above 1");
    return finish();
  }

private:
  void write_messages() {
    json::array messages;
    for (size_t i = 0; i < chat_.messages.size(); ++i) {
      auto& message = chat_.messages[i];
      json::object entry{{"role", json_string(name_of(message.from))},
                         {"content", text_of(message)}};
      json::array images, calls;
      for (auto& part : message.parts)
        add_image(part, images);
      for (auto& call : message.calls)
        calls.push_back(json::object{{"function", json::object{{"name", json_string(call.name)},
                                                               {"arguments", call.arguments}}}});
      if (!images.empty())
        entry["images"] = std::move(images);
      if (!calls.empty())
        entry["tool_calls"] = std::move(calls);
      if (message.from == role::tool) {
        const auto called = called_name(chat_, i, message.call_id);
        if (called.empty())
          unknown_call(i);
        entry["tool_name"] = json_string(called);
      }
      messages.push_back(std::move(entry));
    }
    out_["messages"] = std::move(messages);
  }

  void add_image(const chat_part& part, json::array& images) {
    if (part.what == chat_part::kind::text)
      return;
    if (part.what == chat_part::kind::link)
      keep(error{errc::bad_request,
                 "body: Ollama loads no images from the network: send the image as "
                 "\"data:image/png;base64,...\""});
    else if (!part.media_type.starts_with("image/"))
      keep(error{errc::bad_request, "body: Ollama takes text and images only, not " +
                                      std::string{part.media_type.substr(0, 60)} +
                                      ": turn the document into text first"});
    else
      images.push_back(json_string(part.data));
  }

  void write_tools() {
    using choice = chat_request::choice;
    const auto wanted = chat_.tool_choice.value_or(choice::automatic);
    if (chat_.tools.empty() || wanted == choice::none) // Without tools there can be no calls.
      return;
    if (wanted != choice::automatic)
      unsupported("a tool_choice that forces a call");
    if (!chat_.parallel_tool_calls)
      unsupported("parallel_tool_calls = false");
    json::array tools;
    for (auto& tool : chat_.tools) {
      json::object function{{"name", json_string(tool.name)}, {"parameters", parameters_of(tool)}};
      if (!tool.description.empty())
        function["description"] = json_string(tool.description);
      tools.push_back(json::object{{"type", "function"}, {"function", std::move(function)}});
    }
    out_["tools"] = std::move(tools);
  }

  /// Members in OpenAI's form win over the `options` of the body.
  void write_options() {
    json::object options;
    if (const auto* own = out_.if_contains("options")) {
      if (!own->is_object())
        return keep(error{errc::invalid_input, "body: options must be an object"});
      options = own->get_object();
    }
    keep(put_numbers(chat_, ollama_numbers, ollama_path, options));
    if (chat_.output_tokens_max > 0)
      options["num_predict"] = chat_.output_tokens_max;
    if (!chat_.stop.empty())
      options["stop"] = json::array(chat_.stop.begin(), chat_.stop.end());
    if (!options.empty())
      out_["options"] = std::move(options);
  }
};

} // namespace

result<json::object> ollama_request(const chat_request& chat) {
  return ollama_writer{chat}.write();
}

json::object ollama_embedding(const embedding_request& asked) {
  json::object out{{"model", json_string(asked.model)}};
  if (asked.list)
    out["input"] = json::array(asked.inputs.begin(), asked.inputs.end());
  else
    out["input"] = json_string(asked.inputs.front());
  if (asked.dimensions > 0)
    out["dimensions"] = asked.dimensions;
  return out;
}

} // namespace penstock::core
