#include "core/protocol/protocol.hpp"
#include "core/protocol/openai_url.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;

namespace {

request chat() {
  request req;
  req.url = "/v1/chat/completions";
  req.body = make_payload("{\"model\" : \"m\",\n \"messages\":[]}");
  return req;
}

} // namespace

BOOST_AUTO_TEST_SUITE(openai_encode)

BOOST_AUTO_TEST_CASE(the_table_knows_openai) {
  const auto* p = find_protocol("openai");
  BOOST_REQUIRE(p);
  BOOST_TEST(p->name() == "openai");
  BOOST_TEST((p->charging() == charge_rule::openai));
  BOOST_TEST(!find_protocol("OpenAI"));
  BOOST_TEST(!find_protocol(""));
}

BOOST_AUTO_TEST_CASE(a_request_goes_out_with_its_bytes_untouched_and_three_headers) {
  const auto req = chat();
  const auto out =
    find_protocol("openai")->encode(req, "https://api.openai.com/v1", "sk-1", "job-7");
  BOOST_REQUIRE(out);
  BOOST_TEST(out->method == "POST");
  BOOST_TEST(out->url == "https://api.openai.com/v1/chat/completions");
  BOOST_TEST(out->body == req.body); // The same bytes, not a copy of them.
  const std::vector<http_header> headers{{"Content-Type", "application/json"},
                                         {"Authorization", "Bearer sk-1"},
                                         {"x-client-request-id", "job-7"}};
  BOOST_TEST((out->headers == headers));
}

BOOST_AUTO_TEST_CASE(without_key_and_id_their_headers_are_absent) {
  const auto out = find_protocol("openai")->encode(chat(), "http://localhost:8000", " \n", "");
  BOOST_REQUIRE(out);
  BOOST_TEST(out->headers.size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_line_break_behind_a_key_is_cut_off) {
  const auto out = find_protocol("openai")->encode(chat(), "http://h", "sk-1\r\n", "");
  BOOST_REQUIRE(out);
  BOOST_TEST(out->headers.at(1).second == "Bearer sk-1");
}

BOOST_AUTO_TEST_CASE(no_header_can_be_smuggled_in) {
  const auto key = find_protocol("openai")->encode(chat(), "http://h", "sk-1\r\nx-evil: 1", "");
  BOOST_REQUIRE(!key);
  BOOST_TEST((key.error().code == errc::invalid_config));
  BOOST_TEST(key.error().context.find("sk-1") == std::string::npos);
  for (const auto& id :
       std::vector<std::string>{"a\nb", "a\rb", std::string{"a\0b", 3}, std::string{"a\x7F"},
                                std::string{"\xC3\xA9"}, std::string(513, 'a')}) {
    const auto out = find_protocol("openai")->encode(chat(), "http://h", "", id);
    BOOST_REQUIRE(!out);
    BOOST_TEST((out.error().code == errc::invalid_input));
  }
}

BOOST_AUTO_TEST_CASE(only_post_is_sent) {
  auto req = chat();
  req.method = "GET";
  const auto out = find_protocol("openai")->encode(req, "http://h", "", "");
  BOOST_REQUIRE(!out);
  BOOST_TEST((out.error().code == errc::invalid_input));
}

BOOST_AUTO_TEST_CASE(base_and_path_join_without_doubling_the_version) {
  const std::tuple<std::string_view, std::string_view, std::string_view> rows[] = {
    {"https://api.openai.com/v1", "/v1/embeddings", "https://api.openai.com/v1/embeddings"},
    {"https://api.openai.com/v1/", "/v1/embeddings", "https://api.openai.com/v1/embeddings"},
    {"https://api.openai.com/v1//", "/v1/embeddings", "https://api.openai.com/v1/embeddings"},
    {"https://api.openai.com", "/v1/embeddings", "https://api.openai.com/v1/embeddings"},
    {"http://localhost:8000/", "/v1/embeddings", "http://localhost:8000/v1/embeddings"},
    {"HTTP://h/proxy", "/v1/rerank", "HTTP://h/proxy/v1/rerank"},
    {"https://h/v1", "/chat/completions", "https://h/v1/chat/completions"},
    {"https://h/v1", "/v2/rerank", "https://h/v1/v2/rerank"},
    {"https://h/v1beta/openai/", "/v1/chat/completions",
     "https://h/v1beta/openai/chat/completions"},
    {"https://h/api/paas/v4", "/v1/chat/completions", "https://h/api/paas/v4/chat/completions"},
    {"https://v1.example.com", "/v1/embeddings", "https://v1.example.com/v1/embeddings"},
    {"https://h/openai/v1?api-version=1", "/v1/embeddings",
     "https://h/openai/v1/embeddings?api-version=1"},
    {"https://h/v1?a=1", "/v1/x?b=2", "https://h/v1/x?b=2&a=1"},
    {" https://h/v1\n", "/v1/x", "https://h/v1/x"},
  };
  for (auto& [base, path, whole] : rows) {
    const auto url = join_url(base, path);
    BOOST_REQUIRE(url);
    BOOST_TEST(*url == whole);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_base_or_no_path_is_refused) {
  for (auto base : {"", "api.openai.com/v1", "ftp://h/v1", "https://", "https:///v1",
                    "https://h/a b", "https://h/#f", "https://h/\r\nx"}) {
    const auto url = join_url(base, "/v1/x");
    BOOST_REQUIRE(!url);
    BOOST_TEST((url.error().code == errc::invalid_config), base);
  }
  for (auto path : {"", "v1/x", "https://evil/v1", "@evil", "/v1/x y", "/v1/\nx", "/v1/#"}) {
    const auto url = join_url("https://h", path);
    BOOST_REQUIRE(!url);
    BOOST_TEST((url.error().code == errc::invalid_input), path);
  }
}

BOOST_AUTO_TEST_SUITE_END()
