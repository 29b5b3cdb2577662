#include "tests/core/protocol/protocol_cases.hpp"

#include "core/json/json_fields.hpp"
#include "core/base/text.hpp"

using namespace penstock;
using namespace penstock::core;
using namespace penstock::test;

namespace json = boost::json;

namespace {

/// Checks one entry of an encode.json.
void check_encoding(std::string_view protocol, const json::object& neutral,
                    const json::object& expected) {
  const auto r = request_for(text_at(neutral, "url"), json::serialize(neutral.at("body")));
  const auto out = encode(protocol, r);
  if (const auto code = text_at(expected, "error"); !code.empty()) {
    BOOST_REQUIRE(!out);
    BOOST_TEST(to_string(out.error().code) == code);
    BOOST_TEST(out.error().context.find(text_at(expected, "says")) != std::string::npos,
               out.error().context);
    return;
  }
  BOOST_REQUIRE_MESSAGE(out.has_value(), to_string(out.error()));
  check_same(*out->body, expected.at("body"));
  if (const auto url = text_at(expected, "url"); !url.empty())
    BOOST_TEST(out->url == url);
  if (const auto* headers = object_at(expected, "headers")) {
    json::object sent;
    for (auto& [name, value] : out->headers)
      sent[name] = value;
    check_same(json::serialize(sent), *headers);
  }
}

http_response reply_of(const json::object& entry) {
  http_response reply;
  const auto* status = entry.if_contains("status");
  reply.status = status ? status->to_number<int>() : 200;
  reply.body = json::serialize(entry.at("answer"));
  reply.sent = true;
  reply.headers = {{"content-type", "application/json"}};
  if (const auto* headers = object_at(entry, "headers"))
    for (auto& [name, value] : *headers)
      reply.headers.emplace_back(std::string{name}, std::string{value.as_string()});
  return reply;
}

void check_limits(const json::object& expected, const verdict& v) {
  for (size_t d = 0; d < dimension_count; ++d) {
    const auto* values = filled_array_at(expected, to_string(static_cast<dimension>(d)));
    auto& reading = v.limits[d];
    BOOST_TEST(reading.limit.has_value() == (values != nullptr));
    if (!values)
      continue;
    BOOST_TEST(reading.limit.value_or(-1) == values->at(0).to_number<double>());
    BOOST_TEST(reading.remaining.value_or(-1) == values->at(1).to_number<double>());
    if (values->size() > 2)
      BOOST_TEST(to_seconds(reading.reset.value_or(duration{})) ==
                 values->at(2).to_number<double>());
  }
}

/// Checks one entry of a decode.json.
void check_decoding(const protocol& p, const json::object& entry) {
  const auto* asked = object_at(entry, "request");
  const auto url = text_at(entry, "url");
  const auto r =
    request_for(url.empty() ? "/v1/chat/completions" : url, asked ? json::serialize(*asked) : "{}");
  const auto reply = reply_of(entry);
  const auto v = p.decode(r, reply, golden_now);
  const auto kind = text_at(entry, "kind");
  BOOST_TEST(to_string(v.kind) == (kind.empty() ? "success" : kind));
  BOOST_TEST(v.message.find(text_at(entry, "says")) != std::string::npos, v.message);
  BOOST_TEST(v.request_id == text_at(entry, "request_id"));
  const auto* wait = entry.if_contains("retry_after");
  BOOST_TEST(to_seconds(v.retry_after.value_or(duration{})) ==
             (wait ? wait->to_number<double>() : 0));
  if (const auto* used = object_at(entry, "usage")) {
    BOOST_TEST(v.used.known);
    BOOST_TEST(v.used.input_tokens == count_at(*used, "input").value_or(999));
    BOOST_TEST(v.used.cached_input_tokens == count_at(*used, "cached").value_or(999));
    BOOST_TEST(v.used.output_tokens == count_at(*used, "output").value_or(999));
    BOOST_TEST(v.used.reasoning_tokens == count_at(*used, "reasoning").value_or(999));
  }
  const auto* limits = object_at(entry, "limits");
  check_limits(limits ? *limits : json::object{}, v);
  const auto shown = p.present(r, reply.body, v);
  BOOST_TEST(shown.find('\n') == std::string::npos);
  if (const auto* neutral = entry.if_contains("neutral"))
    check_same(shown, *neutral);
}

} // namespace

BOOST_AUTO_TEST_SUITE(protocol_golden)

BOOST_AUTO_TEST_CASE(neutral_bodies_become_what_the_files_say) {
  const auto neutral = golden("neutral.json");
  for (auto protocol : protocol_names) {
    const auto file = golden(std::string{protocol} + "/encode.json");
    size_t used = 0;
    for (auto& entry : neutral.as_array()) {
      const auto name = text_at(entry.as_object(), "name");
      BOOST_TEST_CONTEXT(protocol << ": " << name) {
        if (const auto* expected = file.as_object().if_contains(name)) {
          check_encoding(protocol, entry.as_object(), expected->as_object());
          ++used;
        } else if (protocol == "openai") { // The bytes as they are.
          const auto body = json::serialize(entry.at("body"));
          const auto out = encode(protocol, request_for(text_at(entry.as_object(), "url"), body));
          BOOST_REQUIRE(out);
          BOOST_TEST(*out->body == body);
        }
      }
    }
    BOOST_TEST(used == file.as_object().size(), protocol << " names cases that do not exist");
  }
}

BOOST_AUTO_TEST_CASE(native_answers_become_what_the_files_say) {
  for (auto protocol : {"anthropic", "gemini", "ollama"}) {
    const auto file = golden(std::string{protocol} + "/decode.json");
    for (auto& entry : file.as_array())
      BOOST_TEST_CONTEXT(protocol << ": " << text_at(entry.as_object(), "name"))
    check_decoding(*find_protocol(protocol), entry.as_object());
  }
}

BOOST_AUTO_TEST_SUITE_END()
