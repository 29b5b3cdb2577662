#include "core/protocol/chat_messages.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/parsed_json.hpp"
#include "core/base/text.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

namespace json = boost::json;

std::string place(std::string_view list, size_t i) {
  return std::string{list} + '[' + std::to_string(i) + ']';
}

error wrong(std::string what) { return {errc::invalid_input, "body: " + std::move(what)}; }

bool is_base64(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
  });
}

/// Parses "data:application/pdf;base64,JVBERi0...". @returns whether it is such a URL.
bool read_data_url(std::string_view url, chat_part& out) noexcept {
  if (find_nocase(url.substr(0, 5), "data:") != 0)
    return false;
  const auto comma = url.find(',');
  if (comma == url.npos)
    return false;
  const auto head = url.substr(5, comma - 5);
  if (!to_lower(head.substr(head.size() - std::min<size_t>(head.size(), 7))).ends_with(";base64"))
    return false;
  out.what = chat_part::kind::media;
  out.media_type = head.substr(0, head.find(';'));
  out.data = url.substr(comma + 1);
  return !out.media_type.empty() && !out.data.empty() && is_base64(out.data);
}

using part_result = result<chat_part>;

part_result read_text(const json::object& o, const std::string& where, std::string_view key) {
  const auto* v = o.if_contains(key);
  if (!v || !v->is_string())
    return wrong(where + '.' + std::string{key} + " must be text");
  chat_part part;
  part.text = v->get_string();
  part.cache_control = has_value(o, "cache_control") ? o.if_contains("cache_control") : nullptr;
  return part;
}

part_result read_image(const json::object& o, const std::string& where) {
  const auto* image = object_at(o, "image_url");
  const auto url = image ? text_at(*image, "url") : text_at(o, "image_url");
  chat_part part;
  if (find_nocase(url, "https://") == 0 || find_nocase(url, "http://") == 0) {
    part.what = chat_part::kind::link;
    part.url = url;
  } else if (!read_data_url(url, part) || !part.media_type.starts_with("image/")) {
    return wrong(where + ".image_url.url must be an https address or "
                         "\"data:image/png;base64,...\" (or another image type)");
  }
  part.cache_control = has_value(o, "cache_control") ? o.if_contains("cache_control") : nullptr;
  return part;
}

part_result read_file(const json::object& o, const std::string& where) {
  const auto* file = object_at(o, "file");
  if (!file)
    return wrong(where + ".file must be an object with file_data");
  chat_part part;
  part.name = text_at(*file, "filename");
  part.cache_control = has_value(o, "cache_control") ? o.if_contains("cache_control") : nullptr;
  if (!read_data_url(text_at(*file, "file_data"), part))
    return wrong(where + ".file.file_data must be \"data:application/pdf;base64,...\"" +
                 (has_value(*file, "file_id") ? "; a file_id is known at OpenAI only" : ""));
  return part;
}

part_result read_audio(const json::object& o, const std::string& where) {
  const auto* audio = object_at(o, "input_audio");
  const auto format = audio ? text_at(*audio, "format") : std::string_view{};
  chat_part part;
  part.what = chat_part::kind::media;
  part.media_type = format == "mp3" ? "audio/mp3" : "audio/wav";
  part.data = audio ? text_at(*audio, "data") : std::string_view{};
  if ((format != "wav" && format != "mp3") || part.data.empty() || !is_base64(part.data))
    return wrong(where + ".input_audio must have data in base64 and the format wav or mp3");
  return part;
}

part_result read_part(const json::value& v, const std::string& where) {
  const auto* o = v.if_object();
  const auto type = o ? text_at(*o, "type") : std::string_view{};
  if (type == "text")
    return read_text(*o, where, "text");
  if (type == "refusal")
    return read_text(*o, where, "refusal");
  if (type == "image_url")
    return read_image(*o, where);
  if (type == "file")
    return read_file(*o, where);
  if (type == "input_audio")
    return read_audio(*o, where);
  return wrong(where + ".type must be text, image_url, file or input_audio" +
               (type.empty() ? "" : ", is \"" + clean_text(type, 40) + '"'));
}

