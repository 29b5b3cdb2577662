#include "apps/mock/mock_latency.hpp"
#include "apps/mock/mock_shape.hpp"
#include "apps/mock/mock_text.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>

using namespace penstock;
using namespace penstock::mock;
using namespace std::chrono_literals;

namespace {

mock_call parsed(const shape& s, std::string_view body) {
  auto c = s.parse(body);
  BOOST_REQUIRE(c.has_value());
  return std::move(*c);
}

mock_answer plain(const mock_call& c) { return make_answer(c, {}, {}, 1); }

const std::string hello = R"({"model":"m","messages":[{"role":"user","content":"hello there"}]})";

} // namespace

BOOST_AUTO_TEST_SUITE(mock_answers)

BOOST_AUTO_TEST_CASE(an_answer_names_its_request_and_nothing_else_changes_it) {
  const auto c = parsed(chat_shape(), hello);
  BOOST_TEST(plain(c).text == "echo: hello there #" + hex(c.hash));
  const auto text = [](std::string_view messages, std::string_view more = "") {
    return plain(parsed(chat_shape(), R"({"model":"m","messages":[)" + std::string{messages} + "]" +
                                        std::string{more} + "}"))
      .text;
  };
  const auto said = [](std::string_view role, std::string_view words) {
    return R"({"role":")" + std::string{role} + R"(","content":")" + std::string{words} + "\"}";
  };
  const auto hello_there = said("user", "hello there");
  BOOST_TEST(text(hello_there) == plain(c).text);
  BOOST_TEST(text(hello_there, R"(,"n":1,"temperature":0.5)") == plain(c).text);
  for (const auto& other :
       {said("system", "be brief") + "," + hello_there, hello_there + "," + said("assistant", "hi"),
        said("assistant", "hello there"), said("user", "hellothere"),
        said("user", "x") + "," + said("assistant", "y") + "," + hello_there})
    BOOST_TEST(text(other) != plain(c).text, other);
  BOOST_TEST(plain(c).input_tokens == 3 + 3 + 3u); // 11 characters, a message, the reply's priming.
}

BOOST_AUTO_TEST_CASE(a_plain_chat_answer_has_exactly_this_form) {
  const auto c = parsed(chat_shape(), hello);
  const std::string expected =
    R"({"id":"chatcmpl-7","object":"chat.completion","created":5,"model":"m","service_tier":"default",)"
    R"("system_fingerprint":"fp_mock","choices":[{"index":0,"message":{"role":"assistant","content":"echo: hello there #)" +
    hex(c.hash) +
    R"(","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":9,)"
    R"("total_tokens":18,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},)"
    R"("completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}})";
  BOOST_TEST(chat_shape().answer(c, plain(c), {}, "7", 5) == expected);
}

BOOST_AUTO_TEST_CASE(the_maximum_cuts_the_answer_and_says_length) {
  auto c =
    parsed(chat_shape(),
           R"({"model":"m","max_tokens":3,"messages":[{"role":"user","content":"héllo wörld"}]})");
  const auto a = plain(c);
  BOOST_TEST(a.cut);
  BOOST_TEST(a.output_tokens == 3);
  const auto v = boost::json::parse(chat_shape().answer(c, a, {}, "7", 5));
  BOOST_TEST(v.at("choices").at(0).at("finish_reason").as_string() == "length");
}

BOOST_AUTO_TEST_CASE(token_errors_stay_in_range_are_seeded_and_vary) {
  auto c = parsed(chat_shape(), hello);
  c.input_tokens = 1000;
  uint64_t least = 10000, most = 0;
  for (uint64_t i = 0; i < 500; ++i) {
    c.hash = mix(i);
    const auto a = make_answer(c, {}, {0.5, false}, 9);
    BOOST_TEST(a.input_tokens == make_answer(c, {}, {0.5, false}, 9).input_tokens);
    least = std::min(least, a.input_tokens);
    most = std::max(most, a.input_tokens);
  }
  BOOST_TEST(least >= 500);
  BOOST_TEST(least < 520);
  BOOST_TEST(most <= 1500);
  BOOST_TEST(most > 1480);
  const auto first = make_answer(c, {}, {0.5, true}, 9).input_tokens;
  c.hash = 1;
  BOOST_TEST(make_answer(c, {}, {0.5, true}, 9).input_tokens == first);
}

