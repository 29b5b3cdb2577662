#include "tests/core/protocol/openai_cases.hpp"

#include "core/protocol/money_table.hpp"
#include "core/protocol/reply_judge.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace penstock::test;
using k = reply_kind;

namespace {

/// An answer of a provider or gateway, and its meaning.
struct money_row {
  int status;
  std::string_view body;
  k kind;
  std::string_view says = {}; ///< Part of the text of the verdict.
};

verdict judged(int status, std::string_view body, std::string_view sent = "{}",
               std::vector<http_header> headers = {}) {
  request req;
  req.body = make_payload(std::string{sent});
  return judge_reply(req, reply_of(status, body, std::move(headers)), wall_now,
                     [](const request&, const boost::json::object&, verdict&) {});
}

void check(const money_row& r, std::string_view sent = "{}") {
  const auto v = judged(r.status, r.body, sent);
  BOOST_TEST_CONTEXT(r.status << ' ' << r.body) {
    BOOST_TEST(to_string(v.kind) == to_string(r.kind));
    BOOST_TEST((v.kind == k::billing) == (v.code == errc::billing));
    BOOST_TEST(v.message.find(r.says) != std::string::npos, v.message);
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(money_table)

BOOST_AUTO_TEST_CASE(money_is_told_in_any_status) {
  const money_row rows[] = {
    // OpenAI, and providers with the same form.
    {429,
     R"({"error":{"message":"You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})",
     k::billing},
    {401, R"({"error":{"message":"m","type":"insufficient_quota","code":401}})", k::billing},
    {403, R"({"error":{"message":"m","type":"invalid_request_error","code":"billing_not_active"}})",
     k::billing},
    {400,
     R"({"error":{"message":"Billing hard limit has been reached","type":"invalid_request_error","code":null}})",
     k::billing},
    {429, R"({"error":{"message":"m","code":"project_spend_limit_exceeded"}})", k::billing},
    {500, R"({"error":{"message":"m","code":"credit_balance_exhausted"}})", k::billing},
    // Anthropic.
    {400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}})",
     k::billing, "credit balance"},
    {402, R"({"type":"error","error":{"type":"billing_error","message":"m"}})", k::billing},
    {400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified workspace API usage limits."}})",
     k::billing},
    // Other providers, each with its own text.
    {402,
     R"({"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}})",
     k::billing},
    {429,
     R"({"error":{"code":"1113","message":"Insufficient balance or no resource package. Please recharge."}})",
     k::billing, "recharge"},
    {429, R"({"error":{"code":"1113","message":"m"}})", k::billing},
    {429, R"({"error":{"code":1113,"message":"m"}})", k::billing},
    {429, "{\"error\":{\"code\":\"1\",\"message\":\"\u8d26\u6237\u5df2\u6b20\u8d39\"}}",
     k::billing},
    {429,
     "{\"error\":{\"message\":"
     "\"\u4f59\u989d\u4e0d\u8db3\u6216\u65e0\u53ef\u7528\u8d44\u6e90\u5305\"}}",
     k::billing},
    {403,
     R"({"error":{"message":"Your account org-1 is not active, organization org-1 exceeded current quota, please check your plan and billing details","type":"exceeded_current_quota_error"}})",
     k::billing},
    {429,
     R"({"error":{"message":"Your account org-1 is suspended due to insufficient balance, please recharge your account","type":"m"}})",
     k::billing},
    {400,
     R"({"code":"Arrearage","message":"Access denied, please make sure your account is in good standing.","request_id":"1"})",
     k::billing},
    {403,
     R"({"error":{"code":"AllocationQuota.FreeTierOnly","message":"The free tier is used up."}})",
     k::billing},
    {403, R"({"error":{"code":"AccountOverdueError","message":"m","type":"Forbidden"}})",
     k::billing},
    {400, R"({"error":{"message":"m","type":"invalid_request_error","code":"blocked_api_access"}})",
     k::billing},
    {429,
     R"({"code":"Some resource has been exhausted","error":"Your team t has either used all available credits or reached its monthly spending limit."})",
     k::billing, "credits"},
    {403, R"({"code":"x","error":"You have run out of credits or need a subscription."})",
     k::billing},
    {412,
     R"({"error":{"message":"Account a is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.","param":null,"code":"PRECONDITION_FAILED","type":"error"}})",
     k::billing},
    {403, R"({"code":30001,"message":"Sorry, your account balance is insufficient","data":null})",
     k::billing},
    {403, R"({"code":403,"reason":"NOT_ENOUGH_BALANCE","message":"not enough balance"})",
     k::billing},
    {402,
     R"({"error":{"message":"This request requires more credits, or fewer max_tokens.","code":402}})",
     k::billing},
    {402, "no JSON at all", k::billing},
    {403, "Insufficient account balance", k::billing},
    {403, R"("Your team has used all available credits")", k::billing},
    {429,
     R"({"error":{"code":429,"message":"Your prepayment credits are depleted.","status":"RESOURCE_EXHAUSTED"}})",
     k::billing},
    {403,
     R"({"error":{"code":403,"message":"m","status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"BILLING_DISABLED"}]}})",
     k::billing},
    {403,
     R"({"error":{"message":"user quota is not enough","type":"one_api_error","code":"insufficient_user_quota"}})",
     k::billing},
  };
  for (auto& r : rows)
    check(r);
}

