#include "apps/mock/mock_arguments.hpp"
#include "tests/support/mock_fixture.hpp"

#include <boost/test/data/test_case.hpp>

using namespace penstock;
using namespace penstock::test;
namespace json = boost::json;

namespace {

mock::mock_options options(const std::vector<std::string>& words) {
  auto o = mock::parse_mock_options(words);
  if (!o)
    BOOST_FAIL(o.error().context);
  return std::move(*o);
}

/// Requests and answers of a protocol.
struct dialect {
  std::string name, path, body, key_header;
  /// Pointers into an answer; "" if it has none.
  std::string text, input, output, cached, reasoning;
};

/// The same request in every protocol; `%` is the place of further members.
const dialect dialects[] = {
  {"openai", "/v1/chat/completions",
   R"({"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},
        {"role":"assistant","content":"Hello!"},{"role":"user","content":[{"type":"text","text":"What is\n\nthis?"},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}]}]%})",
   "authorization: Bearer ", "/choices/0/message/content", "/usage/prompt_tokens",
   "/usage/completion_tokens", "/usage/prompt_tokens_details/cached_tokens",
   "/usage/completion_tokens_details/reasoning_tokens"},
  {"anthropic", "/v1/messages",
   R"({"model":"m","max_tokens":999,"system":[{"type":"text","text":"Be brief."}],"messages":[
        {"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"text","text":"Hello!"}]},
        {"role":"user","content":[{"type":"text","text":"What is this?"},
        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}}]}]%})",
   "x-api-key: ", "/content/0/text", "/usage/input_tokens", "/usage/output_tokens",
   "/usage/cache_read_input_tokens", "/usage/output_tokens_details/thinking_tokens"},
  {"gemini", "/v1beta/models/m:generateContent",
   R"({"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[
        {"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"Hello!"}]},
        {"role":"user","parts":[{"text":"What is"},{"text":"this?"},
        {"inlineData":{"mimeType":"image/png","data":"QUJD"}}]}]%})",
   "x-goog-api-key: ", "/candidates/0/content/parts/0/text", "/usageMetadata/promptTokenCount",
   "/usageMetadata/candidatesTokenCount", "/usageMetadata/cachedContentTokenCount",
   "/usageMetadata/thoughtsTokenCount"},
  {"ollama", "/api/chat",
   R"({"model":"m","stream":false,"messages":[{"role":"system","content":"Be brief."},
        {"role":"user","content":"Hi"},{"role":"assistant","content":"Hello!"},
        {"role":"user","content":"What is this?","images":["QUJD"]}]%})",
   "authorization: Bearer ", "/message/content", "/prompt_eval_count", "/eval_count", "", ""},
};

std::ostream& operator<<(std::ostream& out, const dialect& d) { return out << d.name; }

std::string body_of(const dialect& d, std::string_view more = "") {
  std::string body = d.body;
  return body.replace(body.find('%'), 1, more);
}

json::value parsed(const std::string& answer) {
  boost::system::error_code ec;
  auto v = json::parse(mock_fixture::body_of(answer), ec);
  BOOST_TEST_REQUIRE(!ec, answer);
  return v;
}

json::value at(const json::value& v, std::string_view pointer) {
  boost::system::error_code ec;
  const auto* found = v.find_pointer({pointer.data(), pointer.size()}, ec);
  BOOST_TEST_REQUIRE(found, pointer << " of " << json::serialize(v));
  return *found;
}

std::string text_at(const json::value& v, std::string_view pointer) {
  return std::string{at(v, pointer).as_string()};
}

uint64_t count_at(const json::value& v, std::string_view pointer) {
  return at(v, pointer).to_number<uint64_t>();
}

} // namespace

BOOST_AUTO_TEST_SUITE(mock_protocols)

