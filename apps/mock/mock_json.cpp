#include "apps/mock/mock_json.hpp"
#include "apps/mock/mock_text.hpp"
#include "core/pack/pack.hpp"

namespace penstock::mock {

namespace json = boost::json;

result<mock_call> read_body(std::string_view body, std::string_view model,
                            const body_reader& read) {
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
  c.model = model.empty() ? core::text_at(o, "model") : model;
  if (c.model.empty())
    return error{errc::bad_request, "you must provide a model parameter"};
  c.stream = core::is_true_at(o, "stream");
  if (auto r = read(o, c); !r)
    return r.error();
  return c;
}

void talk::say(conversation::role who, std::string_view text) {
  call.input_tokens += estimate_tokens(text);
  words.say(who, text);
  if (who == conversation::role::user)
    last_user = text;
}

void talk::attach(std::string_view data) {
  call.input_tokens += 85; // An image costs at least that.
  words.attach(data);
}

void talk::content(conversation::role who, const json::value& content, part_reader read) {
  if (const auto* s = content.if_string())
    return say(who, {s->data(), s->size()});
  if (const auto* parts = content.if_array())
    for (const auto& part : *parts)
      if (const auto* p = part.if_object())
        read(*this, who, *p);
}

void talk::finish() {
  call.text = words.last_text();
  call.hash = words.hash();
  if (const auto entries = core::read_pack_prompt(last_user))
    for (const auto& e : *entries) {
      auto alone = words.beginning();
      alone.say(conversation::role::user, e.text);
      call.pack.push_back({e.id, e.check, alone.last_text(), alone.hash()});
    }
}

void ask_for_json(mock_call& c, const json::value* schema) {
  c.json = true;
  if (schema && schema->is_object())
    c.schema = std::make_shared<const json::value>(*schema, json::storage_ptr{});
}

void add_input(mock_call& c, std::string_view text) {
  c.input_tokens += estimate_tokens(text);
  c.inputs.push_back(fnv1a(text));
}

void read_inputs(const json::value& input, mock_call& c) {
  const auto add = [&c](std::string_view text) { add_input(c, text); };
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

void append_vector(std::string& out, uint32_t dimensions, uint64_t seed) {
  mock_random r{seed};
  out += '[';
  for (uint32_t i = 0; i < dimensions; ++i) {
    if (i > 0)
      out += ',';
    append_number(out, static_cast<double>(static_cast<float>(r.uniform() * 2 - 1)));
  }
  out += ']';
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
