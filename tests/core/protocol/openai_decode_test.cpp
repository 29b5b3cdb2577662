#include "core/protocol/reply_judge.hpp"
#include "tests/core/protocol/openai_cases.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace penstock::test;
using namespace std::chrono_literals;
using k = reply_kind;

namespace {

std::string chat_with(std::string_view choice) {
  return R"({"object":"chat.completion","choices":[)" + std::string{choice} + "]}";
}

std::string chat_with_usage(std::string_view usage) {
  return R"({"choices":[{"message":{"content":"x"}}],"usage":)" + std::string{usage} + "}";
}

std::string nested(size_t levels) {
  return R"({"choices":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
}

} // namespace

BOOST_AUTO_TEST_SUITE(openai_decode)

BOOST_AUTO_TEST_CASE(a_chat_answer_is_a_success_with_usage_and_id) {
  const auto v =
    judge(reply_of(200, chat_reply, {{"x-request-id", "req_1"}, {"retry-after", "9"}}));
  BOOST_TEST((v.kind == k::success));
  BOOST_TEST(v.request_id == "req_1");
  BOOST_TEST(!v.retry_after); // There is no time to wait for.
  BOOST_TEST((v.used.known && v.used.input_tokens == 1117 && v.used.cached_input_tokens == 1000));
  BOOST_TEST((v.used.output_tokens == 46 && v.used.reasoning_tokens == 12));
}

BOOST_AUTO_TEST_CASE(an_answer_that_died_in_the_middle_is_a_passing_failure) {
  for (std::string reason : {"error", "abort", "insufficient_system_resource", "network_error"}) {
    const auto end =
      R"("finish_reason":")" + reason + R"(","error":{"code":502,"message":"gone"}})";
    for (std::string start :
         {R"({"message":{"content":"half"},)", R"({"message":{"content":null},)", R"({)"}) {
      const auto v = judge(reply_of(200, chat_with(start + end)));
      BOOST_TEST((v.kind == k::server_error), reason);
      BOOST_TEST(v.message.find("gone") != std::string::npos);
    }
    const auto c = judge(reply_of(200, chat_with(R"({"text":"half",)" + end)), "/v1/completions");
    BOOST_TEST((c.kind == k::server_error), reason);
  }
  for (std::string reason : {"stop", "length", "errors", "eos"})
    BOOST_TEST((judge(reply_of(200, chat_with(R"({"message":{"content":"a"},"finish_reason":")" +
                                              reason + "\"}")))
                  .kind == k::success),
               reason);
}

BOOST_AUTO_TEST_CASE(embeddings_and_responses_are_judged_by_their_own_shape) {
  const auto e = judge(reply_of(200, embeddings_reply), "/v1/embeddings");
  BOOST_TEST((e.kind == k::success && e.used.known && e.used.input_tokens == 8 &&
              e.used.output_tokens == 0));
  const auto r = judge(reply_of(200, responses_reply), "/v1/responses/?x=1");
  BOOST_TEST((r.kind == k::success && r.used.input_tokens == 328 && r.used.output_tokens == 52));
  BOOST_TEST((r.used.cached_input_tokens == 5 && r.used.reasoning_tokens == 7));
  BOOST_TEST((judge(reply_of(200, chat_reply), "/v1/embeddings").kind == k::malformed));
  BOOST_TEST((judge(reply_of(200, chat_reply), "/v1/responses").kind == k::malformed));
  BOOST_TEST((judge(reply_of(200, embeddings_reply)).kind == k::malformed));
  BOOST_TEST((judge(reply_of(200, embeddings_reply), "/v1/moderations").kind == k::success));
  BOOST_TEST(
    (judge(reply_of(200, R"({"choices":[{"text":"a"}]})"), "/v1/completions").kind == k::success));
  BOOST_TEST(
    (judge(reply_of(200, R"({"choices":[{"text":""}]})"), "/v1/completions").kind == k::malformed));
  BOOST_TEST((
    judge(reply_of(200, R"({"choices":[{"text":"","logprobs":{"tokens":[]}}]})"), "/v1/completions")
      .kind == k::success));
  BOOST_TEST((judge(reply_of(200, R"({"choices":[{}]})"), "/v1/completions").kind == k::malformed));
  BOOST_TEST((judge(reply_of(200, R"({"choices":[]})"), "/v1/completions").kind == k::malformed));
}