BOOST_AUTO_TEST_CASE(gateways_hide_the_words_of_the_provider) {
  const money_row rows[] = {
    {429,
     R"({"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"{\"error\":{\"message\":\"You exceeded your current quota.\",\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\"}}","provider_name":"OpenAI"}}})",
     k::billing, "You exceeded"},
    {400,
     R"({"error":{"message":"Provider returned error","code":400,"metadata":{"raw":{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}}}})",
     k::billing, "credit balance"},
    {400,
     R"({"error":{"message":"litellm.BadRequestError: AnthropicException - {\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Your credit balance is too low to access the Anthropic API.\"}}. Received Model Group=claude","type":null,"param":null,"code":"400"}})",
     k::billing, "credit balance"},
    {429,
     R"({"error":{"message":"litellm.RateLimitError: RateLimitError: OpenAIException - You exceeded your current quota, please check your plan and billing details.","type":"throttling_error","param":null,"code":"429"}})",
     k::billing},
    {429,
     R"({"error":{"message":"Error code: 429 - {'error': {'message': 'm', 'type': 'insufficient_quota', 'param': None, 'code': 'insufficient_quota'}}","code":"429"}})",
     k::billing},
    {500,
     R"({"error":{"message":"{\"error\":{\"code\":\"1113\",\"message\":\"Please recharge.\"}}","type":"upstream_error"}})",
     k::billing, "Please recharge"},
    {502, R"({"detail":{"error":{"message":"Insufficient Balance","type":"unknown_error"}}})",
     k::billing},
    {400,
     R"({"error":{"message":"Budget has been exceeded! Current cost: 1.2, Max budget: 1.0","type":"budget_exceeded","param":null,"code":"400"}})",
     k::billing, "Budget"},
    {502,
     R"({"error":{"message":"cloud request failed","details":{"status_code":412,"body":"{\"error\":{\"message\":\"Account a is suspended, possibly due to reaching the monthly spending limit\"}}"}}})",
     k::billing, "suspended"},
    {429,
     R"({"error":{"message":"Error from provider: Provider returned error","code":429,"metadata":{"raw":"{\"error\":{\"message\":\"Your account is suspended due to insufficient balance, please recharge\",\"type\":\"exceeded_current_quota_error\"}}"}}})",
     k::billing, "suspended"},
    {200, R"({"error":{"message":"Insufficient credits","code":402}})", k::billing},
  };
  for (auto& r : rows)
    check(r);
}