BOOST_AUTO_TEST_CASE(the_same_request_gets_the_same_text_and_usage_through_every_protocol) {
  mock_fixture m;
  const auto first = parsed(m.post(dialects[0].path, body_of(dialects[0])));
  const auto words = text_at(first, dialects[0].text);
  BOOST_TEST(words.starts_with("echo: What is this? #"));
  for (const auto& d : dialects) {
    const auto v = parsed(m.post(d.path, body_of(d)));
    BOOST_TEST(text_at(v, d.text) == words, d);
    BOOST_TEST(count_at(v, d.output) == count_at(first, dialects[0].output), d);
    const auto input = count_at(v, d.input), of_first = count_at(first, dialects[0].input);
    BOOST_TEST((input >= of_first - 2 && input <= of_first + 2), d); // Each part is rounded up.
  }
  const auto s = m.stats();
  for (const auto& d : dialects)
    BOOST_TEST(s.at("protocols").at(d.name).at("accepted").to_number<int>() ==
               (d.name == "openai" ? 2 : 1));
  BOOST_TEST(s.at("models").at("m").at("requests").to_number<int>() == 5);
}

BOOST_DATA_TEST_CASE(another_image_or_another_system_makes_another_answer,
                     boost::unit_test::data::make(dialects), d) {
  mock_fixture m;
  const auto ask = [&](std::string_view old, std::string_view with) {
    auto body = body_of(d);
    body.replace(body.find(old), old.size(), with);
    return text_at(parsed(m.post(d.path, body)), d.text);
  };
  const auto same = ask("QUJD", "QUJD");
  BOOST_TEST(ask("QUJD", "QUJE") != same);
  BOOST_TEST(ask("Be brief.", "Be long.") != same);
  BOOST_TEST(ask("Hello!", "Hallo!") != same);
}

BOOST_DATA_TEST_CASE(cached_and_reasoning_tokens_are_told_as_the_protocol_does,
                     boost::unit_test::data::make(dialects), d) {
  mock_fixture plain, m{options({"--cached-share", "0.5", "--reasoning-tokens", "40"})};
  const auto before = parsed(plain.post(d.path, body_of(d)));
  const auto v = parsed(m.post(d.path, body_of(d)));
  const auto input = count_at(before, d.input), output = count_at(before, d.output);
  if (d.cached.empty()) {
    BOOST_TEST(count_at(v, d.input) == input);
    BOOST_TEST(count_at(v, d.output) == output + 40);
    return;
  }
  BOOST_TEST(count_at(v, d.cached) == input / 2);
  BOOST_TEST(count_at(v, d.reasoning) == 40);
  BOOST_TEST(count_at(v, d.input) == (d.name == "anthropic" ? input - input / 2 : input));
  BOOST_TEST(count_at(v, d.output) == (d.name == "gemini" ? output : output + 40));
}

BOOST_DATA_TEST_CASE(the_maximum_cuts_and_the_reason_says_so,
                     boost::unit_test::data::make(dialects), d) {
  mock_fixture m;
  auto body = body_of(d, d.name == "openai"   ? R"(,"max_tokens":3)"
                         : d.name == "gemini" ? R"(,"generationConfig":{"maxOutputTokens":3})"
                         : d.name == "ollama" ? R"(,"options":{"num_predict":3})"
                                              : "");
  if (d.name == "anthropic")
    body.replace(body.find("999"), 3, "3");
  const auto v = parsed(m.post(d.path, body));
  BOOST_TEST(count_at(v, d.output) == 3);
  const auto text = json::serialize(v);
  const auto reason = d.name == "anthropic" ? "\"max_tokens\""
                      : d.name == "gemini"  ? "\"MAX_TOKENS\""
                                            : "\"length\"";
  BOOST_TEST(text.find(reason) != text.npos, text);
}

