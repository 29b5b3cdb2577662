#include "core/protocol/chat_request.hpp"
#include "core/protocol/chat_messages.hpp"
#include "core/json/json_fields.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <array>

namespace penstock::core {

namespace {

namespace json = boost::json;

/// Members about administration, speed or price: the answer is the same without them.
constexpr std::array<std::string_view, 9> harmless{
  "stream",           "stream_options",         "store",     "metadata",  "service_tier",
  "prompt_cache_key", "prompt_cache_retention", "verbosity", "prediction"};

/// Numbers with different names in protocols; the marked ones have no effect at zero.
struct number_row {
  std::string_view name;
  bool idle_at_zero;
};
constexpr std::array numbers{number_row{"temperature", false},
                             number_row{"top_p", false},
                             number_row{"top_k", false},
                             number_row{"min_p", true},
                             number_row{"seed", false},
                             number_row{"presence_penalty", true},
                             number_row{"frequency_penalty", true},
                             number_row{"repetition_penalty", false}};

/// Whether a member is present but has no effect.
bool says_nothing(std::string_view name, const json::value& v) {
  if (v.is_null())
    return true;
  if (name == "logprobs")
    return v.is_bool() && !v.get_bool();
  if (name == "top_logprobs")
    return v.is_number() && v.to_number<double>() == 0;
  if (name == "logit_bias")
    return v.is_object() && v.get_object().empty();
  if (name == "modalities")
    return v.is_array() && v.get_array().size() == 1 && v.get_array()[0] == "text";
  return false;
}

class reader {
public:
  explicit reader(chat_request& out) : out_{out} {}

  std::optional<error> read(const json::object& body) {
    for (auto& [key, value] : body)
      read_member({key.data(), key.size()}, value);
    if (!fault_ && out_.messages.empty())
      wrong("messages must hold at least one message");
    return fault_;
  }

private:
  using method = void (reader::*)(const json::value&);

  void read_member(std::string_view name, const json::value& value) {
    static constexpr std::pair<std::string_view, method> methods[] = {
      {"model", &reader::read_model},
      {"messages", &reader::read_messages},
      {"tools", &reader::read_tools},
      {"tool_choice", &reader::read_tool_choice},
      {"parallel_tool_calls", &reader::read_parallel},
      {"max_completion_tokens", &reader::read_maximum},
      {"max_tokens", &reader::read_old_maximum},
      {"n", &reader::read_answers},
      {"stop", &reader::read_stop},
      {"user", &reader::read_user},
      {"safety_identifier", &reader::read_identifier},
      {"response_format", &reader::read_format},
      {"reasoning_effort", &reader::read_effort},
    };
    if (says_nothing(name, value) ||
        std::find(harmless.begin(), harmless.end(), name) != harmless.end())
      return;
    for (auto& [key, read] : methods)
      if (key == name)
        return (this->*read)(value);
    for (auto& row : numbers)
      if (row.name == name) {
        if (!value.is_number())
          return wrong(std::string{name} + " must be a number");
        if (!row.idle_at_zero || value.to_number<double>() != 0)
          out_.numbers.push_back({name, &value});
        return;
      }
    out_.others.push_back({name, &value});
  }

  void read_model(const json::value& v) { out_.model = text(v, "model"); }
  void read_user(const json::value& v) {
    if (const auto name = text(v, "user"); out_.user.empty())
      out_.user = name;
  }
  void read_identifier(const json::value& v) {
    if (const auto id = text(v, "safety_identifier"); !id.empty())
      out_.user = id;
  }

  void read_messages(const json::value& v) {
    auto read = read_chat_messages(v);
    if (read)
      out_.messages = std::move(*read);
    else
      keep(read.error());
  }

  void read_tools(const json::value& v) {
    const auto* list = v.if_array();
    if (!list)
      return wrong("tools must be a list");
    for (size_t i = 0; i < list->size(); ++i) {
      const auto where = "tools[" + std::to_string(i) + "]";
      const auto* entry = (*list)[i].if_object();
      const auto* function = entry ? object_at(*entry, "function") : nullptr;
      if (!function || (entry->contains("type") && text_at(*entry, "type") != "function"))
        return wrong(where + " must be {\"type\":\"function\",\"function\":{...}}");
      chat_tool tool{text_at(*function, "name"), text_at(*function, "description"), nullptr, false};
      if (tool.name.empty())
        return wrong(where + ".function.name is missing");
      if (has_value(*function, "parameters"))
        tool.parameters = function->if_contains("parameters");
      if (tool.parameters && !tool.parameters->is_object())
        return wrong(where + ".function.parameters must be a JSON schema");
      const auto* strict = function->if_contains("strict");
      tool.strict = strict && strict->is_bool() && strict->get_bool();
      out_.tools.push_back(tool);
    }
  }

  void read_tool_choice(const json::value& v) {
    using choice = chat_request::choice;
    if (v.is_string()) {
      constexpr std::pair<std::string_view, choice> words[] = {
        {"auto", choice::automatic}, {"none", choice::none}, {"required", choice::required}};
      for (auto& [word, meaning] : words)
        if (v.get_string() == word)
          out_.tool_choice = meaning;
    } else if (const auto* o = v.if_object()) {
      if (const auto* function = object_at(*o, "function"))
        out_.tool_name = text_at(*function, "name");
      if (!out_.tool_name.empty())
        out_.tool_choice = choice::named;
    }
    if (!out_.tool_choice)
      wrong("tool_choice must be \"auto\", \"none\", \"required\" or "
            "{\"type\":\"function\",\"function\":{\"name\":\"...\"}}");
  }

