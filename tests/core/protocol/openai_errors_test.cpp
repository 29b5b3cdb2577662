#include "tests/core/protocol/openai_cases.hpp"

#include "core/protocol/reply_judge.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace penstock::test;
using namespace std::chrono_literals;
using k = reply_kind;

namespace {

struct row {
  int status;
  std::string_view type, code, message;
  reply_kind kind;
  errc ours;
};

std::string body_of(const row& r) {
  const auto text = [](std::string_view s) {
    return s.empty() ? boost::json::value{}
                     : boost::json::value(boost::json::string_view{s.data(), s.size()});
  };
  boost::json::object error{{"message", text(r.message)},
                            {"type", text(r.type)},
                            {"param", nullptr},
                            {"code", text(r.code)}};
  return boost::json::serialize(boost::json::object{{"error", error}});
}

verdict judge_429(std::string_view message, std::vector<http_header> headers = {}) {
  return judge(reply_of(429, body_of({429, "tokens", "rate_limit_exceeded", message, {}, {}}),
                        std::move(headers)));
}

} // namespace

BOOST_AUTO_TEST_SUITE(openai_errors)

BOOST_AUTO_TEST_CASE(every_row_of_the_error_tables_is_judged_as_written) {
  const row rows[] = {
    {400, "invalid_request_error", "", "m", k::bad_request, errc::bad_request},
    {400, "invalid_request_error", "unsupported_parameter", "m", k::bad_request, errc::bad_request},
    {400, "invalid_request_error", "unsupported_value", "m", k::bad_request, errc::bad_request},
    {400, "invalid_request_error", "context_length_exceeded", "m", k::bad_request,
     errc::bad_request},
    {400, "invalid_request_error", "billing_hard_limit_reached", "m", k::billing, errc::billing},
    {400, "invalid_request_error", "", "You have reached your specified API usage limits. ...",
     k::billing, errc::billing},
    {401, "invalid_request_error", "invalid_api_key", "m", k::unauthorized, errc::unauthorized},
    {401, "authentication_error", "", "m", k::unauthorized, errc::unauthorized},
    {402, "billing_error", "", "m", k::billing, errc::billing},
    {403, "", "unsupported_country_region_territory", "m", k::unauthorized, errc::unauthorized},
    {403, "invalid_request_error", "", "m", k::unauthorized, errc::unauthorized},
    {403, "invalid_request_error", "a_new_code", "m", k::unauthorized, errc::unauthorized},
    {403, "invalid_request_error", "model_not_found", "m", k::bad_request, errc::bad_request},
    {404, "invalid_request_error", "model_not_found", "m", k::bad_request, errc::bad_request},
    {408, "", "", "m", k::conflict, errc::timeout},
    {409, "conflict_error", "", "m", k::conflict, errc::server_error},
    {413, "request_too_large", "", "m", k::too_large, errc::request_too_large},
    {422, "", "", "m", k::bad_request, errc::bad_request},
    {429, "requests", "rate_limit_exceeded", "m", k::rate_limited, errc::rate_limited},
    {429, "tokens", "rate_limit_exceeded", "m", k::rate_limited, errc::rate_limited},
    {429, "rate_limit_error", "", "m", k::rate_limited, errc::rate_limited},
    {429, "", "", "m", k::rate_limited, errc::rate_limited},
    {429, "invalid_request_error", "", "m", k::rate_limited, errc::rate_limited},
    {429, "rate_limit_error", "slow_down", "m", k::slow_down, errc::rate_limited},
    {503, "", "slow_down", "m", k::slow_down, errc::rate_limited},
    {429, "insufficient_quota", "credit_balance_exhausted", "m", k::billing, errc::billing},
    {429, "insufficient_quota", "organization_spend_limit_exceeded", "m", k::billing,
     errc::billing},
    {429, "insufficient_quota", "project_spend_limit_exceeded", "m", k::billing, errc::billing},
    {429, "insufficient_quota", "organization_usage_limit_exceeded", "m", k::billing,
     errc::billing},
    {429, "insufficient_quota", "insufficient_quota", "m", k::billing, errc::billing},
    {429, "insufficient_quota", "some_new_code", "m", k::billing, errc::billing},
    {429, "", "billing_hard_limit_reached", "m", k::billing, errc::billing},
    {500, "server_error", "", "m", k::server_error, errc::server_error},
    {500, "api_error", "", "m", k::server_error, errc::server_error},
    {500, "invalid_request_error", "", "m", k::server_error, errc::server_error},
    {501, "NotImplementedError", "", "m", k::bad_request, errc::bad_request},
    {503, "service_unavailable_error", "server_is_overloaded", "m", k::overloaded,
     errc::overloaded},
    {504, "timeout_error", "", "m", k::server_error, errc::server_error},
    {529, "overloaded_error", "", "m", k::overloaded, errc::overloaded},
  };
  for (auto& r : rows) {
    const auto v = judge(reply_of(r.status, body_of(r), {{"x-request-id", "req_9"}}));
    BOOST_TEST_CONTEXT(r.status << ' ' << r.type << ' ' << r.code) {
      BOOST_TEST(to_string(v.kind) == to_string(r.kind));
      BOOST_TEST(to_string(v.code) == to_string(r.ours));
      BOOST_TEST(v.message == r.message);
      BOOST_TEST(v.provider_code == (r.code.empty() ? r.type : r.code));
      BOOST_TEST(v.request_id == "req_9");
    }
  }
}