BOOST_DATA_TEST_CASE(answers_follow_the_schema_that_is_asked_for,
                     boost::unit_test::data::make(dialects), d) {
  mock_fixture m;
  const std::string schema =
    R"({"type":"object","properties":{"grade":{"type":"integer","minimum":1,"maximum":6},"why":{"type":"string"}},"required":["grade","why"]})";
  const auto more =
    d.name == "openai"
      ? R"(,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":)" + schema +
          "}}"
    : d.name == "anthropic"
      ? R"(,"output_config":{"format":{"type":"json_schema","schema":)" + schema + "}}"
    : d.name == "gemini"
      ? R"(,"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":)" +
          schema + "}"
      : ",\"format\":" + schema;
  const auto text = text_at(parsed(m.post(d.path, body_of(d, more))), d.text);
  const auto v = json::parse(text);
  const auto grade = v.at("grade").template to_number<int>();
  BOOST_TEST((grade >= 1 && grade <= 6));
  BOOST_TEST(v.at("why").as_string().starts_with("why: echo: What is this? #"));
  static std::string first; // The same for all protocols.
  first = first.empty() ? text : first;
  BOOST_TEST(text == first);
}

BOOST_DATA_TEST_CASE(a_key_counts_only_where_the_protocol_has_it,
                     boost::unit_test::data::make(dialects), d) {
  mock_fixture m{options({"--key", "A,B"})};
  const auto status = [&](const std::string& header) {
    return m.status_of(m.post(d.path, body_of(d), header));
  };
  BOOST_TEST(status(d.key_header + "A\r\n") == 200);
  BOOST_TEST(status(d.key_header + "B\r\n") == 200);
  const bool gemini = d.name == "gemini";
  BOOST_TEST(status(d.key_header + "C\r\n") == (gemini ? 400 : 401));
  BOOST_TEST(status("x-other-key: A\r\n") == (gemini ? 403 : 401));
  if (d.name == "openai" || d.name == "ollama")
    BOOST_TEST(status("x-api-key: A\r\n") == 401);
  const auto keys = m.stats().at("keys").as_object();
  BOOST_TEST(keys.at(mock::masked_key("A")).at("accepted").to_number<int>() == 1);
  BOOST_TEST(json::serialize(keys).find("\"A\"") == std::string::npos); // Never as plain text.
}

BOOST_DATA_TEST_CASE(faults_speak_the_language_of_the_protocol,
                     boost::unit_test::data::make(dialects), d) {
  mock_fixture m;
  const auto strike = [&](std::string_view fault) {
    return m.post(d.path, body_of(d), "x-mock-fault: " + std::string{fault} + "\r\n");
  };
  const auto limited = strike("429_ra:2");
  BOOST_TEST(m.status_of(limited) == 429);
  BOOST_TEST(m.header_of(limited, "retry-after") == (d.name == "gemini" ? "" : "2"));
  const auto broken = parsed(strike("500"));
  if (d.name == "openai") {
    BOOST_TEST(text_at(broken, "/error/type") == "server_error");
  } else if (d.name == "anthropic") {
    BOOST_TEST(text_at(broken, "/error/type") == "api_error");
  } else if (d.name == "gemini") {
    BOOST_TEST(text_at(broken, "/error/status") == "INTERNAL");
    const auto v = parsed(limited);
    BOOST_TEST(text_at(v, "/error/status") == "RESOURCE_EXHAUSTED");
    BOOST_TEST(text_at(v, "/error/details/0/violations/0/quotaId").find("PerMinute") !=
               std::string::npos);
    BOOST_TEST(text_at(v, "/error/details/1/retryDelay") == "2s");
    BOOST_TEST(text_at(parsed(strike("429_daily")), "/error/details/0/violations/0/quotaId")
                 .find("PerDay") != std::string::npos);
    BOOST_TEST(text_at(parsed(strike("429_quota")), "/error/details/0/violations/0/quotaValue") ==
               "0");
  } else {
    BOOST_TEST(at(broken, "/error").is_string());
  }
  for (auto [fault, status] : {std::pair{"503", 503}, {"404_model", 404}, {"400_ctx", 400}}) {
    const auto a = strike(fault);
    BOOST_TEST(m.status_of(a) == status);
    BOOST_TEST(parsed(a).as_object().contains("error"));
  }
  boost::system::error_code ec;
  json::parse(m.body_of(strike("truncated_json")), ec);
  BOOST_TEST(ec.failed());
}

BOOST_AUTO_TEST_SUITE_END()
