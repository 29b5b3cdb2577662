#include "core/jsonl/jsonl.hpp"
#include "core/jsonl/make_request.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;

namespace {

std::string refusal_of(std::string body, std::string url = {}) {
  const auto r = make_request("a", std::move(body), std::move(url));
  BOOST_REQUIRE(r.rejection.has_value());
  BOOST_TEST((r.rejection->code == errc::invalid_input));
  BOOST_TEST(r.body->empty());
  return r.rejection->context;
}

} // namespace

BOOST_AUTO_TEST_SUITE(make_request_suite)

BOOST_AUTO_TEST_CASE(it_reads_a_body_as_a_line_would) {
  const std::string body = R"({"model":"m","messages":[],"max_tokens":7,"n":2})";
  const auto made = make_request("a", body);
  const auto read = parse_request_line(R"({"custom_id":"a","body":)" + body + "}", 0, 1);
  BOOST_TEST(!made.rejection.has_value());
  BOOST_TEST(made.custom_id == read.custom_id);
  BOOST_TEST(made.url == "/v1/chat/completions");
  BOOST_TEST(made.url == read.url);
  BOOST_TEST(made.model == "m");
  BOOST_TEST(made.output_tokens_max == 14u);
  BOOST_TEST(*made.body == body);
  BOOST_TEST(*made.body == *read.body);
}

BOOST_AUTO_TEST_CASE(the_path_is_told_by_the_body_or_the_caller) {
  BOOST_TEST(make_request("", R"({"input":"x"})").url == "/v1/embeddings");
  BOOST_TEST(make_request("", R"({"prompt":"x"})", "/v1/completions").url == "/v1/completions");
  BOOST_TEST(make_request("", "{}", "/v1beta/models/gem:generateContent").model == "gem");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_sent_is_rejected_with_the_reason) {
  BOOST_TEST(refusal_of("").starts_with("not valid JSON: "));
  BOOST_TEST(refusal_of(R"({"messages":[)").starts_with("not valid JSON: "));
  BOOST_TEST(refusal_of("[1]") == "body must be an object");
  BOOST_TEST(refusal_of("{}").starts_with("url is missing"));
  BOOST_TEST(refusal_of("{}", "v1/chat/completions").starts_with("url must begin with /"));
  BOOST_TEST(refusal_of(R"({"messages":[],"stream":true})").starts_with("stream is true"));
  const auto r = make_request(std::string(custom_id_max + 1, 'x'), R"({"messages":[]})");
  BOOST_TEST(r.rejection->context == "custom_id is longer than 512 bytes");
}

BOOST_AUTO_TEST_SUITE_END()