result<chat_call> read_call(const json::value& v, const std::string& where) {
  const auto* o = v.if_object();
  const auto* function = o ? object_at(*o, "function") : nullptr;
  chat_call call;
  if (function)
    call.name = text_at(*function, "name");
  if (call.name.empty())
    return wrong(where + " must be {\"id\":\"...\",\"type\":\"function\",\"function\":{...}}");
  call.id = text_at(*o, "id");
  const auto written = trim(text_at(*function, "arguments"));
  if (!written.empty()) {
    const parsed_json parsed{written};
    const auto* arguments = parsed.get() ? parsed.get()->if_object() : nullptr;
    if (!arguments)
      return wrong(where + ".function.arguments must be a JSON object as text");
    call.arguments = json::object{*arguments, json::storage_ptr{}};
  }
  if (const auto* extra = object_at(*o, "extra_content"))
    if (const auto* google = object_at(*extra, "google"))
      call.signature = text_at(*google, "thought_signature");
  return call;
}

std::optional<chat_message::role> role_from(std::string_view name) noexcept {
  using role = chat_message::role;
  if (name == "system" || name == "developer")
    return role::system;
  if (name == "user")
    return role::user;
  if (name == "assistant")
    return role::assistant;
  return name == "tool" ? std::optional{role::tool} : std::nullopt;
}

/// Whether `part` may stand in a message of this role: all but users write text only.
bool may_hold(chat_message::role from, const chat_part& part) noexcept {
  return part.what == chat_part::kind::text || from == chat_message::role::user ||
         from == chat_message::role::tool;
}

result<chat_message> read_message(const json::value& v, const std::string& where) {
  const auto* o = v.if_object();
  if (!o)
    return wrong(where + " must be an object with role and content");
  const auto role = role_from(text_at(*o, "role"));
  if (!role)
    return wrong(where + ".role must be system, developer, user, assistant or tool");
  chat_message message;
  message.from = *role;
  const auto* content = o->if_contains("content");
  const bool none = !content || content->is_null();
  if (!none && content->is_string()) {
    message.parts.emplace_back().text = content->get_string();
  } else if (const auto* list = none ? nullptr : content->if_array()) {
    for (size_t i = 0; i < list->size(); ++i) {
      const auto at = place(where + ".content", i);
      auto part = read_part((*list)[i], at);
      if (!part)
        return part.error();
      if (!may_hold(*role, *part))
        return wrong(at + " must be text in a message of this role");
      message.parts.push_back(*part);
    }
  } else if (!none || *role != chat_message::role::assistant) {
    return wrong(where + ".content must be text or a list of parts");
  }
  if (*role == chat_message::role::tool) {
    message.call_id = text_at(*o, "tool_call_id");
    if (message.call_id.empty())
      return wrong(where + ".tool_call_id is missing");
  }
  if (*role != chat_message::role::assistant)
    return message;
  if (const auto refusal = text_at(*o, "refusal"); none && !refusal.empty())
    message.parts.emplace_back().text = refusal;
  if (const auto* calls = filled_array_at(*o, "tool_calls"))
    for (size_t i = 0; i < calls->size(); ++i) {
      auto call = read_call((*calls)[i], place(where + ".tool_calls", i));
      if (!call)
        return call.error();
      message.calls.push_back(std::move(*call));
    }
  return message;
}

} // namespace

result<std::vector<chat_message>> read_chat_messages(const json::value& list) {
  const auto* entries = list.if_array();
  if (!entries)
    return wrong("messages must be a list");
  std::vector<chat_message> out;
  out.reserve(entries->size());
  for (size_t i = 0; i < entries->size(); ++i) {
    auto message = read_message((*entries)[i], place("messages", i));
    if (!message)
      return message.error();
    out.push_back(std::move(*message));
  }
  return out;
}

} // namespace penstock::core
