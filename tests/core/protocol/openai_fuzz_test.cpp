#include "tests/core/protocol/openai_cases.hpp"
#include "tests/support/seeds.hpp"

#include "core/protocol/reply_judge.hpp"
#include "core/base/text.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;
using namespace penstock::test;

namespace {

constexpr int statuses[] = {200, 200, 200, 400, 401, 413, 429, 500, 503, 529, 0, -1, 999};

std::string random_bytes(std::mt19937& rng, size_t max) {
  std::string out(rng() % max, '\0');
  for (auto& c : out)
    c = static_cast<char>(rng());
  return out;
}

/// Checks that hold for any verdict on any bytes.
void check(const http_response& reply, const verdict& v) {
  BOOST_TEST(v.message.size() <= message_bytes_max);
  BOOST_TEST(v.provider_code.size() <= name_bytes_max);
  for (auto& text : {v.message, v.provider_code, v.request_id})
    BOOST_TEST(is_utf8(text));
  if (v.retry_after)
    BOOST_TEST((*v.retry_after > duration::zero() && *v.retry_after <= std::chrono::hours{24}));
  boost::json::error_code ec;
  const auto line = outcome_body(reply.body, v);
  boost::json::parse_options deep;
  deep.max_depth = json_depth_max;
  boost::json::parse(line, ec, {}, deep);
  BOOST_TEST(!ec);
  BOOST_TEST(line.find_first_of("\r\n") == std::string::npos);
}

} // namespace

BOOST_AUTO_TEST_SUITE(openai_fuzz)

BOOST_AUTO_TEST_CASE(no_cut_of_an_answer_is_an_answer) {
  for (auto [whole, url] : {std::pair{chat_reply, "/v1/chat/completions"},
                            {embeddings_reply, "/v1/embeddings"},
                            {responses_reply, "/v1/responses"}}) {
    const auto end = trim(whole).size();
    for (size_t n = 0; n < end; ++n) {
      const auto v = judge(reply_of(200, whole.substr(0, n)), url);
      BOOST_REQUIRE_MESSAGE(v.kind == reply_kind::malformed, "cut after " << n << " bytes");
    }
    BOOST_TEST((judge(reply_of(200, whole.substr(0, end)), url).kind == reply_kind::success));
  }
}

BOOST_AUTO_TEST_CASE(random_bytes_are_no_answer_and_do_no_harm) {
  test::for_seeds(0, 3000, [&](uint32_t seed) {
    std::mt19937 rng{seed};
    auto reply = reply_of(statuses[rng() % std::size(statuses)], random_bytes(rng, 300));
    const auto v = judge(reply);
    BOOST_TEST((v.kind != reply_kind::success));
    check(reply, v);
  });
}

BOOST_AUTO_TEST_CASE(mutated_answers_do_no_harm) {
  constexpr std::string_view splices[] = {"null",   "-1", "1e999",
                                          "\"",     "{",  "}",
                                          "[",      "]",  "\\u0000",
                                          "\xFF",   "\n", "\"error\":{\"code\":",
                                          "<html>", ",",  "99999999999999999999999"};
  test::for_seeds(0, 6000, [&](uint32_t seed) {
    std::mt19937 rng{seed};
    std::string body{seed % 3 == 0   ? chat_reply
                     : seed % 3 == 1 ? embeddings_reply
                                     : responses_reply};
    for (auto edits = 1 + rng() % 3; edits > 0; --edits) {
      const auto at = rng() % body.size();
      switch (rng() % 4) {
      case 0: body[at] = static_cast<char>(rng()); break;
      case 1: body.erase(at, 1 + rng() % 20); break;
      case 2: body.insert(at, splices[rng() % std::size(splices)]); break;
      default: body.insert(at, body.substr(rng() % body.size(), rng() % 40)); break;
      }
      if (body.empty())
        body = "x";
    }
    auto reply = reply_of(statuses[rng() % std::size(statuses)], body);
    const char* urls[] = {"/v1/chat/completions", "/v1/embeddings", "/v1/responses", "/v1/other",
                          ""};
    check(reply, judge(reply, urls[rng() % std::size(urls)]));
  });
}

BOOST_AUTO_TEST_CASE(random_headers_do_no_harm) {
  constexpr std::string_view names[] = {"retry-after",
                                        "retry-after-ms",
                                        "date",
                                        "x-should-retry",
                                        "x-request-id",
                                        "x-ratelimit-",
                                        "x-ratelimit-limit-",
                                        "x-ratelimit-limit-requests",
                                        "x-ratelimit-remaining-requests",
                                        "x-ratelimit-reset-requests",
                                        "anthropic-ratelimit-",
                                        "anthropic-ratelimit-tokens-reset",
                                        "content-type"};
  constexpr std::string_view values[] = {"",
                                         "-1",
                                         "1e30",
                                         "1e999",
                                         "0",
                                         "nan",
                                         "99999999999999",
                                         "6m0s",
                                         "1s-",
                                         "2026-08-01T12:00:03Z",
                                         "Sat, 01 Aug 2026 12:00:13 GMT",
                                         "true",
                                         "\xFF"};
  test::for_seeds(0, 3000, [&](uint32_t seed) {
    std::mt19937 rng{seed};
    std::vector<http_header> headers;
    for (auto n = rng() % 8; n > 0; --n)
      headers.emplace_back(names[rng() % std::size(names)],
                           rng() % 4 ? std::string{values[rng() % std::size(values)]}
                                     : random_bytes(rng, 30));
    auto reply = reply_of(statuses[rng() % std::size(statuses)], chat_reply, std::move(headers));
    const auto v = judge(reply);
    check(reply, v);
    for (auto& r : v.limits) {
      BOOST_TEST((!r.limit || *r.limit > 0));
      BOOST_TEST((!r.remaining || *r.remaining >= 0));
      BOOST_TEST(
        (!r.reset || (*r.reset >= duration::zero() && *r.reset <= std::chrono::hours{48})));
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()
