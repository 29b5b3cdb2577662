#include "core/protocol/error_table.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

error_body read(std::string_view text) {
  const auto found = find_error(boost::json::parse(text), true);
  BOOST_REQUIRE(found);
  return *found;
}

} // namespace

BOOST_AUTO_TEST_SUITE(error_table)

BOOST_AUTO_TEST_CASE(each_status_alone_means_one_kind) {
  using k = reply_kind;
  const std::pair<int, reply_kind> rows[] = {
    {400, k::bad_request}, {401, k::unauthorized}, {402, k::billing},      {403, k::unauthorized},
    {404, k::bad_request}, {405, k::bad_request},  {408, k::conflict},     {409, k::conflict},
    {413, k::too_large},   {415, k::bad_request},  {422, k::bad_request},  {429, k::rate_limited},
    {499, k::conflict},    {500, k::server_error}, {501, k::bad_request},  {502, k::server_error},
    {503, k::overloaded},  {504, k::server_error}, {520, k::server_error}, {524, k::server_error},
    {529, k::overloaded},  {200, k::malformed},    {307, k::bad_request},  {0, k::malformed},
  };
  for (auto [status, kind] : rows)
    BOOST_TEST(to_string(kind_of_status(status)) == to_string(kind), status);
}

BOOST_AUTO_TEST_CASE(an_error_is_found_in_every_shape) {
  auto e = read(R"({"error":{"message":"m","type":"t","param":null,"code":"c"}})");
  BOOST_TEST((e.message == "m" && e.type == "t" && e.code == "c" && e.name() == "c"));
  e = read(R"({"error":{"message":"m","type":"t","code":null}})");
  BOOST_TEST(e.name() == "t");
  e = read(R"({"error":{"message":"m","type":"BadRequestError","param":null,"code":400}})");
  BOOST_TEST((e.status == 400 && e.name() == "BadRequestError"));
  e = read(R"({"error":{"message":"m","code":"429"}})");
  BOOST_TEST((e.status == 429 && e.name() == "429"));
  BOOST_TEST(read(R"({"error":"Unauthorized"})").message == "Unauthorized");
  e = read(R"({"object":"error","message":"m","type":"NotFoundError","param":null,"code":404})");
  BOOST_TEST((e.message == "m" && e.status == 404));
  e = read(
    R"({"type":"error","error":{"type":"overloaded_error","message":"m"},"request_id":"req_1"})");
  BOOST_TEST((e.type == "overloaded_error" && e.request_id == "req_1"));
  BOOST_TEST(read(R"([{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}])").type ==
             "UNAVAILABLE");
  BOOST_TEST(read(R"({"detail":"Not Found"})").message == "Not Found");
  BOOST_TEST(read(R"({"detail":[{"loc":[],"msg":"a"},{"msg":"b"},3]})").message == "a; b");
  BOOST_TEST(read(R"({"message":"m"})").message == "m");
}

BOOST_AUTO_TEST_CASE(a_success_holds_no_error) {
  for (auto text : {R"({"error":null,"choices":[]})", R"({"error":{}})", R"({"error":""})",
                    R"({"error":false})", R"({"message":"m"})", R"({"detail":"d"})", "[]", "3",
                    "null", R"([[{"error":"x"}]])"})
    BOOST_TEST(!find_error(boost::json::parse(text), false), text);
}

BOOST_AUTO_TEST_CASE(gemini_says_by_quota_id_what_its_429_means) {
  const auto body = [](std::string id, std::string value) {
    return read(
      R"({"error":{"code":429,"message":"You exceeded your current quota. Please retry in 40.609213465s.",
      "status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":
      [{"quotaMetric":"m","quotaId":")" +
      id + R"(","quotaValue":")" + value + R"("}]},
      {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"40s"}]}})");
  };
  const auto minute = body("GenerateRequestsPerMinutePerProjectPerModel", "5");
  BOOST_TEST((minute.retry_after == 40s));
  BOOST_TEST((classify(429, minute, minute.retry_after) == reply_kind::rate_limited));
  const auto day = body("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "20");
  BOOST_TEST(day.midnight_pacific);
  BOOST_TEST((classify(429, day, day.retry_after) == reply_kind::daily_quota));
  const auto none = body("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "0");
  BOOST_TEST((classify(429, none, none.retry_after) == reply_kind::billing));
}

BOOST_AUTO_TEST_CASE(words_mean_the_same_in_any_case) {
  BOOST_TEST((kind_of_word("SLOW_DOWN") == reply_kind::slow_down));
  BOOST_TEST((kind_of_word("InternalServerError") == reply_kind::server_error));
  BOOST_TEST(!kind_of_word(""));
  BOOST_TEST(!kind_of_word("no such word"));
}

BOOST_AUTO_TEST_CASE(every_kind_has_a_code_that_means_the_same) {
  BOOST_TEST((code_of(reply_kind::conflict, 408) == errc::timeout));
  BOOST_TEST((code_of(reply_kind::conflict, 409) == errc::server_error));
  BOOST_TEST((code_of(reply_kind::slow_down, 429) == errc::rate_limited));
  BOOST_TEST((code_of(reply_kind::daily_quota, 429) == errc::quota_exhausted));
  BOOST_TEST((code_of(reply_kind::too_large, 413) == errc::request_too_large));
}

BOOST_AUTO_TEST_CASE(a_wait_is_read_out_of_prose) {
  const std::pair<std::string_view, duration> rows[] = {
    {"Please try again in 3.89s. Visit https://x", 3890ms},
    {"Please try again in 6m0s.", 6min},
    {"please TRY AGAIN IN 17ms", 17ms},
    {"Please retry in 40.609213465s.", 40609213465ns},
    {"try again in 20 seconds", 20s},
    {"Try again in 2 minutes.", 2min},
    {"try again in 350 ms", 350ms},
    {"retry after 1 hour", 1h},
    {"try again in 99999h", 24h},
  };
  for (auto& [text, span] : rows)
    BOOST_TEST((wait_in_text(text) == span), text);
  for (std::string_view text : {"", "try again in", "try again in a while", "try again in -3s",
                                "try again in 0s", "try again in ."})
    BOOST_TEST(!wait_in_text(text), text);
}

BOOST_AUTO_TEST_CASE(a_request_above_the_limit_is_told_from_one_that_came_too_early) {
  BOOST_TEST(asks_above_limit("Request too large for gpt-4o on tokens per min (TPM)"));
  BOOST_TEST(asks_above_limit("Rate limit reached for x: Limit 30000, Requested 30001."));
  BOOST_TEST(asks_above_limit("limit: 30,000 / requested: 40,000"));
  BOOST_TEST(
    !asks_above_limit("Rate limit reached on TPM: Limit 30000, Used 28039, Requested 3906."));
  BOOST_TEST(!asks_above_limit("Limit 3, Requested 3"));
  BOOST_TEST(!asks_above_limit("Requested 9"));
  BOOST_TEST(!asks_above_limit(""));
}

BOOST_AUTO_TEST_SUITE_END()
