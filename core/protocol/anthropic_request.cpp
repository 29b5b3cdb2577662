#include "core/protocol/anthropic_request.hpp"
#include "core/base/base64.hpp"
#include "core/base/text.hpp"
#include "core/json/json_fields.hpp"
#include "core/protocol/request_writer.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr std::string_view anthropic_path = "/v1/messages";
constexpr uint64_t output_tokens_default = 4096;
constexpr std::string_view json_wanted = "Answer with one JSON object and nothing else.";

constexpr number_name anthropic_numbers[] = {
  {"temperature", "temperature"}, {"top_p", "top_p"}, {"top_k", "top_k"}, {"seed", ""}};
constexpr std::string_view anthropic_members[] = {"thinking", "cache_control", "container",
                                                  "context_management"};

using role = chat_message::role;

class anthropic_writer : request_writer {
public:
  explicit anthropic_writer(const chat_request& chat) : request_writer{chat, anthropic_path} {}

  result<json::object> write() {
    out_["model"] = json_string(chat_.model);
    out_["max_tokens"] =
      chat_.output_tokens_max > 0 ? chat_.output_tokens_max : output_tokens_default;
    write_messages();
    write_system();
    write_tools();
    write_format();
    keep(put_numbers(chat_, anthropic_numbers, anthropic_path, out_));
    keep(put_others(chat_, anthropic_members, anthropic_path, out_));
    if (const auto* t = out_.if_contains("temperature"); t && t->to_number<double>() > 1)
      keep(error{errc::bad_request, "body: temperature must be from 0 to 1 at this provider"});
    if (chat_.answers > 1)
      unsupported("n above 1");
    if (!chat_.stop.empty())
      out_["stop_sequences"] = json::array(chat_.stop.begin(), chat_.stop.end());
    if (!chat_.user.empty())
      out_["metadata"] = json::object{{"user_id", json_string(chat_.user)}};
    return finish();
  }

private:
  static json::object text_block(std::string_view text, const json::value* cache_control) {
    json::object block{{"type", "text"}, {"text", json_string(text)}};
    if (cache_control)
      block["cache_control"] = *cache_control;
    return block;
  }

  json::object source_of(const chat_part& part, bool image) {
    if (part.what == chat_part::kind::link)
      return {{"type", "url"}, {"url", json_string(part.url)}};
    if (!image && find_nocase(part.media_type, "text/") == 0) {
      // Every kind of plain text is sent as text.
      auto text = base64_decode(part.data);
      if (!text || !is_utf8(*text))
        keep(error{errc::invalid_input, "body: a text file must be UTF-8 in base64"});
      else
        return {{"type", "text"}, {"media_type", "text/plain"}, {"data", *text}};
    } else if (!image && part.media_type != "application/pdf") {
      unsupported("a file of type " + std::string{part.media_type});
    }
    return {{"type", "base64"},
            {"media_type", json_string(part.media_type)},
            {"data", json_string(part.data)}};
  }

  json::object block_of(const chat_part& part) {
    if (part.what == chat_part::kind::text)
      return text_block(part.text, part.cache_control);
    const bool image = part.what == chat_part::kind::link || part.media_type.starts_with("image/");
    json::object block{{"type", image ? "image" : "document"}, {"source", source_of(part, image)}};
    if (!image && !part.name.empty())
      block["title"] = json_string(part.name);
    if (part.cache_control)
      block["cache_control"] = *part.cache_control;
    return block;
  }

  /// Blocks without empty texts, which Anthropic refuses.
  json::array blocks_of(const chat_message& message) {
    json::array blocks;
    for (auto& part : message.parts)
      if (part.what != chat_part::kind::text || !part.text.empty())
        blocks.push_back(block_of(part));
    return blocks;
  }

  /// A single plain text is sent as a text.
  static json::value content_of(json::array blocks) {
    if (blocks.empty())
      return "";
    auto& first = blocks.front().get_object();
    if (blocks.size() == 1 && first.size() == 2 && text_at(first, "type") == "text")
      return first["text"];
    return blocks;
  }

  void write_messages() {
    const bool system_only = only_system_messages();
    for (auto& message : chat_.messages) {
      auto blocks = blocks_of(message);
      if (message.from == role::system && !system_only) {
        for (auto& block : blocks)
          system_.push_back(std::move(block));
      } else if (message.from == role::tool) {
        json::object answer{{"type", "tool_result"}, {"tool_use_id", json_string(message.call_id)}};
        answer["content"] = content_of(std::move(blocks));
        add_turn("user", {std::move(answer)});
      } else {
        for (auto& call : message.calls)
          blocks.push_back(json::object{{"type", "tool_use"},
                                        {"id", json_string(call.id)},
                                        {"name", json_string(call.name)},
                                        {"input", call.arguments}});
        // There must be a message of a user, so a lone system prompt is one.
        add_turn(message.from == role::assistant ? "assistant" : "user", std::move(blocks));
      }
    }
    json::array messages;
    for (auto& [from, blocks] : turns_)
      messages.push_back(
        json::object{{"role", json_string(from)}, {"content", content_of(std::move(blocks))}});
    out_["messages"] = std::move(messages);
  }

  void write_system() {
    if (chat_.answer_format == chat_request::format::json_object)
      system_.push_back(text_block(json_wanted, nullptr));
    if (system_.empty())
      return;
    const bool marked = std::any_of(system_.begin(), system_.end(), [](auto& b) {
      return b.get_object().contains("cache_control");
    });
    if (marked) {
      out_["system"] = std::move(system_);
      return;
    }
    std::string text;
    for (auto& block : system_)
      text.append(text.empty() ? "" : "\n\n").append(text_at(block.get_object(), "text"));
    out_["system"] = text;
  }

  void write_tools() {
    if (chat_.tools.empty())
      return;
    json::array tools;
    for (auto& tool : chat_.tools) {
      json::object entry{{"name", json_string(tool.name)}, {"input_schema", parameters_of(tool)}};
      if (!tool.description.empty())
        entry["description"] = json_string(tool.description);
      if (tool.strict)
        entry["strict"] = true;
      tools.push_back(std::move(entry));
    }
    out_["tools"] = std::move(tools);
    using choice = chat_request::choice;
    if (!chat_.tool_choice && chat_.parallel_tool_calls)
      return;
    json::object wanted{{"type", "auto"}};
    switch (chat_.tool_choice.value_or(choice::automatic)) {
    case choice::automatic: break;
    case choice::none: wanted["type"] = "none"; break;
    case choice::required: wanted["type"] = "any"; break;
    case choice::named: wanted["type"] = "tool"; wanted["name"] = json_string(chat_.tool_name);
    }
    if (!chat_.parallel_tool_calls && wanted["type"] != "none")
      wanted["disable_parallel_tool_use"] = true;
    out_["tool_choice"] = std::move(wanted);
  }

  void write_format() {
    json::object config;
    if (chat_.answer_format == chat_request::format::json_schema)
      config["format"] = json::object{{"type", "json_schema"}, {"schema", *chat_.schema}};
    // Without an effort, keep the default of the model, which is little thinking.
    if (!chat_.effort.empty() && chat_.effort != "none")
      config["effort"] = json_string(chat_.effort == "minimal" ? "low" : chat_.effort);
    if (!config.empty())
      out_["output_config"] = std::move(config);
  }

  json::array system_;
};

} // namespace

result<json::object> anthropic_request(const chat_request& chat) {
  return anthropic_writer{chat}.write();
}

} // namespace penstock::core
