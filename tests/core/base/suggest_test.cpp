#include "core/base/suggest.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace penstock::core;

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
  const std::vector<std::string> words{"--in-flight-max", "--rpm", "--timeout", "--attempts"};
  BOOST_TEST(nearest("--inflight_max", words).value() == "--in-flight-max");
  BOOST_TEST(nearest("--RMP", words).value() == "--rpm");
  BOOST_TEST(nearest("--attempt", words).value() == "--attempts");
  BOOST_TEST(!nearest("--quux-frobnicate", words).has_value());
  BOOST_TEST(!nearest("", words).has_value());
  BOOST_TEST(!nearest(std::string(100'000, 'x'), words).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