BOOST_AUTO_TEST_CASE(the_words_are_those_of_the_provider_not_of_the_gateway) {
  const auto v = judged(
    400,
    R"({"error":{"message":"litellm.BadRequestError: AnthropicException - {\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Your credit balance is too low to access the Anthropic API.\"}}","code":"400"}})");
  BOOST_TEST(v.message == "Your credit balance is too low to access the Anthropic API.");
  BOOST_TEST(v.provider_code == "invalid_request_error");
}

BOOST_AUTO_TEST_CASE(quotas_that_time_restores_are_no_money) {
  const money_row rows[] = {
    // Google mentions billing in the message of every quota.
    {429,
     R"({"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.","status":"RESOURCE_EXHAUSTED"}})",
     k::rate_limited},
    {429,
     R"({"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details. Please retry in 4.5s.","status":"RESOURCE_EXHAUSTED"}})",
     k::rate_limited},
    {429,
     R"({"error":{"message":"Error from provider(gemini,undefined: 429): {\n  \"error\": {\n    \"code\": 429,\n    \"message\": \"You exceeded your current quota, please check your plan and billing details.\",\n    \"status\": \"RESOURCE_EXHAUSTED\"\n  }\n}\n"}})",
     k::rate_limited},
    {429,
     R"({"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaValue":"20"}]}]}})",
     k::daily_quota},
    {429,
     R"([{"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED"}}])",
     k::rate_limited},
    // Alibaba's limit of tokens per minute has a code about money.
    {429,
     R"({"error":{"code":"insufficient_quota","message":"You exceeded your current quota, please check your plan and billing details. For details, see: https://help.aliyun.com/zh/model-studio/error-code#token-limit","param":null,"type":"insufficient_quota"}})",
     k::rate_limited},
    {429,
     R"({"error":{"code":"Throttling.AllocationQuota","message":"Allocated quota exceeded, please increase your quota limit."}})",
     k::rate_limited},
    {429,
     R"({"error":{"message":"Rate limit reached for m on requests per min. Limit: 3 / min. Please try again in 20s. You can increase your rate limit by adding a payment method to your account at https://platform.openai.com/account/billing.","type":"requests","param":null,"code":"rate_limit_exceeded"}})",
     k::rate_limited},
    {429,
     R"({"object":"error","message":"Rate limit exceeded","type":"rate_limited","param":null,"code":"1300","raw_status_code":429})",
     k::rate_limited},
    {429,
     R"({"object":"error","message":"Service tier capacity exceeded for this model.","type":"invalid_request_error","param":null,"code":null})",
     k::rate_limited},
    {429,
     R"({"error":{"code":"1302","message":"High concurrency usage of this API, please reduce concurrency"}})",
     k::rate_limited},
    {429,
     R"({"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"m is temporarily rate-limited upstream. Please retry shortly, or add your own key to accumulate your rate limits","provider_name":"p"}}})",
     k::rate_limited},
    {403,
     R"({"error":{"message":"Country, region, or territory not supported","code":"unsupported_country_region_territory"}})",
     k::unauthorized},
    {503, R"({"error":{"message":"The billing service is unavailable, try again later"}})",
     k::overloaded},
  };
  for (auto& r : rows)
    check(r);
}

