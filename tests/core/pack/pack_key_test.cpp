#include "core/pack/pack_key.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;

namespace {

request chat(std::string body, std::string url = "/v1/chat/completions") {
  request r;
  r.url = std::move(url);
  r.body = make_payload(std::move(body));
  return r;
}

/// A body with `more` before its messages.
request with(const std::string& more, const std::string& text = "Hi") {
  return chat("{" + more + R"("model":"m","messages":[{"role":"system","content":"Be brief."},)" +
              R"({"role":"user","content":")" + text + R"("}]})");
}

uint64_t key_of(const request& r) {
  const auto t = read_pack_traits(r);
  BOOST_REQUIRE_MESSAGE(t.has_value(), t.error().context);
  return t->key;
}

std::string reason(const request& r) {
  const auto t = read_pack_traits(r);
  BOOST_REQUIRE(!t.has_value());
  BOOST_TEST((t.error().code == errc::not_packable));
  return t.error().context;
}

} // namespace

BOOST_AUTO_TEST_SUITE(pack_key_suite)

BOOST_AUTO_TEST_CASE(requests_that_differ_in_their_text_alone_share_a_key) {
  BOOST_TEST(key_of(with("", "one")) == key_of(with("", "two")));
  BOOST_TEST(key_of(with(R"("temperature":0,"top_p":1,)")) ==
             key_of(with(R"("top_p":1,"temperature":0,)")));
  BOOST_TEST(key_of(with(R"("max_tokens":5,)")) == key_of(with(R"("max_tokens":90,)")));
  BOOST_TEST(key_of(with(R"("metadata":{"a":"1","b":"2"},)")) ==
             key_of(with(R"("metadata":{"b":"2","a":"1"},)")));
}

BOOST_AUTO_TEST_CASE(any_other_difference_keeps_requests_apart) {
  const auto plain = key_of(with(""));
  BOOST_TEST(plain != key_of(with(R"("temperature":0,)")));
  BOOST_TEST(plain != key_of(with(R"("max_tokens":5,)")));
  BOOST_TEST(key_of(with(R"("max_tokens":5,)")) != key_of(with(R"("max_completion_tokens":5,)")));
  BOOST_TEST(plain != key_of(with(R"("response_format":{"type":"json_object"},)")));
  BOOST_TEST(plain !=
             key_of(chat(R"({"model":"other","messages":[{"role":"system","content":"Be brief."},)"
                         R"({"role":"user","content":"Hi"}]})")));
  BOOST_TEST(plain !=
             key_of(chat(R"({"model":"m","messages":[{"role":"system","content":"Be long."},)"
                         R"({"role":"user","content":"Hi"}]})")));
  BOOST_TEST(plain != key_of(chat(R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})")));
  auto other_path = with("");
  other_path.url = "/openai/chat/completions?api-version=1";
  BOOST_TEST(plain != key_of(other_path));
}

BOOST_AUTO_TEST_CASE(a_single_part_of_text_is_plain_text) {
  const auto r =
    chat(R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]})");
  BOOST_TEST(read_pack_traits(r)->text_bytes == 2u);
}

BOOST_AUTO_TEST_CASE(whatever_means_more_than_its_text_is_not_packed) {
  BOOST_TEST(reason(chat("{}", "/v1/embeddings")) == "it is no chat completion");
  for (auto more : {R"("tools":[{"type":"function"}],)", R"("n":2,)", R"("stop":["."],)",
                    R"("stream":true,)", R"("logprobs":true,)", R"("logit_bias":{"50256":-100},)",
                    R"("modalities":["audio"],)", R"("something_new":1,)", R"("max_tokens":0,)",
                    R"("max_tokens":"many",)", R"("response_format":{"type":"grammar"},)"})
    BOOST_TEST_CONTEXT(more) BOOST_TEST(!read_pack_traits(with(more)));
  for (
    auto messages :
    {R"([])", R"("Hi")", R"([{"role":"assistant","content":"Hi"}])", R"([{"role":"user"}])",
     R"([{"role":"user","content":"Hi"},{"role":"assistant","content":"Yes?"},{"role":"user","content":"No"}])",
     R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}])",
     R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"file","file":{}}]}])",
     R"([{"role":"user","name":"Ann","content":"Hi"}])", R"([{"role":"user","content":""}])",
     R"([{"role":"system","content":[{"type":"image_url"}]},{"role":"user","content":"Hi"}])",
     R"([7])"})
    BOOST_TEST_CONTEXT(messages)
  BOOST_TEST(!read_pack_traits(chat(std::string{R"({"model":"m","messages":)"} + messages + "}")));
  BOOST_TEST(!read_pack_traits(chat("no JSON")));
  BOOST_TEST(!read_pack_traits(chat("[]")));
  BOOST_TEST(!read_pack_traits(request{}));
}

BOOST_AUTO_TEST_CASE(parameters_at_their_defaults_do_no_harm) {
  for (auto more : {R"("n":1,)", R"("stream":false,)", R"("tools":[],)", R"("stop":null,)",
                    R"("logprobs":null,)"})
    BOOST_TEST_CONTEXT(more) BOOST_TEST(read_pack_traits(with(more)).has_value());
}

BOOST_AUTO_TEST_CASE(a_schema_that_refers_to_its_own_parts_is_not_packed) {
  const auto schema = [](std::string s) {
    return with(R"("response_format":{"type":"json_schema","json_schema":{"name":"x","schema":)" +
                s + "}},");
  };
  BOOST_TEST(read_pack_traits(schema(R"({"type":"object","properties":{"a":{"type":"string"}}})"))
               .has_value());
  BOOST_TEST(reason(schema(R"({"$defs":{"a":{}},"type":"array","items":{"$ref":"#/$defs/a"}})")) ==
             "its schema refers to parts of itself");
}

BOOST_AUTO_TEST_SUITE_END()
