#include "config/url.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock::config;

BOOST_AUTO_TEST_SUITE(base_url)

BOOST_AUTO_TEST_CASE(a_base_url_comes_apart) {
  auto u = parse_base_url("HTTPS://API.Example.com:8443/v1/");
  BOOST_REQUIRE(u.has_value());
  BOOST_TEST(u->scheme == "https");
  BOOST_TEST(u->host == "api.example.com");
  BOOST_TEST(u->port == 8443);
  BOOST_TEST(u->path == "/v1");
  BOOST_TEST(parse_base_url("http://h")->port == 80);
  BOOST_TEST(parse_base_url("https://h/")->path == "");
  BOOST_TEST(parse_base_url("http://[::1]:8080/v1")->host == "::1");
  BOOST_TEST(parse_base_url("http://[::1]:8080/v1")->port == 8080);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_a_base_url_is_refused) {
  for (auto text : {"",
                    "http://",
                    "https:///v1",
                    "ftp://h",
                    "file:///etc/passwd",
                    "h/v1",
                    "//h",
                    "http:/h",
                    "http://user:key@h/v1",
                    "http://h/v1?key=x",
                    "http://h/v1#x",
                    "http://h h",
                    "http://h\n",
                    "http://h:0",
                    "http://h:65536",
                    "http://h:",
                    "http://h:8x",
                    "http://h:80:80",
                    "http://[::1",
                    "http://[]",
                    "http://[zz::1]",
                    "http://[::1]x",
                    "http://-h",
                    "http://.h",
                    "http://a..b",
                    "http://h\\x",
                    "http://\xc3\xa4.de",
                    "javascript:alert(1)"}) {
    BOOST_TEST_CONTEXT(text)
    BOOST_TEST(!parse_base_url(text).has_value());
  }
  BOOST_TEST(!parse_base_url("http://h/" + std::string(3000, 'a')).has_value());
}

BOOST_AUTO_TEST_CASE(only_this_machine_counts_as_loopback) {
  for (auto text : {"http://localhost:8000/v1", "http://LOCALHOST", "http://127.0.0.1",
                    "http://127.1.2.3:1", "https://[::1]:8443/v1"}) {
    BOOST_TEST_CONTEXT(text)
    BOOST_TEST(is_loopback(text));
  }
  for (auto text :
       {"https://api.openai.com/v1", "http://127.evil.example", "http://localhost.evil.example",
        "http://127.0.0.1.evil.example", "http://127.0.0.", "http://128.0.0.1", "http://[::2]",
        "http://0.0.0.0", "nonsense"}) {
    BOOST_TEST_CONTEXT(text)
    BOOST_TEST(!is_loopback(text));
  }
}

BOOST_AUTO_TEST_SUITE_END()