BOOST_AUTO_TEST_CASE(the_kinds_of_429_are_told_apart) {
  auto v =
    judge_429("Rate limit reached for gpt-4o in organization org-1 on tokens per min (TPM): "
              "Limit 30000, Used "
              "28039, Requested 3906. Please try again in 3.89s. Visit https://x to learn more.");
  BOOST_TEST((v.kind == k::rate_limited && v.retry_after == 3890ms));
  v = judge_429("Request too large for gpt-4o in organization org-1 on tokens per min (TPM): Limit "
                "30000, Requested "
                "42174. The input or output tokens must be reduced in order to run successfully.");
  BOOST_TEST((v.kind == k::too_large && v.code == errc::request_too_large));
  BOOST_TEST(v.message.find("Limit 30000, Requested 42174") != std::string::npos);
  v = judge_429("Rate limit reached for gpt-4o on requests per day (RPD): Limit 200, Used 200, "
                "Requested 1. Please try "
                "again in 7m12s.");
  BOOST_TEST(
    (v.kind == k::daily_quota && v.code == errc::quota_exhausted && v.retry_after == 7min + 12s));
  v = judge_429("m", {{"retry-after", "86400"}});
  BOOST_TEST((v.kind == k::long_wait && v.code == errc::rate_limited && v.retry_after == 24h));
  v = judge_429("Limit of requests per day reached", {{"retry-after", "86400"}});
  BOOST_TEST((v.kind == k::daily_quota && v.retry_after == 24h));
  v = judge(reply_of(503, "{}", {{"retry-after", "7200"}}));
  BOOST_TEST((v.kind == k::long_wait && v.retry_after == 2h));
  v = judge(reply_of(503, "{}", {{"retry-after", "3600"}}));
  BOOST_TEST((v.kind == k::overloaded && v.retry_after == 1h));
  v = judge_429("m", {{"retry-after", "1800"}});
  BOOST_TEST((v.kind == k::rate_limited && v.retry_after == 30min));
  v = judge_429("m", {{"x-ratelimit-limit-requests", "200"},
                      {"x-ratelimit-remaining-requests", "0"},
                      {"x-ratelimit-reset-requests", "17h3m"}});
  BOOST_TEST((v.kind == k::daily_quota && v.retry_after == 17h + 3min));
  BOOST_TEST((judge_429("m", {{"x-ratelimit-remaining-requests", "0"}}).kind == k::rate_limited));
}

BOOST_AUTO_TEST_CASE(headers_beat_the_body_and_garbage_says_nothing) {
  constexpr auto text = "Please try again in 3.89s.";
  BOOST_TEST((judge_429(text, {{"retry-after", "5"}}).retry_after == 5s));
  BOOST_TEST(
    (judge_429(text, {{"retry-after", "5"}, {"retry-after-ms", "350"}}).retry_after == 350ms));
  BOOST_TEST(
    (judge_429(text, {{"retry-after", "Sat, 01 Aug 2026 12:00:13 GMT"}}).retry_after == 10s));
  for (auto garbage : {"abc", "-5", "0"})
    BOOST_TEST((judge_429(text, {{"retry-after", garbage}}).retry_after == 3890ms), garbage);
  BOOST_TEST(!judge_429("m", {{"retry-after", "abc"}}).retry_after);
}

BOOST_AUTO_TEST_CASE(the_daily_quota_of_google_ends_at_its_midnight) {
  const auto v = judge(reply_of(
    429, R"([{"error":{"code":429,"message":"Quota exceeded.","status":"RESOURCE_EXHAUSTED",
    "details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]},{"retryDelay":"31s"}]}}])"));
  BOOST_TEST(
    (v.kind == k::daily_quota && v.retry_after == 19h + 59min + 57s)); // 12:00:03 to 08:00 UTC.
  const auto minute =
    judge(reply_of(429, R"({"error":{"code":429,"message":"Quota exceeded.","status":
    "RESOURCE_EXHAUSTED","details":[{"retryDelay":"57.238747106s"}]}})"));
  BOOST_TEST((minute.kind == k::rate_limited && minute.retry_after == 57238747106ns));
}

