#include "core/api/live_form.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;

namespace {

core::live_call good(std::string_view body, std::string_view target = "/v1/chat/completions") {
  auto read = core::read_live_call(target, std::string{body}, "");
  if (auto* bad = std::get_if<core::api_failure>(&read))
    BOOST_FAIL(bad->message);
  return std::get<core::live_call>(read);
}

} // namespace

BOOST_AUTO_TEST_SUITE(live_form)

BOOST_AUTO_TEST_CASE(a_plain_request_goes_on_as_it_is) {
  constexpr std::string_view body = R"({"model":"m","messages":[],"stream":false,"max_tokens":7})";
  const auto call = good(body);
  BOOST_TEST(*call.what.body == body);
  BOOST_TEST(call.what.model == "m");
  BOOST_TEST(call.what.output_tokens_max == 7u);
  BOOST_TEST(call.what.url == "/v1/chat/completions");
  BOOST_TEST(!call.streams);
  BOOST_TEST((call.as == core::priority::interactive));
}

BOOST_AUTO_TEST_CASE(a_stream_asks_for_its_usage) {
  const auto call = good(R"({"model":"m","messages":[],"stream":true })");
  BOOST_TEST(call.streams);
  BOOST_TEST(call.adds_usage);
  const auto sent = boost::json::parse(*call.what.body);
  BOOST_TEST(sent.at("stream_options").at("include_usage").as_bool());
  BOOST_TEST(sent.at("stream").as_bool());
  const auto asked =
    good(R"({"messages":[],"stream":true,"stream_options":{"include_usage":true}})");
  BOOST_TEST(!asked.adds_usage);
  BOOST_TEST(!good(R"({"messages":[],"model":"m","stream":true})", "/v1/messages").adds_usage);
}

BOOST_AUTO_TEST_CASE(wrong_calls_are_refused) {
  for (auto body : {"", "[]", "{", "nonsense", "{\"model\":7"}) {
    const auto read = core::read_live_call("/v1/chat/completions", body, "");
    BOOST_TEST(std::holds_alternative<core::api_failure>(read), body);
  }
  const auto read = core::read_live_call("/v1/embeddings", R"({"input":"x"})", "urgent");
  BOOST_REQUIRE(std::holds_alternative<core::api_failure>(read));
  BOOST_TEST(std::get<core::api_failure>(read).status == 400);
}

BOOST_AUTO_TEST_CASE(answers_keep_the_words_of_the_provider) {
  core::outcome o;
  o.state = core::outcome_state::completed;
  o.body = core::make_payload(R"({"id":"x"})");
  o.status_code = 200;
  BOOST_TEST(core::answer_of(core::api_dialect::openai, o, "r").body == R"({"id":"x"})");
  o.state = core::outcome_state::failed;
  o.failure = error{errc::bad_request, "wrong"};
  o.status_code = 404;
  o.body = core::make_payload(R"({"error":{"code":"model_not_found"}})");
  auto answer = core::answer_of(core::api_dialect::openai, o, "r");
  BOOST_TEST(answer.status == 404);
  BOOST_TEST(answer.body == *o.body);
  o.failure = error{errc::server_error, "down"};
  o.status_code = 500;
  answer = core::answer_of(core::api_dialect::anthropic, o, "r");
  BOOST_TEST(answer.status == 502);
  BOOST_TEST(answer.body.find("api_error") != std::string::npos);
  // That the provider refuses our key is not for callers to see as theirs.
  o.failure = error{errc::unauthorized, "our key"};
  o.status_code = 401;
  BOOST_TEST(core::answer_of(core::api_dialect::openai, o, "r").status == 502);
}

BOOST_AUTO_TEST_CASE(a_whole_answer_can_be_a_stream_in_one_piece) {
  const auto body =
    R"({"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"hi","tool_calls":[{"id":"c","type":"function","function":{}}]},)"
    R"("finish_reason":"tool_calls"}],"usage":{"total_tokens":3}})";
  const auto events = core::chat_as_stream(body, true);
  BOOST_REQUIRE(events.has_value());
  BOOST_TEST(events->ends_with("data: [DONE]\n\n"));
  BOOST_TEST(events->find(R"("content":"hi")") != std::string::npos);
  BOOST_TEST(events->find(R"("index":0,"delta":{"role")") != std::string::npos);
  BOOST_TEST(events->find(R"("function":{},"index":0)") != std::string::npos);
  BOOST_TEST(events->find(R"("choices":[],"usage":{"total_tokens":3})") != std::string::npos);
  BOOST_TEST(core::chat_as_stream(body, false)->find("total_tokens") == std::string::npos);
  for (auto other : {"", "[]", "{}", R"({"choices":[]})", R"({"choices":[{"text":"x"}]})"})
    BOOST_TEST(!core::chat_as_stream(other, false).has_value(), other);
}

BOOST_AUTO_TEST_CASE(a_broken_stream_ends_with_an_error_event) {
  const core::api_failure why{502, "broke", "x", {}, {}};
  BOOST_TEST(
    core::broken_stream(core::api_dialect::openai, why, "r").starts_with("data: {\"error\""));
  BOOST_TEST(
    core::broken_stream(core::api_dialect::anthropic, why, "r").starts_with("event: error\n"));
}

BOOST_AUTO_TEST_SUITE_END()
