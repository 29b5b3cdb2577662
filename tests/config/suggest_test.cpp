#include "config/suggest.hpp"
#include "config/text.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace penstock::config;

BOOST_AUTO_TEST_SUITE(suggestions)

BOOST_AUTO_TEST_CASE(the_distance_counts_slips_of_the_finger) {
  BOOST_TEST(edit_distance("", "") == 0u);
  BOOST_TEST(edit_distance("abc", "") == 3u);
  BOOST_TEST(edit_distance("rpm", "rpm") == 0u);
  BOOST_TEST(edit_distance("rmp", "rpm") == 1u);
  BOOST_TEST(edit_distance("timout", "timeout") == 1u);
  BOOST_TEST(edit_distance("kitten", "sitting") == 3u);
}

BOOST_AUTO_TEST_CASE(the_nearest_candidate_is_proposed_and_nonsense_is_not) {
  const std::vector<std::string> words{"--max-in-flight", "--rpm", "--timeout", "--attempts"};
  BOOST_TEST(nearest("--max_inflight", words).value() == "--max-in-flight");
  BOOST_TEST(nearest("--RMP", words).value() == "--rpm");
  BOOST_TEST(nearest("--attempt", words).value() == "--attempts");
  BOOST_TEST(!nearest("--quux-frobnicate", words).has_value());
  BOOST_TEST(!nearest("", words).has_value());
  BOOST_TEST(!nearest(std::string(100'000, 'x'), words).has_value());
}

BOOST_AUTO_TEST_CASE(foreign_text_is_shown_harmless_and_short) {
  BOOST_TEST(in_quotes("a\x1b[31m\nb") == "\"a\\x1b[31m\\x0ab\"");
  BOOST_TEST(in_quotes("\xff") == "\"\\xff\"");
  BOOST_TEST(in_quotes(std::string(1000, 'a')).size() < 70u);
}

BOOST_AUTO_TEST_SUITE_END()
