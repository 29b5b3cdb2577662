#include "core/protocol/gemini_request.hpp"
#include "core/base/text.hpp"
#include "core/json/json_fields.hpp"
#include "core/protocol/request_writer.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr std::string_view gemini_path = "/v1beta/models/MODEL:generateContent";

constexpr number_name gemini_numbers[] = {{"temperature", "temperature"},
                                          {"top_p", "topP"},
                                          {"top_k", "topK"},
                                          {"seed", "seed"},
                                          {"presence_penalty", "presencePenalty"},
                                          {"frequency_penalty", "frequencyPenalty"}};
constexpr std::string_view gemini_members[] = {"safetySettings", "cachedContent"};

using role = chat_message::role;

/// The likely media type of an address, because Gemini needs one.
std::string_view type_of_link(std::string_view url) noexcept {
  constexpr std::pair<std::string_view, std::string_view> types[] = {
    {".png", "image/png"},   {".jpg", "image/jpeg"},  {".jpeg", "image/jpeg"},
    {".webp", "image/webp"}, {".heic", "image/heic"}, {".heif", "image/heif"}};
  const auto path = url.substr(0, url.find_first_of("?#"));
  for (auto& [ending, type] : types)
    if (path.size() > ending.size() &&
        find_nocase(path.substr(path.size() - ending.size()), ending) == 0)
      return type;
  return "image/jpeg";
}

json::object part_of(const chat_part& part) {
  switch (part.what) {
  case chat_part::kind::text: return {{"text", json_string(part.text)}};
  case chat_part::kind::link:
    return {{"fileData", json::object{{"fileUri", json_string(part.url)},
                                      {"mimeType", json_string(type_of_link(part.url))}}}};
  case chat_part::kind::media: break;
  }
  return {{"inlineData", json::object{{"mimeType", json_string(part.media_type)},
                                      {"data", json_string(part.data)}}}};
}

/// The amount of thinking: tokens for the second generation, levels for later ones.
json::object thinking_of(std::string_view model, std::string_view effort) {
  const bool high = effort == "high" || effort == "xhigh" || effort == "max";
  if (model.find("gemini-2") != model.npos) {
    const int tokens = effort == "none" ? 0 : high ? 24576 : effort == "medium" ? 8192 : 1024;
    return {{"thinkingBudget", tokens}};
  }
  return {{"thinkingLevel", json_string(high ? "high" : effort == "none" ? "minimal" : effort)}};
}

class gemini_writer : request_writer {
public:
  explicit gemini_writer(const chat_request& chat) : request_writer{chat, gemini_path} {}

  result<json::object> write() {
    write_contents();
    write_tools();
    write_config();
    keep(put_others(chat_, gemini_members, gemini_path, out_));
    return finish();
  }

private:
  void add(std::string_view from, json::array parts) {
    if (!turns_.empty() && turns_.back().first == from)
      for (auto& part : parts)
        turns_.back().second.push_back(std::move(part));
    else
      turns_.emplace_back(from, std::move(parts));
  }

  json::object response_part(const chat_message& message, size_t at) {
    const auto called = called_name(chat_, at, message.call_id);
    if (called.empty())
      unknown_call(at);
    return {
      {"functionResponse", json::object{{"id", json_string(message.call_id)},
                                        {"name", json_string(called)},
                                        {"response", json::object{{"output", text_of(message)}}}}}};
  }

  static json::object call_part(const chat_call& call) {
    json::object inner{{"name", json_string(call.name)}, {"args", call.arguments}};
    if (!call.id.empty())
      inner["id"] = json_string(call.id);
    json::object part{{"functionCall", std::move(inner)}};
    if (!call.signature.empty())
      part["thoughtSignature"] = json_string(call.signature);
    return part;
  }

