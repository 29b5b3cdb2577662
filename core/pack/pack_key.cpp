#include "core/pack/pack_key.hpp"
#include "core/base/checksum.hpp"
#include "core/json/json_fields.hpp"
#include "core/pack/pack_part.hpp"
#include "core/json/parsed_json.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <vector>

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr double bytes_per_token = 3.5;

error unfit(std::string why) { return {errc::not_packable, std::move(why)}; }

/// Parameters that mean the same for a pack as for each of its requests.
constexpr std::string_view shared_parameters[] = {
  "model",
  "messages",
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "seed",
  "user",
  "metadata",
  "response_format",
  "reasoning_effort",
  "verbosity",
  "service_tier",
  "store",
  "prompt_cache_key",
  "safety_identifier",
};

bool is_default(std::string_view name, const json::value& v) {
  if (v.is_null())
    return true;
  if (name == "stream" || name == "logprobs")
    return v.is_bool() && !v.get_bool();
  if (name == "n")
    return v.is_int64() && v.get_int64() == 1;
  if (name == "tools" || name == "functions" || name == "stop")
    return v.is_array() && v.get_array().empty();
  return false;
}

/// Sorts object members by name, at every depth.
void append_canonical(std::string& out, const json::value& v) {
  if (const auto* o = v.if_object()) {
    std::vector<const json::key_value_pair*> members;
    for (auto& member : *o)
      members.push_back(&member);
    std::ranges::sort(members, {}, [](auto* m) { return std::string_view{m->key()}; });
    out += '{';
    for (auto* m : members) {
      out += json::serialize(json::string_view{m->key()});
      out += ':';
      append_canonical(out, m->value());
      out += ',';
    }
    out += '}';
  } else if (const auto* a = v.if_array()) {
    out += '[';
    for (auto& element : *a) {
      append_canonical(out, element);
      out += ',';
    }
    out += ']';
  } else {
    out += json::serialize(v);
  }
}

bool mentions(const json::value& v, std::string_view key) {
  if (const auto* a = v.if_array())
    return std::ranges::any_of(*a, [&](auto& element) { return mentions(element, key); });
  const auto* o = v.if_object();
  return o && std::ranges::any_of(*o, [&](auto& member) {
           return std::string_view{member.key()} == key || mentions(member.value(), key);
         });
}

/// The text of a message that consists of one text, or null.
const json::string* plain_text(const json::object& message) {
  const auto* content = message.if_contains("content");
  if (!content || content->is_string())
    return content ? content->if_string() : nullptr;
  const auto* parts = content->if_array();
  const auto* part = parts && parts->size() == 1 ? parts->front().if_object() : nullptr;
  if (!part || part->size() != 2 || text_at(*part, "type") != "text")
    return nullptr;
  const auto* text = part->if_contains("text");
  return text ? text->if_string() : nullptr;
}

/// Whether a system message consists of text only.
bool is_text_message(const json::object& message) {
  const auto* content = message.if_contains("content");
  if (!content || content->is_string())
    return content != nullptr;
  const auto* parts = content->if_array();
  return parts && std::ranges::all_of(*parts, [](auto& p) {
           return p.is_object() && text_at(p.get_object(), "type") == "text";
         });
}

result<const json::string*> find_text(const json::object& body) {
  const auto* messages = filled_array_at(body, "messages");
  if (!messages)
    return unfit("it has no messages");
  for (size_t i = 0; i + 1 < messages->size(); ++i) {
    const auto* m = (*messages)[i].if_object();
    const auto role = m ? text_at(*m, "role") : std::string_view{};
    if ((role != "system" && role != "developer") || !is_text_message(*m))
      return unfit("it is a conversation, not one question");
  }
  const auto* last = messages->back().if_object();
  if (!last || text_at(*last, "role") != "user" || last->size() != 2)
    return unfit("its last message is not a plain one of the user");
  const auto* text = plain_text(*last);
  if (!text || text->empty())
    return unfit("its last message is not plain text");
  return text;
}

result<answer_form> find_form(const json::object& body) {
  const auto* format = body.if_contains("response_format");
  if (!format || format->is_null())
    return answer_form::text;
  const auto* o = format->if_object();
  const auto type = o ? text_at(*o, "type") : std::string_view{};
  if (type == "text")
    return answer_form::text;
  if (type == "json_object")
    return answer_form::json_object;
  const auto* named = o && type == "json_schema" ? object_at(*o, "json_schema") : nullptr;
  const auto* schema = named ? object_at(*named, "schema") : nullptr;
  if (!schema)
    return unfit("its response_format is unknown");
  // A reference counts from the root of a schema; in a pack, the root is the pack's own schema.
  for (std::string_view key : {"$ref", "$dynamicRef", "$id", "$anchor"})
    if (mentions(*schema, key))
      return unfit("its schema refers to parts of itself");
  return answer_form::json_schema;
}

bool is_chat_path(std::string_view url) {
  url = url.substr(0, url.find('?'));
  while (url.ends_with('/'))
    url.remove_suffix(1);
  return url.ends_with("/chat/completions");
}

} // namespace

result<pack_part> read_pack_part(const request& req) {
  if (req.method != "POST" || !is_chat_path(req.url))
    return unfit("it is no chat completion");
  if (!req.body || req.rejection)
    return unfit("it has no body");
  json::parse_options options;
  options.max_depth = json_depth_max;
  json::error_code ec;
  auto value = json::parse(*req.body, ec, {}, options);
  if (ec || !value.is_object())
    return unfit("its body is no JSON object");
  pack_part part;
  part.body = std::move(value.get_object());
  for (auto& member : part.body) {
    const std::string_view name = member.key();
    if (std::ranges::find(shared_parameters, name) == std::end(shared_parameters) &&
        !is_default(name, member.value()))
      return unfit("its parameter \"" + std::string{name.substr(0, 60)} +
                   "\" may not apply to a pack");
  }
  for (auto name : output_maxima)
    if (const auto* max = part.body.if_contains(name);
        max && !max->is_null() && !(max->is_int64() && max->get_int64() > 0))
      return unfit("its output maximum is no positive number");
  const auto form = find_form(part.body);
  if (!form)
    return form.error();
  part.form = *form;
  const auto text = find_text(part.body);
  if (!text)
    return text.error();
  part.text.assign((*text)->data(), (*text)->size());

  auto rest = part.body;
  for (auto name : output_maxima)
    if (has_value(rest, name))
      rest[name] = true; // Only its presence matters, not its value.
  rest["messages"].get_array().pop_back();
  part.canonical = req.url + '\n';
  append_canonical(part.canonical, rest);
  return part;
}

result<pack_traits> read_pack_traits(const request& req) {
  const auto part = read_pack_part(req);
  if (!part)
    return part.error();
  pack_traits t;
  t.key = checksum(part->canonical);
  t.shared_bytes = static_cast<uint32_t>(part->canonical.size());
  t.text_bytes = static_cast<uint32_t>(part->text.size());
  t.output_tokens_max = req.output_tokens_max;
  return t;
}

uint64_t entry_tokens(const pack_traits& t) noexcept {
  const auto output = t.output_tokens_max > 0 ? t.output_tokens_max : pack_output_assumed;
  return static_cast<uint64_t>(t.text_bytes / bytes_per_token) + output + 2 * pack_entry_tokens;
}

uint64_t shared_tokens(const pack_traits& t) noexcept {
  return static_cast<uint64_t>(t.shared_bytes / bytes_per_token);
}

} // namespace penstock::core
