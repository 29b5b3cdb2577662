#include "core/base/checksum.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>

using namespace penstock::core;

BOOST_AUTO_TEST_SUITE(checksums)

BOOST_AUTO_TEST_CASE(the_cuts_between_updates_do_not_matter) {
  const uint32_t seed = 7;
  std::mt19937 random{seed};
  std::string text(300, ' ');
  for (auto& c : text)
    c = static_cast<char>(random());
  const auto whole = checksum(text);
  for (int round = 0; round < 500; ++round) {
    BOOST_TEST_CONTEXT("seed " << seed << ", round " << round) {
      running_checksum sum;
      for (size_t at = 0; at < text.size();) {
        const auto n = std::min<size_t>(random() % 20, text.size() - at);
        sum.update(std::string_view{text}.substr(at, n));
        at += n;
      }
      BOOST_TEST(sum.value() == whole);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_is_seen) {
  for (size_t size = 1; size < 40; ++size) {
    std::string text(size, 'a');
    const auto before = checksum(text);
    for (size_t bit = 0; bit < size * 8; ++bit) {
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
      BOOST_TEST(checksum(text) != before);
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
    }
  }
}

BOOST_AUTO_TEST_CASE(zeros_at_the_end_count) {
  BOOST_TEST(checksum("") != checksum(std::string_view{"\0", 1}));
  BOOST_TEST(checksum(std::string_view{"a\0", 2}) != checksum("a"));
  BOOST_TEST(checksum(std::string_view{"12345678\0", 9}) != checksum("12345678"));
}

// The value is stored in files, so it must never change.
BOOST_AUTO_TEST_CASE(the_value_is_the_same_in_every_build) {
  BOOST_TEST(checksum("penstock") == 2071813116487773076u);
}

BOOST_AUTO_TEST_SUITE_END()