BOOST_AUTO_TEST_CASE(streamed_pieces_join_to_the_plain_answer) {
  const auto c =
    parsed(chat_shape(), R"({"model":"m","stream":true,"stream_options":{"include_usage":true},)"
                         R"("messages":[{"role":"user","content":"a\n\"b\" ü"}]})");
  const auto a = plain(c);
  const auto events = chat_shape().events(c, a, {}, "7", 5);
  BOOST_TEST(events.back() == "data: [DONE]\n\n");
  std::string text;
  boost::json::value last;
  for (size_t i = 0; i + 1 < events.size(); ++i) {
    BOOST_TEST_REQUIRE(events[i].starts_with("data: "));
    BOOST_TEST_REQUIRE(events[i].find('\n') == events[i].size() - 2);
    last = boost::json::parse(std::string_view{events[i]}.substr(6));
    if (!last.at("choices").as_array().empty())
      if (const auto* piece =
            last.at("choices").at(0).at("delta").as_object().if_contains("content"))
        text += piece->as_string().c_str();
  }
  BOOST_TEST(text == a.text);
  BOOST_TEST(last.at("usage").at("completion_tokens").to_number<uint64_t>() == a.output_tokens);
}

BOOST_AUTO_TEST_CASE(anthropic_events_come_in_their_order_and_end_with_message_stop) {
  const auto c =
    parsed(messages_shape(),
           R"({"model":"m","max_tokens":99,"messages":[{"role":"user","content":"hi"}]})");
  const auto events = messages_shape().events(c, plain(c), {}, "7", 5);
  BOOST_TEST(events.front().starts_with(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_7\""));
  BOOST_TEST(events.back() == "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
  const auto v = boost::json::parse(messages_shape().answer(c, plain(c), {}, "7", 5));
  BOOST_TEST(v.at("content").at(0).at("text").as_string() == plain(c).text);
  BOOST_TEST(v.at("stop_reason").as_string() == "end_turn");
}

BOOST_AUTO_TEST_CASE(base64_embeddings_are_the_same_floats) {
  const auto floats =
    parsed(embeddings_shape(), R"({"model":"e","input":["a","b"],"dimensions":2})");
  auto bytes = floats;
  bytes.base64 = true;
  const auto f = boost::json::parse(embeddings_shape().answer(floats, plain(floats), {}, "7", 5));
  const auto b = boost::json::parse(embeddings_shape().answer(bytes, plain(bytes), {}, "7", 5));
  const float first = f.at("data").at(1).at("embedding").at(0).to_number<float>();
  const float second = f.at("data").at(1).at("embedding").at(1).to_number<float>();
  const float both[2]{first, second};
  std::string expected;
  // Little-endian machines only, as everywhere this is tested.
  const std::string_view raw{reinterpret_cast<const char*>(both), sizeof both};
  static constexpr char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint64_t bits = 0;
  for (char ch : raw)
    bits = bits << 8 | static_cast<unsigned char>(ch);
  for (int shift = 58; shift >= 4; shift -= 6)
    expected += digits[bits >> shift & 63];
  expected += digits[bits << 2 & 63];
  BOOST_TEST(b.at("data").at(1).at("embedding").as_string() == expected + "=");
  BOOST_TEST(b.at("data").at(1).at("index").as_int64() == 1);
}

BOOST_AUTO_TEST_CASE(refusals_of_the_limiter_have_exactly_these_texts) {
  admission a;
  a.admitted = false;
  a.failing = dimension::total_tokens;
  a.limit = 30000;
  a.used = 28039;
  a.requested = 3906;
  const auto e = chat_shape().rejection(a, "gpt-4o", 3.89);
  BOOST_TEST(e.message == "Rate limit reached for gpt-4o in organization org-mock on tokens per "
                          "min (TPM): Limit 30000, "
                          "Used 28039, Requested 3906. Please try again in 3.89s. Visit "
                          "https://platform.openai.com/account/rate-limits to learn more.");
  BOOST_TEST(e.type == "tokens");
  BOOST_TEST(chat_shape().error_body({429, "tokens", "c", "a", "m", {}}, "7") ==
             R"({"error":{"message":"m","type":"tokens","param":null,"code":"c"}})");
  a.failing = dimension::input_tokens;
  a.limit = 20000;
  BOOST_TEST(messages_shape().rejection(a, "c", 1).message ==
             "This request would exceed the rate limit for your organization (org-mock) of 20,000 "
             "input tokens per minute. "
             "For details, refer to: https://docs.claude.com/en/api/rate-limits.");
  BOOST_TEST(
    messages_shape().error_body({429, "t", "c", "rate_limit_error", "m", {}}, "7") ==
    R"({"type":"error","error":{"type":"rate_limit_error","message":"m"},"request_id":"req_7"})");
}

BOOST_AUTO_TEST_CASE(spans_print_as_go_prints_them) {
  BOOST_TEST(go_duration(0) == "0s");
  BOOST_TEST(go_duration(0.017) == "17ms");
  BOOST_TEST(go_duration(8.64) == "8.64s");
  BOOST_TEST(go_duration(360) == "6m0s");
  BOOST_TEST(go_duration(90.5) == "1m30.5s");
  BOOST_TEST(go_duration(3723) == "1h2m3s");
}

BOOST_AUTO_TEST_CASE(latency_reads_back_and_draws_what_it_says) {
  BOOST_TEST((parse_latency("50ms")->p50 == 50ms));
  BOOST_TEST((parse_latency("0")->what == latency_model::kind::none));
  for (auto bad : {"fast", "ttft:p50=", "lognormal:sigma=-1", "ttft:p50=1s,speed=3", ""})
    BOOST_TEST(!parse_latency(bad));
  const auto m = parse_latency("lognormal:p50=100ms,sigma=0.3");
  BOOST_REQUIRE(m.has_value());
  int below = 0;
  mock_random r{7};
  for (int i = 0; i < 2000; ++i)
    below += m->draw(r, 0, 0, 1).total < 100ms;
  BOOST_TEST(below > 900);
  BOOST_TEST(below < 1100);
  const auto t = parse_latency("ttft:p50=1s,sigma=0,tps=10")->draw(r, 0, 100, 2);
  BOOST_TEST((t.first == 2s));
  BOOST_TEST((t.total > 12s && t.total < 40s));
  BOOST_TEST(load_factor(10, 10) == 2);
}

BOOST_AUTO_TEST_CASE(bodies_that_are_no_request_are_told_why) {
  for (const auto* s : {&chat_shape(), &embeddings_shape(), &messages_shape(), &gemini_shape(),
                        &gemini_embed_shape(), &gemini_batch_embed_shape(), &ollama_chat_shape(),
                        &ollama_generate_shape(), &ollama_embed_shape(), &count_tokens_shape()})
    for (auto body : {"", "{", "[]", "{}", R"({"model":1})", R"({"model":"m"})",
                      R"({"model":"m","messages":[],"input":[]})"})
      BOOST_TEST(!s->parse(body));
}

BOOST_AUTO_TEST_CASE(bodies_of_any_shape_are_answered_with_json_or_refused) {
  namespace json = boost::json;
  constexpr uint64_t seed = 20261123;
  const shape* shapes[] = {
    &chat_shape(),         &embeddings_shape(),      &messages_shape(),
    &count_tokens_shape(), &gemini_shape(),          &gemini_stream_shape(),
    &gemini_embed_shape(), &gemini_count_shape(),    &gemini_batch_embed_shape(),
    &ollama_chat_shape(),  &ollama_generate_shape(), &ollama_embed_shape()};
  const char* words[] = {"model",
                         "messages",
                         "content",
                         "role",
                         "user",
                         "system",
                         "text",
                         "parts",
                         "contents",
                         "type",
                         "input",
                         "requests",
                         "source",
                         "data",
                         "images",
                         "image_url",
                         "url",
                         "format",
                         "schema",
                         "object",
                         "prompt",
                         "options",
                         "stream",
                         "max_tokens",
                         "response_format",
                         "json_schema",
                         "generationConfig",
                         "responseSchema",
                         "systemInstruction",
                         "output_config",
                         "inlineData",
                         "dimensions"};
  mock_random r{seed};
  const auto word = [&] { return std::string{words[r.next() % std::size(words)]}; };
  std::function<json::value(int)> any = [&](int depth) -> json::value {
    switch (r.next() % (depth > 4 ? 4 : 8)) {
    case 0: return json::string{word()};
    case 1: return static_cast<int64_t>(r.next() % 9) - 4;
    case 2: return r.uniform() * 1e300;
    case 3: return r.next() % 2 == 0;
    case 4:
    case 5: return json::array{any(depth + 1), any(depth + 1)};
    default: {
      json::object o;
      for (int i = 0; i < 5; ++i)
        o.insert_or_assign(word(), any(depth + 1));
      return o;
    }
    }
  };
  size_t answered = 0;
  BOOST_TEST_CONTEXT("seed " << seed)
  for (int i = 0; i < 3000; ++i) {
    json::object o{{"model", "m"}, {"max_tokens", 50}};
    for (std::string_view list : {"messages", "contents", "requests", "input"})
      if (r.next() % 2)
        o[list] = json::array{any(1), any(1), any(1)};
    for (int extra = 0; extra < 4; ++extra)
      o.insert_or_assign(word(), any(1));
    const auto body = json::serialize(o);
    for (const auto* s : shapes) {
      const auto call = s->parse(body, "/v1beta/models/m:method");
      if (!call)
        continue;
      ++answered;
      const auto a = plain(*call);
      boost::system::error_code ec;
      json::parse(s->answer(*call, a, {}, "7", 5), ec);
      BOOST_TEST(!ec, to_string(s->speaks()) << " cannot be read for " << body);
      for (const auto& e : s->events(*call, a, {}, "7", 5))
        BOOST_TEST(!e.empty());
    }
  }
  BOOST_TEST(answered > 3000); // Else the case has tested nothing.
}

BOOST_AUTO_TEST_SUITE_END()
