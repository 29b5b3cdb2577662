#include "core/protocol/replace_model.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock::core;

namespace {

std::string body_for(const std::string& body, const std::string& model) {
  request r;
  r.model = "old";
  r.body = make_payload(body);
  return *replace_model(r, model).body;
}

} // namespace

BOOST_AUTO_TEST_SUITE(replace_model_suite)

BOOST_AUTO_TEST_CASE(only_the_model_changes) {
  BOOST_TEST(body_for(R"( { "a":1.50 , "model" : "old" ,"b":{"model":"x"}})", "new") ==
             R"( { "a":1.50 , "model" : "new" ,"b":{"model":"x"}})");
  BOOST_TEST(body_for(R"({"model":"old","model":"old"})", "n") == R"({"model":"n","model":"n"})");
  BOOST_TEST(body_for(R"({"mod\u0065l":"old"})", "n") == R"({"mod\u0065l":"n"})");
  BOOST_TEST(body_for(R"({"model":null})", "n") == R"({"model":"n"})");
  BOOST_TEST(body_for(R"({"model":"old"})", "a\"b") == R"({"model":"a\"b"})");
}

BOOST_AUTO_TEST_CASE(a_body_without_a_model_stays_whole) {
  for (auto body : {R"({"contents":[]})", "{}", "", "[1]", R"({"model)"})
    BOOST_TEST(body_for(body, "new") == body);
}

BOOST_AUTO_TEST_CASE(the_request_says_what_it_asks_for) {
  request r;
  r.model = "old";
  r.custom_id = "id";
  r.url = "/v1beta/models/old:generateContent";
  const auto out = replace_model(r, "new");
  BOOST_TEST(out.model == "new");
  BOOST_TEST(out.custom_id == "id");
  BOOST_TEST(out.url == "/v1beta/models/new:generateContent");
  r.url = "/v1/chat/completions";
  BOOST_TEST(replace_model(r, "new").url == "/v1/chat/completions");
}

BOOST_AUTO_TEST_SUITE_END()