BOOST_AUTO_TEST_CASE(anthropic_errors_read_through_a_proxy) {
  auto v = judge(
    reply_of(429, R"({"type":"error","error":{"type":"rate_limit_error","message":"m","details":
    {"error_code":"enforced_spend_limit_reached"}},"request_id":"req_a"})"));
  BOOST_TEST((v.kind == k::billing && v.request_id == "req_a" &&
              v.provider_code == "enforced_spend_limit_reached"));
  v = judge(reply_of(
    529, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"));
  BOOST_TEST((v.kind == k::overloaded && v.message == "Overloaded"));
}

BOOST_AUTO_TEST_CASE(pages_of_any_status_are_judged_by_it_and_shrink_to_a_sample) {
  const std::string page =
    "<html><head><title>502 Bad Gateway</title></head>" + std::string(60'000, '\n') + "</html>";
  const std::pair<int, reply_kind> rows[] = {
    {403, k::unauthorized}, {413, k::too_large},  {429, k::rate_limited}, {500, k::server_error},
    {502, k::server_error}, {503, k::overloaded}, {520, k::server_error}, {524, k::server_error}};
  for (auto [status, kind] : rows) {
    auto reply = reply_of(status, page);
    reply.headers = {{"content-type", "text/html; charset=UTF-8"}};
    const auto v = judge(reply);
    BOOST_TEST(to_string(v.kind) == to_string(kind));
    BOOST_TEST(v.message == "HTML page (" + std::to_string(status) + "): \"502 Bad Gateway\"");
    const auto body = outcome_body(reply.body, v);
    BOOST_TEST(body.size() < 300u);
    BOOST_TEST(boost::json::parse(body).at("error").at("message").as_string() == v.message);
  }
}

BOOST_AUTO_TEST_CASE(failures_without_json_still_say_something) {
  BOOST_TEST(judge(reply_of(503, "")).message == "HTTP 503");
  BOOST_TEST(judge(reply_of(503, "upstream connect error\x01\xFF")).message ==
             "HTTP 503: \"upstream connect error \xEF\xBF\xBD\"");
  BOOST_TEST((judge(reply_of(429, "Too many. Try again in 20 seconds")).retry_after == 20s));
  BOOST_TEST(judge(reply_of(400, R"({"error":{"code":"unsupported_value"}})")).message ==
             "HTTP 400 (unsupported_value)");
  BOOST_TEST(judge(reply_of(500, R"({"error":{"message":")" + std::string(9'000, 'x') + "\"}}"))
               .message.size() == 500u);
  const auto redirect = judge(reply_of(307, "", {{"location", "https://other/"}}));
  BOOST_TEST((redirect.kind == k::bad_request));
  BOOST_TEST(redirect.message.find("https://other/") != std::string::npos);
  BOOST_TEST((judge(reply_of(0, "")).kind == k::malformed));
}

BOOST_AUTO_TEST_CASE(the_word_of_the_provider_on_retrying_is_passed_on) {
  BOOST_TEST((judge_429("m", {{"x-should-retry", "false"}}).should_retry == false));
  BOOST_TEST((judge(reply_of(400, "", {{"x-should-retry", "true"}})).should_retry == true));
  BOOST_TEST(!judge(reply_of(200, "{}", {{"x-should-retry", "true"}})).should_retry);
}

BOOST_AUTO_TEST_CASE(limits_are_read_from_successes_and_failures) {
  const std::vector<http_header> headers{{"x-ratelimit-limit-tokens", "1000"},
                                         {"x-ratelimit-remaining-tokens", "7"}};
  for (const auto& reply :
       {reply_of(200, chat_reply, headers), reply_of(429, "", headers), reply_of(500, "", headers)})
    BOOST_TEST(
      (judge(reply).limits[static_cast<size_t>(dimension::total_tokens)].remaining == 7.0));
}

BOOST_AUTO_TEST_CASE(an_outcome_holds_json_on_one_line_whatever_came) {
  const auto ok = judge(reply_of(200, chat_reply));
  const auto line = outcome_body("\n: keep-alive\n" + std::string{chat_reply}, ok);
  BOOST_TEST(line.find_first_of("\r\n") == std::string::npos);
  BOOST_TEST(boost::json::parse(line) == boost::json::parse(chat_reply));
  const std::string error = R"({"error":{"message":"m"}})";
  BOOST_TEST(outcome_body(error + "\n", judge(reply_of(500, error))) == error);
  for (const std::string& body : {std::string{}, std::string{"<html>"}, std::string{"{\"cut\":"},
                                  "{\"error\":\"" + std::string(70'000, 'x') + "\"}"}) {
    const auto v = judge(reply_of(500, body));
    const auto made = boost::json::parse(outcome_body(body, v));
    BOOST_TEST(made.at("error").at("type").as_string() == "server_error");
    BOOST_TEST(made.at("error").at("message").as_string() == v.message);
  }
}

BOOST_AUTO_TEST_SUITE_END()