  void write_contents() {
    const bool system_only = only_system_messages();
    json::array system;
    for (size_t i = 0; i < chat_.messages.size(); ++i) {
      auto& message = chat_.messages[i];
      json::array parts;
      if (message.from == role::tool)
        parts.push_back(response_part(message, i));
      for (auto& part : message.parts)
        if (message.from != role::tool || part.what != chat_part::kind::text)
          parts.push_back(part_of(part));
      for (auto& call : message.calls)
        parts.push_back(call_part(call));
      if (message.from == role::system && !system_only)
        for (auto& part : parts)
          system.push_back(std::move(part));
      else // There must be contents, so a lone system prompt is one.
        add_turn(message.from == role::assistant ? "model" : "user", std::move(parts));
    }
    if (!system.empty())
      out_["systemInstruction"] = json::object{{"parts", std::move(system)}};
    json::array contents;
    for (auto& [from, parts] : turns_)
      contents.push_back(json::object{{"role", json_string(from)}, {"parts", std::move(parts)}});
    out_["contents"] = std::move(contents);
  }

  void write_tools() {
    if (chat_.tools.empty())
      return;
    json::array functions;
    for (auto& tool : chat_.tools) {
      json::object entry{{"name", json_string(tool.name)}};
      if (!tool.description.empty())
        entry["description"] = json_string(tool.description);
      if (tool.parameters)
        entry["parametersJsonSchema"] = *tool.parameters;
      functions.push_back(std::move(entry));
    }
    out_["tools"] = json::array{json::object{{"functionDeclarations", std::move(functions)}}};
    if (!chat_.parallel_tool_calls)
      unsupported("parallel_tool_calls = false");
    if (!chat_.tool_choice)
      return;
    using choice = chat_request::choice;
    json::object wanted{{"mode", "ANY"}};
    switch (*chat_.tool_choice) {
    case choice::automatic: wanted["mode"] = "AUTO"; break;
    case choice::none: wanted["mode"] = "NONE"; break;
    case choice::required: break;
    case choice::named: wanted["allowedFunctionNames"] = json::array{json_string(chat_.tool_name)};
    }
    out_["toolConfig"] = json::object{{"functionCallingConfig", std::move(wanted)}};
  }

  void write_config() {
    json::object config;
    keep(put_numbers(chat_, gemini_numbers, gemini_path, config));
    if (chat_.output_tokens_max > 0)
      config["maxOutputTokens"] = chat_.output_tokens_max;
    if (!chat_.stop.empty())
      config["stopSequences"] = json::array(chat_.stop.begin(), chat_.stop.end());
    if (chat_.answers > 1)
      config["candidateCount"] = chat_.answers;
    if (chat_.answer_format != chat_request::format::text)
      config["responseMimeType"] = "application/json";
    if (chat_.answer_format == chat_request::format::json_schema)
      config["responseJsonSchema"] = *chat_.schema;
    if (!chat_.effort.empty())
      config["thinkingConfig"] = thinking_of(chat_.model, chat_.effort);
    if (!config.empty())
      out_["generationConfig"] = std::move(config);
  }
};

} // namespace

result<json::object> gemini_request(const chat_request& chat) {
  return gemini_writer{chat}.write();
}

json::object gemini_embedding(const embedding_request& asked) {
  const auto one = [&](std::string_view text) {
    json::object out{
      {"content", json::object{{"parts", json::array{json::object{{"text", json_string(text)}}}}}}};
    if (asked.dimensions > 0)
      out["outputDimensionality"] = asked.dimensions;
    return out;
  };
  if (!asked.list)
    return one(asked.inputs.front());
  const auto model = asked.model.find('/') == std::string_view::npos
                       ? "models/" + std::string{asked.model}
                       : std::string{asked.model};
  json::array requests;
  for (auto text : asked.inputs) {
    auto entry = one(text);
    entry["model"] = model; // Each entry repeats it.
    requests.push_back(std::move(entry));
  }
  return {{"requests", std::move(requests)}};
}

result<std::string> gemini_model_path(std::string_view model) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-._~/";
  constexpr char digits[] = "0123456789ABCDEF";
  if (model.find("..") != model.npos || model.find("//") != model.npos || model.starts_with('/') ||
      model.ends_with('/') || model.empty())
    return error{errc::invalid_input,
                 "body: model \"" + clean_text(model, 100) + "\" is no name of a model"};
  std::string out = model.find('/') == model.npos ? "models/" : "";
  for (char c : model) {
    if (plain.find(c) != plain.npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

} // namespace penstock::core
