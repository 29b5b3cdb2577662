#include "core/io/file/repeated_hashes.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

using namespace penstock;
using namespace penstock::io;

BOOST_AUTO_TEST_SUITE(repeated_hashes_of_an_input)

BOOST_AUTO_TEST_CASE(nothing_is_repeated_in_nothing) {
  repeated_hashes none;
  BOOST_TEST(none.take()->empty());
}

// Runs of 1 to 100 hashes: all in memory, a last run of one hash, equal hashes in several runs.
BOOST_AUTO_TEST_CASE(the_same_as_a_map_says) {
  for (unsigned seed = 1; seed <= 60; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 rng{seed};
      repeated_hashes tested{1 + rng() % 100};
      std::map<uint64_t, int> counts;
      const auto n = rng() % 2000, range = 1 + rng() % 4000;
      for (uint64_t i = 0; i < n; ++i) {
        const auto hash = rng() % range * 0x9e3779b97f4a7c15u;
        tested.add(hash);
        ++counts[hash];
      }
      std::vector<uint64_t> expected;
      for (auto& [hash, count] : counts)
        if (count > 1)
          expected.push_back(hash);
      const auto found = tested.take();
      BOOST_REQUIRE(found.has_value());
      BOOST_TEST(*found == expected, boost::test_tools::per_element());
      BOOST_TEST(tested.take()->empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