BOOST_AUTO_TEST_CASE(final_answers_of_every_sort_are_successes) {
  for (
    auto choice : {
      R"({"message":{"content":"cut"},"finish_reason":"length"})",
      R"({"message":{"content":null,"refusal":"I cannot"},"finish_reason":"stop"})",
      R"({"message":{"content":null},"finish_reason":"content_filter"})",
      R"({"finish_reason":"content_filter"})",
      R"({"message":{"content":null,"tool_calls":[{"id":"c","function":{}}]},"finish_reason":"tool_calls"})",
      R"({"message":{"tool_calls":[{"id":"c"}]}})",
      R"({"message":{"content":null,"function_call":{"name":"f"}}})",
      R"({"message":{"content":[{"type":"text","text":"x"}]},"finish_reason":"whatever"})",
    })
    BOOST_TEST((judge(reply_of(200, chat_with(choice))).kind == k::success), choice);
}

BOOST_AUTO_TEST_CASE(what_a_provider_breaks_off_is_as_a_5xx) {
  for (std::string_view reason : {"error", "abort", "insufficient_system_resource", "network_error",
                                  "load", "ERROR", "timeout"}) {
    const auto v =
      judge(reply_of(200, chat_with(R"({"message":{"content":"half"},"finish_reason":")" +
                                    std::string{reason} + R"("})")));
    BOOST_TEST((v.kind == k::server_error), reason);
    BOOST_TEST(v.message.find(reason) != std::string::npos, v.message);
  }
  const auto named = judge(reply_of(
    200,
    chat_with(
      R"({"error":{"code":502,"message":"Upstream gone"},"finish_reason":"stop","message":{"content":"x"}})")));
  BOOST_TEST((named.kind == k::server_error || named.kind == k::overloaded));
  BOOST_TEST(named.message.find("Upstream gone") != std::string::npos, named.message);
}

