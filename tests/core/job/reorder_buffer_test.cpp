#include "core/job/reorder_buffer.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>

using namespace penstock::core;

BOOST_AUTO_TEST_SUITE(reorder_buffer_suite)

BOOST_AUTO_TEST_CASE(items_come_out_in_order_however_they_went_in) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 rng{seed};
      const size_t window = 1 + rng() % 64;
      reorder_buffer<uint64_t> buf{7, window};
      std::vector<uint64_t> got;
      const uint64_t end = 7 + 300;
      while (buf.next() < end) {
        const auto index = buf.next() + rng() % (window + 2);
        const auto verdict = buf.offer(index, 3, index);
        BOOST_TEST(((verdict == offer_result::outside) == (index >= buf.next() + window)));
        if (rng() % 3 == 0)
          buf.release([&](uint64_t&& x) { got.push_back(x); });
        BOOST_TEST(buf.held_bytes() == buf.held() * 3);
      }
      BOOST_TEST(got.size() == buf.next() - 7);
      for (size_t i = 0; i < got.size(); ++i)
        BOOST_TEST(got[i] == 7 + i);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_index_is_taken_once) {
  reorder_buffer<std::string> buf{0, 4};
  BOOST_TEST((buf.offer(1, 1, "b") == offer_result::accepted));
  BOOST_TEST((buf.offer(1, 1, "other") == offer_result::duplicate));
  BOOST_TEST((buf.offer(0, 1, "a") == offer_result::accepted));
  std::string all;
  BOOST_TEST(buf.release([&](std::string&& s) { all += s; }) == 2u);
  BOOST_TEST(all == "ab");
  BOOST_TEST((buf.offer(0, 1, "late") == offer_result::duplicate));
  BOOST_TEST(buf.held() == 0u);
  BOOST_TEST(buf.held_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(an_index_beyond_the_window_is_refused) {
  reorder_buffer<int> buf{10, 4};
  BOOST_TEST((buf.offer(14, 1, 0) == offer_result::outside));
  BOOST_TEST((buf.offer(13, 1, 0) == offer_result::accepted));
}

BOOST_AUTO_TEST_SUITE_END()