BOOST_AUTO_TEST_CASE(words_of_the_prompt_stop_no_job) {
  constexpr std::string_view essay =
    R"({"messages":[{"content":"The shop said: insufficient balance, please recharge. My credit balance is too low; code insufficient_quota. \u4f59\u989d\u4e0d\u8db3"}]})";
  const money_row rows[] = {
    {400,
     R"({"error":{"message":"Invalid prompt: 'The shop said: insufficient balance, please recharge.'","type":"invalid_request_error","code":null}})",
     k::bad_request},
    {422,
     R"({"detail":[{"type":"too_long","loc":["body"],"msg":"too long","input":{"messages":[{"content":"insufficient balance"}]}}]})",
     k::bad_request},
    {400, R"({"error":{"message":"content \"code insufficient_quota\" is not allowed"}})",
     k::bad_request},
    {400,
     R"({"error":{"message":"This text was refused: My credit balance is too low","code":"content_filter"}})",
     k::bad_request},
    {400, "{\"error\":{\"message\":\"bad text: \u4f59\u989d\u4e0d\u8db3\"}}", k::bad_request},
    {400, R"({"error":{"message":"refused: {\"error\":{\"code\":\"insufficient_quota\"}}"}})",
     k::bad_request},
    {429, R"({"error":{"message":"Too many requests; yours began: insufficient balance"}})",
     k::rate_limited},
  };
  for (auto& r : rows)
    check(r, essay);
  // The provider's own texts and names count, too.
  check({429, R"({"error":{"code":"1113","message":"Insufficient balance. Please recharge."}})",
         k::billing},
        essay);
  check({402, R"({"error":{"message":"Insufficient Balance"}})", k::billing}, essay);
  check({429, R"({"error":{"message":"m","code":"insufficient_quota"}})", k::billing}, essay);
}

BOOST_AUTO_TEST_CASE(a_page_of_a_gateway_is_not_searched_for_words) {
  const auto v = judged(403, "<html><head><title>Shop</title></head>insufficient balance</html>",
                        "{}", {{"content-type", "text/html"}});
  BOOST_TEST(to_string(v.kind) == to_string(k::unauthorized));
}

BOOST_AUTO_TEST_CASE(broken_and_deep_nesting_is_bounded) {
  std::string deep = R"({"error":{"message":"m","metadata":)";
  for (int i = 0; i < 60; ++i)
    deep += R"({"raw":)";
  deep += R"("insufficient_quota")" + std::string(60, '}') + "}}";
  BOOST_TEST(to_string(judged(429, deep).kind) == to_string(k::rate_limited));
  for (auto text : {R"({"error":{"message":"{{{{"}})", R"({"error":{"message":"{\"a\":\"}\"}{"}})",
                    R"({"error":{"message":"} {\\"}})", R"({"error":{"message":"{'a': \"{\"}"}})"})
    BOOST_TEST(to_string(judged(429, text).kind) == to_string(k::rate_limited), text);
}

BOOST_AUTO_TEST_CASE(the_codes_of_base_resp_have_a_meaning) {
  BOOST_TEST(!kind_of_base_resp(0));
  BOOST_TEST(!kind_of_base_resp(9999));
  BOOST_TEST((kind_of_base_resp(1008) == k::billing));
  BOOST_TEST((kind_of_base_resp(1002) == k::rate_limited));
  BOOST_TEST((kind_of_base_resp(1039) == k::rate_limited));
  BOOST_TEST((kind_of_base_resp(1004) == k::unauthorized));
  BOOST_TEST((kind_of_base_resp(1000) == k::server_error));
  BOOST_TEST((kind_of_base_resp(2013) == k::bad_request));
}

BOOST_AUTO_TEST_CASE(statuses_of_gateways_and_edges_pass) {
  const std::pair<int, k> rows[] = {
    {408, k::conflict},     {409, k::conflict},     {424, k::conflict},     {425, k::conflict},
    {499, k::conflict},     {498, k::overloaded},   {529, k::overloaded},   {520, k::server_error},
    {521, k::server_error}, {522, k::server_error}, {523, k::server_error}, {524, k::server_error},
    {525, k::server_error}, {526, k::server_error}, {527, k::server_error}, {530, k::server_error}};
  for (auto [status, kind] : rows)
    for (auto body : {"", R"({"error":{"message":"m"}})",
                      R"({"error":{"message":"m","type":"invalid_request_error"}})"}) {
      const auto v = judged(status, body);
      BOOST_TEST(to_string(v.kind) == to_string(kind), status << ' ' << body);
      BOOST_TEST(is_retryable(v.kind), status);
    }
}

BOOST_AUTO_TEST_SUITE_END()
