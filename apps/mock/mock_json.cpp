#include "apps/mock/mock_json.hpp"
#include "apps/mock/mock_text.hpp"

namespace penstock::mock {

namespace json = boost::json;

result<mock_call>
read_body(std::string_view body,
          const std::function<result<void>(const json::object&, mock_call&)>& read) {
  unsigned char buffer[16384];
  json::monotonic_resource memory{buffer};
  json::parse_options options;
  options.max_depth = 256;
  boost::system::error_code ec;
  const auto v = json::parse({body.data(), body.size()}, ec, &memory, options);
  if (ec || !v.is_object())
    return error{errc::bad_request,
                 "We could not parse the JSON body of your request. (HINT: This likely means you "
                 "aren't using your HTTP library correctly. The API expects a JSON payload.)"};
  const auto& o = v.get_object();
  mock_call c;
  c.hash = fnv1a(body);
  c.model = read_string(o, "model");
  if (c.model.empty())
    return error{errc::bad_request, "you must provide a model parameter"};
  c.stream = read_bool(o, "stream");
  if (auto r = read(o, c); !r)
    return r.error();
  return c;
}

uint64_t content_tokens(const json::value& content, std::string_view* text) {
  if (const auto* s = content.if_string()) {
    if (text)
      *text = {s->data(), s->size()};
    return estimate_tokens({s->data(), s->size()});
  }
  uint64_t tokens = 0;
  if (const auto* parts = content.if_array())
    for (const auto& part : *parts)
      if (const auto* p = part.if_object()) {
        const auto words = read_string(*p, "text");
        tokens += words.empty() ? 85 : estimate_tokens(words); // An image costs at least 85.
        if (text && !words.empty())
          *text = words;
      }
  return tokens;
}

void read_messages(const json::array& messages, mock_call& c) {
  c.input_tokens = 3; // Priming of the reply.
  std::string_view user;
  for (const auto& m : messages) {
    const auto* o = m.if_object();
    if (!o)
      continue;
    c.input_tokens += 3;
    const auto* content = o->if_contains("content");
    if (!content)
      continue;
    const bool is_user = read_string(*o, "role") == "user";
    c.input_tokens += content_tokens(*content, is_user ? &user : nullptr);
  }
  c.text = first_codepoints(user, 64);
}

void read_inputs(const json::value& input, mock_call& c) {
  const auto add = [&c](std::string_view text) {
    c.input_tokens += estimate_tokens(text);
    c.inputs.push_back(fnv1a(text));
  };
  if (input.is_string()) {
    add({input.get_string().data(), input.get_string().size()});
    return;
  }
  const auto* list = input.if_array();
  if (!list || list->empty())
    return;
  if (list->front().is_number()) { // One text as token ids.
    c.input_tokens += list->size();
    c.inputs.push_back(fnv1a(json::serialize(*list)));
    return;
  }
  for (const auto& item : *list) {
    if (const auto* s = item.if_string()) {
      add({s->data(), s->size()});
    } else if (const auto* ids = item.if_array()) {
      c.input_tokens += ids->size();
      c.inputs.push_back(fnv1a(json::serialize(*ids)));
    }
  }
}

uint64_t read_number(const json::object& o, std::string_view key, uint64_t fallback) {
  const auto* v = o.if_contains({key.data(), key.size()});
  if (!v)
    return fallback;
  if (const auto* i = v->if_int64())
    return *i < 0 ? 0 : static_cast<uint64_t>(*i);
  return fallback;
}

bool read_bool(const json::object& o, std::string_view key) {
  const auto* v = o.if_contains({key.data(), key.size()});
  return v && v->is_bool() && v->get_bool();
}

std::string_view read_string(const json::object& o, std::string_view key) {
  const auto* v = o.if_contains({key.data(), key.size()});
  if (!v || !v->is_string())
    return {};
  return {v->get_string().data(), v->get_string().size()};
}

void append_base64(std::string& out, std::string_view bytes) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    const size_t filled = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 4; ++k)
      out += k <= filled ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
}

} // namespace penstock::mock
