#include "core/base/url_path.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace penstock::core;

BOOST_AUTO_TEST_SUITE(url_paths)

BOOST_AUTO_TEST_CASE(paths_below_the_base_are_good) {
  for (std::string_view url :
       {"/v1/chat/completions", "/v1/chat/completions/", "/",
        "/v1beta/models/m:generateContent?x=1", "/v1/x?next=../y&z=//%2e%2e",
        "/models/a@001:predict", "/v1/m%3Fa%23b%20c%3Ad%25:x", "/v1/a%252", "/v1/a%25zz",
        "/v1/a..b/.c/d.", "/v1/x%20y",
        "/openai/deployments/gpt-4.1/chat/completions?api-version=2024-10-21"})
    BOOST_TEST(url_path_fault(url) == "", url);
}

BOOST_AUTO_TEST_CASE(paths_that_can_lead_elsewhere_are_not) {
  for (std::string_view url : {"",
                               "v1/x",
                               "http://other/v1",
                               "@other/x",
                               "//other/v1/chat/completions",
                               "//",
                               "/v1/../files",
                               "/v1/..",
                               "/..",
                               "/./x",
                               "/v1/./x",
                               "/v1//files",
                               "/v1/chat//",
                               "/v1\\files",
                               "/v1/%2e%2e/files",
                               "/v1/%2E./files",
                               "/v1%2ffiles",
                               "/v1%2Ffiles",
                               "/v1/%5c..%5cx",
                               "/v1/%252e%252e/x",
                               "/v1/x%00",
                               "/v1/x%0d%0aHost:y",
                               "/v1/x%",
                               "/v1/x%2",
                               "/v1/x%zz",
                               "/v1/x#y",
                               "/v1/x?y#z",
                               "/v1/%25252e%25252e/x",
                               "/v1/..;/files",
                               "/v1/..;a=b/files",
                               "/v1/..%3b/files",
                               "/v1/x y",
                               "/v1/x\ty",
                               "/v1/\xC3\xA4",
                               "/v1/x?a\\b"})
    BOOST_TEST(url_path_fault(url) != "", url);
  BOOST_TEST(url_path_fault(std::string_view{"/v1/\0x", 6}) != "");
}

BOOST_AUTO_TEST_SUITE_END()
