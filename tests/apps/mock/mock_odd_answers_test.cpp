#include "tests/support/mock_fixture.hpp"

#include <boost/test/data/test_case.hpp>

using namespace penstock;
using namespace penstock::test;
namespace json = boost::json;

namespace {

/// Where a protocol has the parts that odd answers change. `%` is the text of the user.
struct place {
  std::string name, path, body, text, finish, error;
};

const place places[] = {
  {"openai", "/v1/chat/completions", R"({"model":"m","messages":[{"role":"user","content":"%"}]})",
   "/choices/0/message/content", "/choices/0/finish_reason", "/error/message"},
  {"anthropic", "/v1/messages",
   R"({"model":"m","max_tokens":99,"messages":[{"role":"user","content":"%"}]})", "/content/0/text",
   "/stop_reason", "/error/message"},
  {"gemini", "/v1beta/models/m:generateContent",
   R"({"contents":[{"role":"user","parts":[{"text":"%"}]}]})", "/candidates/0/content/parts/0/text",
   "/candidates/0/finishReason", "/error/message"},
  {"ollama", "/api/chat",
   R"({"model":"m","stream":false,"messages":[{"role":"user","content":"%"}]})", "/message/content",
   "/done_reason", "/error"},
};

std::ostream& operator<<(std::ostream& out, const place& p) { return out << p.name; }

struct odd : mock_fixture {
  std::string ask(const place& p, std::string_view fault, std::string_view words = "hello") const {
    std::string body = p.body;
    body.replace(body.find('%'), 1, words);
    return post(p.path, body, "x-mock-fault: " + std::string{fault} + "\r\n");
  }
  json::value json_of(const place& p, std::string_view fault) const {
    return json::parse(body_of(ask(p, fault)));
  }
  /// The value at `pointer`, or null.
  static const json::value* find(const json::value& v, std::string_view pointer) {
    boost::system::error_code ec;
    return v.find_pointer({pointer.data(), pointer.size()}, ec);
  }
  static std::string text_at(const json::value& v, std::string_view pointer) {
    const auto* found = find(v, pointer);
    return found && found->is_string() ? std::string{found->get_string()} : "(no text)";
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(mock_odd_answers, odd)

BOOST_DATA_TEST_CASE(thoughts_stand_in_the_text, places, p) {
  const auto good = text_at(json_of(p, "slow:0"), p.text);
  BOOST_TEST(good.starts_with("echo: hello #"));
  const auto whole = text_at(json_of(p, "think"), p.text);
  BOOST_TEST(whole.starts_with("<think>\n"));
  BOOST_TEST(whole.ends_with("</think>\n\n" + good));
  const auto tail = text_at(json_of(p, "think_tail"), p.text);
  BOOST_TEST(tail.find("<think>") == tail.npos);
  BOOST_TEST(tail.ends_with("</think>\n\n" + good));
  const auto open = json_of(p, "think_open:length");
  BOOST_TEST(text_at(open, p.text).starts_with("<think>\n"));
  BOOST_TEST(text_at(open, p.text).find(good) == std::string::npos);
  BOOST_TEST(text_at(open, p.finish) == "length");
}

BOOST_AUTO_TEST_CASE(thoughts_hold_a_draft_that_fits_the_schema) {
  const auto answer = post("/v1/chat/completions",
                           chat("hello", R"(,"response_format":{"type":"json_schema","json_schema":{
      "name":"n","schema":{"type":"object","required":["score"],"properties":{
        "score":{"type":"integer","minimum":0,"maximum":1000000}}}}})"),
                           "x-mock-fault: think\r\n");
  const auto text = text_at(json::parse(body_of(answer)), places[0].text);
  const size_t draft = text.find("{\"score\""), end = text.find("</think>");
  BOOST_REQUIRE(draft < end);
  BOOST_REQUIRE(end < text.npos);
  const auto first = json::parse(text.substr(draft, text.find('}') + 1 - draft));
  const auto last = json::parse(text.substr(text.find('{', end)));
  BOOST_TEST(first.at("score") != last.at("score"));
}

BOOST_DATA_TEST_CASE(content_is_empty_blank_null_or_missing, places, p) {
  BOOST_TEST(text_at(json_of(p, "empty_content"), p.text) == "");
  BOOST_TEST(text_at(json_of(p, "blank_content"), p.text) == "\n \n");
  BOOST_TEST(!find(json_of(p, "no_content"), p.text));
  const auto cut = json_of(p, "empty_content:length");
  BOOST_TEST(text_at(cut, p.text) == "");
  BOOST_TEST(text_at(cut, p.finish) == "length");
  BOOST_TEST(text_at(json_of(p, "no_content:MAX_TOKENS"), p.finish) == "MAX_TOKENS");
  BOOST_TEST(mock->stats().accepted() == 5);
}

BOOST_DATA_TEST_CASE(any_finish_reason_ends_half_a_text, places, p) {
  const auto good = text_at(json_of(p, "slow:0"), p.text);
  for (std::string reason : {"error", "abort", "insufficient_system_resource", "network_error",
                             "load", "max_tokens", "model_context_window_exceeded"}) {
    const auto v = json_of(p, "finish:" + reason);
    BOOST_TEST(text_at(v, p.finish) == reason);
    BOOST_TEST(text_at(v, p.text) == good.substr(0, good.size() / 2));
  }
  const auto null = json_of(p, "finish:null");
  BOOST_REQUIRE(find(null, p.finish));
  BOOST_TEST(find(null, p.finish)->is_null());
  const auto* error = find(json_of(p, "finish"), "/choices/0/error/code");
  BOOST_TEST((error != nullptr) == (p.name == "openai"));
}

BOOST_DATA_TEST_CASE(errors_in_a_200_are_any_error, places, p) {
  for (auto [fault, words] : {std::pair{"error_in_200", "The server had an error"},
                              {"error_in_200:429_money", "recharge"},
                              {"error_in_200:503", "overloaded"}}) {
    const auto answer = ask(p, fault);
    BOOST_TEST(status_of(answer) == 200);
    BOOST_TEST(text_at(json::parse(body_of(answer)), p.error).find(words) != std::string::npos);
  }
}

BOOST_DATA_TEST_CASE(money_is_missing_in_four_statuses, places, p) {
  for (auto [fault, status, words] : {std::tuple{"400_money", 400, "credit balance"},
                                      {"402_money", 402, "Insufficient Balance"},
                                      {"403_money", 403, "credits"},
                                      {"429_money", 429, "recharge"},
                                      {"400_param", 400, "Unsupported parameter"},
                                      {"404_model", 404, "does not exist"}}) {
    const auto answer = ask(p, fault);
    BOOST_TEST(status_of(answer) == status);
    BOOST_TEST(header_of(answer, "retry-after").empty());
    BOOST_TEST(text_at(json::parse(body_of(answer)), p.error).find(words) != std::string::npos);
  }
}

BOOST_DATA_TEST_CASE(bytes_inside_a_good_answer_are_wrong, places, p) {
  for (auto [fault, bytes] : {std::pair{"half_surrogate", "echo: \\ud83dhello"},
                              {"half_surrogate:low", "echo: \\ude00hello"},
                              {"cut_utf8", "echo: \xf0\x9f\x98hello"},
                              {"control_chars", "echo: \x01\t\nhello"},
                              {"nan", "{\"score\":NaN,"},
                              {"nan:-Infinity", "{\"score\":-Infinity,"}}) {
    const auto body = body_of(ask(p, fault));
    BOOST_TEST(body.find(bytes) != body.npos, fault);
    boost::system::error_code ec;
    json::parse(body, ec);
    BOOST_TEST(ec.failed(), fault);
  }
}

BOOST_AUTO_TEST_CASE(a_firewall_dislikes_one_word) {
  mock->set_faults({mock::parse_fault("html_403:2000,text=script").value()});
  const auto& p = places[0];
  const auto refused = post(p.path, chat("why a script is dangerous"));
  BOOST_TEST(status_of(refused) == 403);
  BOOST_TEST(header_of(refused, "content-type").starts_with("text/html"));
  BOOST_TEST(body_of(refused).find("<title>403 Forbidden</title>") != std::string::npos);
  BOOST_TEST(status_of(post(p.path, chat("why a play is long"))) == 200);
}

BOOST_AUTO_TEST_CASE(an_outage_ends_after_so_many_requests) {
  mock->set_faults({mock::parse_fault("503:times=3").value()});
  for (int i = 0; i < 5; ++i)
    BOOST_TEST(status_of(post(places[0].path, chat("hello"))) == (i < 3 ? 503 : 200));
}

BOOST_AUTO_TEST_CASE(an_outage_ends_after_so_long) {
  mock::mock_options o;
  o.time_scale = 0.001; // Ten minutes are 0.6 s.
  o.faults = {mock::parse_fault("502:until=10m").value()};
  mock_fixture slow{std::move(o)};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  BOOST_TEST(status_of(slow.post(places[0].path, chat("hello"))) == 502);
  int status = 502;
  while (status == 502 && std::chrono::steady_clock::now() < deadline)
    status = status_of(slow.post(places[0].path, chat("hello")));
  BOOST_TEST(status == 200);
}

BOOST_AUTO_TEST_CASE(streams_carry_the_odd_reason) {
  const auto answer = post(places[0].path, chat("hello", ",\"stream\":true"),
                           "x-mock-fault: finish:insufficient_system_resource\r\n");
  BOOST_TEST(answer.find(R"("finish_reason":"insufficient_system_resource")") != answer.npos);
  const auto silent =
    post(places[0].path, chat("hello", ",\"stream\":true"), "x-mock-fault: no_content\r\n");
  BOOST_TEST(silent.find("echo") == silent.npos);
}

BOOST_AUTO_TEST_CASE(only_answers_to_keep_count_as_answered_twice) {
  const auto twice = [this](std::string_view fault) {
    const std::string header = "x-mock-fault: " + std::string{fault} +
                               "\r\nx-client-request-id: " + std::string{fault} + "\r\n";
    post(places[0].path, chat("hello"), header);
    post(places[0].path, chat("hello"), header);
    return mock->stats().answered_duplicates();
  };
  for (auto fault : {"empty_content", "finish:abort", "think_open", "no_content"})
    BOOST_TEST(twice(fault) == 0);
  BOOST_TEST(twice("think") == 1);
  BOOST_TEST(twice("half_surrogate") == 2);
}

BOOST_AUTO_TEST_SUITE_END()
