#include "config/units.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::config;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(units)

BOOST_AUTO_TEST_CASE(sizes_know_decimal_and_binary_units) {
  const std::pair<const char*, uint64_t> good[] = {
    {"32MB", 32'000'000}, {"64KiB", 65'536}, {"64kib", 65'536}, {"1.5GiB", 1'610'612'736},
    {"17", 17},           {"17B", 17},       {"1kb", 1000},     {"0", 0},
  };
  for (auto& [text, expected] : good) {
    BOOST_TEST_CONTEXT(text) {
      auto n = parse_bytes(text);
      BOOST_REQUIRE(n.has_value());
      BOOST_TEST(*n == expected);
    }
  }
  for (auto text :
       {"", "MB", "-1", "1 MB", "1M", "1.5B", "1e6", "nan", "99999999999GB", "1MBMB", "1MB2KB"}) {
    BOOST_TEST_CONTEXT(text)
    BOOST_TEST(!parse_bytes(text).has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_formatted_size_reads_back_to_itself) {
  for (uint64_t n : {uint64_t{0}, uint64_t{1}, uint64_t{1000}, uint64_t{1024}, uint64_t{32} << 20,
                     uint64_t{3} << 30, (uint64_t{1} << 40) + 1}) {
    auto back = parse_bytes(format_bytes(n));
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST(*back == n);
  }
  BOOST_TEST(format_bytes(32u << 20) == "32MiB");
}

BOOST_AUTO_TEST_CASE(numbers_are_finite_and_whole_texts) {
  BOOST_TEST(parse_number("0.8").value() == 0.8);
  BOOST_TEST(parse_number("1e6").value() == 1e6);
  BOOST_TEST(parse_number("-3").value() == -3.0);
  for (auto text :
       {"", "nan", "inf", "-inf", "1e999", "1 ", " 1", "+1", "0x1p3", "1_000", "abc", "1,5"}) {
    BOOST_TEST_CONTEXT(text)
    BOOST_TEST(!parse_number(text).has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_formatted_number_is_plain_where_it_can_be_and_reads_back) {
  BOOST_TEST(format_number(1e6) == "1000000");
  BOOST_TEST(format_number(0.8) == "0.8");
  BOOST_TEST(format_number(0) == "0");
  for (double x : {1e-300, 1e300, 0.1, 123456.789, 1e12, 1e15, 2.5e-7})
    BOOST_TEST(parse_number(format_number(x)).value() == x);
}

BOOST_AUTO_TEST_SUITE_END()
