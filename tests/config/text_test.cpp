#include "config/text.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock::config;

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(foreign_text_is_shown_harmless_and_short) {
  BOOST_TEST(in_quotes("a\x1b[31m\nb") == "\"a\\x1b[31m\\x0ab\"");
  BOOST_TEST(in_quotes("\xff") == "\"\\xff\"");
  BOOST_TEST(in_quotes(std::string(1000, 'a')).size() < 70u);
}

BOOST_AUTO_TEST_SUITE_END()