  void read_parallel(const json::value& v) {
    if (!v.is_bool())
      return wrong("parallel_tool_calls must be true or false");
    out_.parallel_tool_calls = v.get_bool();
  }

  void read_maximum(const json::value& v) {
    out_.output_tokens_max = count(v, "max_completion_tokens");
  }
  void read_old_maximum(const json::value& v) {
    if (const auto n = count(v, "max_tokens"); out_.output_tokens_max == 0)
      out_.output_tokens_max = n;
  }
  void read_answers(const json::value& v) { out_.answers = count(v, "n"); }

  void read_stop(const json::value& v) {
    if (v.is_string())
      return out_.stop.push_back(v.get_string());
    const auto* list = v.if_array();
    if (!list || !std::all_of(list->begin(), list->end(), [](auto& s) { return s.is_string(); }))
      return wrong("stop must be text or a list of texts");
    for (auto& entry : *list)
      out_.stop.push_back(entry.get_string());
  }

  void read_format(const json::value& v) {
    const auto* o = v.if_object();
    const auto type = o ? text_at(*o, "type") : std::string_view{};
    if (type == "text")
      return;
    if (type == "json_object") {
      out_.answer_format = chat_request::format::json_object;
      return;
    }
    const auto* named = o ? object_at(*o, "json_schema") : nullptr;
    if (type != "json_schema" || !named || !object_at(*named, "schema"))
      return wrong(
        "response_format must be {\"type\":\"text\"}, {\"type\":\"json_object\"} or "
        "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"...\",\"schema\":{...}}}");
    out_.answer_format = chat_request::format::json_schema;
    out_.schema = named->if_contains("schema");
  }

  void read_effort(const json::value& v) {
    constexpr std::array<std::string_view, 7> words{"none", "minimal", "low", "medium",
                                                    "high", "xhigh",   "max"};
    out_.effort = text(v, "reasoning_effort");
    if (!fault_ && std::find(words.begin(), words.end(), out_.effort) == words.end())
      wrong("reasoning_effort must be one of none, minimal, low, medium, high, xhigh, max");
  }

  std::string_view text(const json::value& v, std::string_view name) {
    if (const auto* s = v.if_string())
      return *s;
    wrong(std::string{name} + " must be text");
    return {};
  }

  uint64_t count(const json::value& v, std::string_view name) {
    constexpr double believable = 1e9;
    const auto n = v.is_number() ? v.to_number<double>() : 0;
    if (n >= 1 && n <= believable && n == static_cast<double>(static_cast<uint64_t>(n)))
      return static_cast<uint64_t>(n);
    wrong(std::string{name} + " must be a whole number of at least 1");
    return 1;
  }

  void wrong(std::string what) { keep({errc::invalid_input, "body: " + std::move(what)}); }
  void keep(error e) {
    if (!fault_) // Keep the first one.
      fault_ = std::move(e);
  }

  chat_request& out_;
  std::optional<error> fault_;
};

} // namespace

result<chat_request> read_chat_request(const request& req) {
  constexpr size_t depth_max = 200; // As for an input line.
  json::error_code ec;
  json::parse_options options;
  options.max_depth = depth_max;
  const auto bytes = req.body ? std::string_view{*req.body} : std::string_view{};
  auto value =
    std::make_shared<const json::value>(json::parse({bytes.data(), bytes.size()}, ec, {}, options));
  if (ec || !value->is_object())
    return error{errc::invalid_input, "body must be a JSON object"};
  chat_request chat;
  chat.document = value;
  if (auto fault = reader{chat}.read(value->get_object()))
    return *fault;
  if (chat.model.empty())
    chat.model = req.model;
  if (chat.model.empty())
    return error{errc::invalid_input, "body: model is missing; name one, or set run.model"};
  return chat;
}

error no_equivalent(std::string_view what, std::string_view native_path) {
  return {errc::bad_request, "body: " + clean_text(what, 100) +
                               " has no equivalent at this provider: leave it out, or send the "
                               "provider's own body to " +
                               std::string{native_path}};
}

std::optional<error> put_numbers(const chat_request& chat, std::span<const number_name> names,
                                 std::string_view native_path, json::object& out) {
  for (auto& [name, value] : chat.numbers) {
    const auto row = std::find_if(names.begin(), names.end(),
                                  [n = name](const number_name& r) { return r.from == n; });
    if (row == names.end())
      return no_equivalent(name, native_path);
    if (!row->to.empty())
      out[row->to] = *value;
  }
  return std::nullopt;
}

std::optional<error> put_others(const chat_request& chat, std::span<const std::string_view> known,
                                std::string_view native_path, json::object& out) {
  for (auto& [name, value] : chat.others) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      return no_equivalent(name, native_path);
    out[name] = *value;
  }
  return std::nullopt;
}

json::value parameters_of(const chat_tool& tool) {
  if (tool.parameters)
    return *tool.parameters;
  return json::object{{"type", "object"}, {"properties", json::object{}}};
}

std::string text_of(const chat_message& message) {
  std::string out;
  for (auto& part : message.parts)
    if (part.what == chat_part::kind::text)
      out.append(out.empty() ? "" : "\n").append(part.text);
  return out;
}

std::string_view called_name(const chat_request& chat, size_t before, std::string_view id) {
  for (auto i = std::min(before, chat.messages.size()); i-- > 0;)
    for (auto& call : chat.messages[i].calls)
      if (call.id == id)
        return call.name;
  return {};
}

} // namespace penstock::core