BOOST_AUTO_TEST_CASE(a_cut_answer_says_so_and_one_without_a_word_names_the_remedy) {
  for (std::string_view reason : {"length", "max_tokens", "model_length", "MAX_TOKENS"}) {
    const auto end = R"(},"finish_reason":")" + std::string{reason} + R"("})";
    const auto cut = judge(reply_of(200, chat_with(R"({"message":{"content":"So")" + end)));
    BOOST_TEST((cut.kind == k::success), reason);
    BOOST_REQUIRE(cut.notes.size() == 1u);
    BOOST_TEST(cut.notes[0].find("truncated") == 0u);
    for (auto content : {"null", R"("")", R"(" ")"}) {
      const auto none =
        judge(reply_of(200, chat_with(R"({"message":{"reasoning_content":"Hm.","content":)" +
                                      std::string{content} + end)));
      BOOST_TEST((none.kind == k::bad_request && none.code == errc::bad_response), content);
      BOOST_TEST(none.message.find("raise max_tokens") != std::string::npos, none.message);
      BOOST_TEST(none.notes.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_paid_for_is_repaired_where_that_is_safe) {
  for (std::string_view text : {R"(a \ud83d)", R"(\ude00 b)", R"(\ud83d\ud83d)", "tab\there",
                                "line\nbreak", "\xff\xfe", "cut \xe2\x82", "\xed\xa0\xbd"}) {
    const auto body = chat_with(R"({"message":{"content":"So )" + std::string{text} + R"("}})");
    const auto v = judge(reply_of(200, body));
    BOOST_TEST((v.kind == k::success), body);
    BOOST_TEST(v.repaired);
    BOOST_REQUIRE(v.notes.size() == 1u);
    BOOST_TEST(v.notes[0].find("repaired") != std::string::npos);
    const auto whole = outcome_body(body, v);
    boost::json::error_code ec;
    boost::json::parse(whole, ec);
    BOOST_TEST(!ec, whole);
    BOOST_TEST(whole.find("So ") != std::string::npos);
  }
  BOOST_TEST(
    (judge(reply_of(200, R"({"choices":[{"message":{"content":"x"},"logprobs":NaN}]})")).kind ==
     k::success));
  const auto broken = judge(reply_of(200, R"({"choices":[{"message":{"content":"x"}}]]})"));
  BOOST_TEST((broken.kind == k::malformed));
  BOOST_TEST(broken.tries_max == 2u);
  BOOST_TEST(judge(reply_of(200, R"({"choices":[{"mess)")).tries_max == 0u); // The line was cut.
}

BOOST_AUTO_TEST_CASE(minimax_says_its_errors_in_a_200) {
  const auto of = [](std::string_view code) {
    return judge(reply_of(200, R"({"choices":null,"base_resp":{"status_code":)" +
                                 std::string{code} + R"(,"status_msg":"no luck"}})"));
  };
  BOOST_TEST((of("1002").kind == k::rate_limited));
  BOOST_TEST((of("1008").kind == k::billing));
  BOOST_TEST((of("1004").kind == k::unauthorized));
  BOOST_TEST((of("2013").kind == k::bad_request));
  BOOST_TEST((of("1000").kind == k::server_error));
  BOOST_TEST(of("1000").message == "no luck");
}

BOOST_AUTO_TEST_CASE(a_2xx_that_is_no_answer_is_malformed_and_says_why) {
  const std::string page = "<!DOCTYPE html><title>Log in</title>" + std::string(50'000, 'x');
  const std::pair<std::string, std::string_view> rows[] = {
    {"", "empty body"},
    {" \n\n", "empty body"},
    {page, "HTML page (200): \"Log in\""},
    {"{\"choices\":[", "not JSON"},
    {std::string{chat_reply} + "x", "not JSON"},
    {"{\"a\":\"\\q\"}", "not JSON"},
    {"\xFE\xFF{}", "not JSON"},
    {nested(10'000), "not JSON"},
    {std::string(10'000, '['), "not JSON"},
    {"3", "no JSON object"},
    {"[]", "no JSON object"},
    {"null", "no JSON object"},
    {"{}", "no choices"},
    {R"({"choices":[]})", "no choices"},
    {R"({"choices":{}})", "no choices"},
    {R"({"choices":null})", "no choices"},
    {chat_with("{}"), "choices[0] has no message"},
    {chat_with("3"), "choices[0] has no message"},
    {chat_with(R"({"message":{"content":null},"finish_reason":"stop"})"), "is empty"},
    {chat_with(R"({"message":{"content":""},"finish_reason":"stop"})"), "is empty"},
    {chat_with(R"({"message":{"content":" \n"},"finish_reason":"stop"})"), "is empty"},
    {chat_with(R"({"message":{"content":[{"type":"text","text":""}]}})"), "is empty"},
    {chat_with(R"({"message":{"content":null,"refusal":null,"tool_calls":[]}})"), "is empty"},
    {chat_with(R"({"message":{"content":null,"reasoning":"hm"},"finish_reason":"stop"})"),
     "is empty"},
    {chat_with(R"({"message":{"content":3}})"), "is empty"},
  };
  for (auto& [body, why] : rows) {
    const auto v = judge(reply_of(200, body));
    BOOST_TEST_CONTEXT(body.substr(0, 80)) {
      BOOST_TEST((v.kind == k::malformed && v.code == errc::bad_response));
      BOOST_TEST(v.message.find(why) != std::string::npos, v.message);
      BOOST_TEST(v.message.size() <= 500u);
    }
  }
  for (auto body : {R"({"data":[]})", R"({"data":[{}]})", R"({"data":[{"embedding":[]}]})", "{}"})
    BOOST_TEST((judge(reply_of(200, body), "/v1/embeddings").kind == k::malformed), body);
  for (auto body : {R"({"status":"completed","output":[]})", R"({"status":"failed","error":null})",
                    R"({"status":"cancelled","output":[{}]})", "{}"})
    BOOST_TEST((judge(reply_of(200, body), "/v1/responses").kind == k::malformed), body);
}

BOOST_AUTO_TEST_CASE(a_content_type_neither_makes_nor_breaks_an_answer) {
  for (auto type :
       {"text/plain", "text/html", "", "application/json; charset=utf-8", "text/event-stream"}) {
    auto reply = reply_of(200, chat_reply);
    reply.headers = {{"content-type", type}};
    BOOST_TEST((judge(reply).kind == k::success), type);
  }
  auto bare = reply_of(200, chat_reply);
  bare.headers.clear();
  BOOST_TEST((judge(bare).kind == k::success));
}

BOOST_AUTO_TEST_CASE(noise_before_the_answer_is_forgiven) {
  for (std::string noise : {"\n\n\r\n", "\xEF\xBB\xBF", ": keep-alive\n\n: keep-alive\n\n"})
    BOOST_TEST((judge(reply_of(200, noise + std::string{chat_reply})).kind == k::success));
}

BOOST_AUTO_TEST_CASE(what_the_body_asked_for_wrongly_is_not_paid_for_again) {
  auto stream = reply_of(200, "data: {\"choices\":[]}\n\ndata: [DONE]\n\n");
  stream.headers = {{"content-type", "text/event-stream"}};
  BOOST_TEST((judge(stream).kind == k::bad_request));
  BOOST_TEST((judge(reply_of(200, R"({"status":"queued","output":[]})"), "/v1/responses").kind ==
              k::bad_request));
}

BOOST_AUTO_TEST_CASE(an_error_inside_a_2xx_is_judged_by_its_code) {
  const std::pair<std::string_view, reply_kind> rows[] = {
    {R"({"error":{"message":"m","type":"server_error","code":null}})", k::server_error},
    {R"({"error":{"message":"m","type":"x","code":"server_is_overloaded"},"choices":[{"message":{"content":"x"}}]})",
     k::overloaded},
    {R"({"error":{"message":"m","type":"x","code":"rate_limit_exceeded"}})", k::rate_limited},
    {R"({"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}})",
     k::billing},
    {R"({"error":{"message":"m","type":"invalid_request_error","code":null}})", k::bad_request},
    {R"({"error":{"message":"m","type":"BadRequestError","code":400}})", k::bad_request},
    {R"({"error":{"message":"m","code":429}})", k::rate_limited},
    {R"({"error":{"message":"m","code":"503"}})", k::overloaded},
    {R"({"object":"error","message":"m","type":"NotFoundError","param":null,"code":404})",
     k::bad_request},
    {R"({"error":"something broke"})", k::malformed},
    {R"([{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}])", k::overloaded},
    {R"({"status":"failed","error":{"code":"rate_limit_exceeded","message":"m"},"output":[]})",
     k::rate_limited},
    {R"({"status":"failed","error":{"code":"invalid_prompt","message":"m"}})", k::bad_request},
  };
  for (auto& [body, kind] : rows) {
    const auto v = judge(reply_of(200, body));
    BOOST_TEST(to_string(v.kind) == to_string(kind), body);
    BOOST_TEST((v.message == "m" || v.message == "something broke"));
  }
}

BOOST_AUTO_TEST_CASE(usage_survives_whatever_stands_in_it) {
  for (auto text : {"null", "{}", "3", "[]", R"({"prompt_tokens":-1,"completion_tokens":5})",
                    R"({"prompt_tokens":"12","completion_tokens":"5"})",
                    R"({"prompt_tokens":1e30,"completion_tokens":5})",
                    R"({"prompt_tokens":1.5,"completion_tokens":5})",
                    R"({"prompt_tokens":18446744073709551615,"completion_tokens":5})",
                    R"({"prompt_tokens":12,"completion_tokens":-5})",
                    R"({"prompt_tokens":0,"completion_tokens":0})"}) {
    const auto v = judge(reply_of(200, chat_with_usage(text)));
    BOOST_TEST((v.kind == k::success && !v.used.known && v.used.input_tokens == 0), text);
  }
  const auto total =
    judge(reply_of(200, chat_with_usage(R"({"prompt_tokens":10,"total_tokens":14})"))).used;
  BOOST_TEST((total.known && total.output_tokens == 4));
  const auto parts =
    judge(
      reply_of(
        200,
        chat_with_usage(
          R"({"prompt_tokens":10,"completion_tokens":2.0,"prompt_tokens_details":{"cached_tokens":99},
        "completion_tokens_details":null})")))
      .used;
  BOOST_TEST((parts.known && parts.output_tokens == 2 && parts.cached_input_tokens == 10 &&
              parts.reasoning_tokens == 0));
}

BOOST_AUTO_TEST_CASE(an_exchange_without_a_whole_answer_is_never_a_success) {
  using t = transport_error;
  const std::tuple<transport_error, reply_kind, errc> rows[] = {
    {t::dns, k::transport, errc::connection_failed},
    {t::connect, k::transport, errc::connection_failed},
    {t::tls, k::transport, errc::connection_failed},
    {t::reset, k::transport, errc::connection_failed},
    {t::protocol, k::transport, errc::connection_failed},
    {t::stale_connection, k::transport, errc::connection_failed},
    {t::other, k::transport, errc::connection_failed},
    {t::timeout, k::transport, errc::timeout},
    {t::idle_timeout, k::transport, errc::timeout},
    {t::cancelled, k::transport, errc::cancelled},
    {t::body_too_large, k::too_large, errc::response_too_large},
  };
  for (auto [failure, kind, code] : rows) {
    auto reply = reply_of(200, chat_reply); // Looks complete, but the transfer was not.
    reply.failure = failure;
    auto v = judge(reply);
    BOOST_TEST_CONTEXT(to_string(failure)) {
      BOOST_TEST((v.kind == kind && v.code == code && v.transport == failure));
      BOOST_TEST(v.message == to_string(failure));
      BOOST_TEST(v.provider_code == to_string(failure));
      reply.failure_text = "went\r\nwrong";
      BOOST_TEST(judge(reply).message == "went wrong");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
