#include "core/protocol/null_protocol.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

struct exchange_of_null {
  explicit exchange_of_null(std::string url, std::string body) {
    what.url = std::move(url);
    what.body = make_payload(std::move(body));
    auto encoded = find_protocol("null")->encode(what, null_base_url(2ms), "", "id");
    BOOST_REQUIRE(encoded.has_value());
    call = std::move(*encoded);
    reply = null_answer(call);
    judged = find_protocol("null")->decode(what, reply, {});
  }
  request what;
  http_request call;
  http_response reply;
  verdict judged;
};

} // namespace

BOOST_AUTO_TEST_SUITE(null_protocol_suite)

BOOST_AUTO_TEST_CASE(every_path_gets_an_answer_that_its_protocol_takes) {
  for (auto* url : {"/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings",
                    "/v1/moderations"}) {
    const exchange_of_null one{url, R"({"input":["a","b"],"messages":[]})"};
    BOOST_TEST_CONTEXT(url << " " << one.reply.body) {
      BOOST_TEST((one.judged.kind == reply_kind::success));
      BOOST_TEST(one.judged.used.known);
      BOOST_TEST(one.judged.used.input_tokens > 0u);
      BOOST_TEST(one.reply.sent);
    }
  }
}

BOOST_AUTO_TEST_CASE(equal_requests_get_equal_answers_and_others_do_not) {
  const exchange_of_null a{"/v1/chat/completions", "{\"a\":1}"},
    b{"/v1/chat/completions", "{\"a\":1}"}, c{"/v1/chat/completions", "{\"a\":2}"};
  BOOST_TEST(a.reply.body == b.reply.body);
  BOOST_TEST(a.reply.body != c.reply.body);
}

BOOST_AUTO_TEST_CASE(an_embedding_has_one_vector_for_each_input) {
  const auto vectors = [](std::string body) {
    const exchange_of_null one{"/v1/embeddings", std::move(body)};
    size_t count = 0;
    for (auto at = one.reply.body.find("\"index\":"); at != std::string::npos;
         at = one.reply.body.find("\"index\":", at + 1))
      ++count;
    return count;
  };
  BOOST_TEST(vectors(R"({"input":"one"})") == 1u);
  BOOST_TEST(vectors(R"({"input":["a","b","c"]})") == 3u);
  BOOST_TEST(vectors(R"({"input":[1,2,3]})") == 1u);
  BOOST_TEST(vectors(R"({"input":[[1,2],[3]]})") == 2u);
  BOOST_TEST(vectors(R"({"input":[]})") == 1u);
  BOOST_TEST(vectors("no JSON") == 1u);
}

BOOST_AUTO_TEST_CASE(the_latency_travels_in_the_address) {
  BOOST_TEST((null_latency_of(null_base_url(20ms)) == duration{20ms}));
  BOOST_TEST((null_latency_of(null_base_url(20ms) + "/v1/embeddings") == duration{20ms}));
  BOOST_TEST((null_latency_of(null_base_url(duration{})) == duration{}));
  BOOST_TEST((null_latency_of(null_base_url(-1s)) == duration{}));
  BOOST_TEST(!null_latency_of("https://null/v1").has_value());
}

BOOST_AUTO_TEST_CASE(paths_of_other_protocols_are_refused) {
  request what;
  what.url = "/v1/messages";
  what.body = make_payload("{}");
  BOOST_TEST(!find_protocol("null")->encode(what, null_base_url({}), "", "").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
