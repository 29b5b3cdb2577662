#include "config/units.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::config;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(units)

BOOST_AUTO_TEST_CASE(durations_are_read_as_people_write_them) {
  const std::pair<const char*, duration> good[] = {
    {"90s", 90s},     {"10m", 10min},
    {"1h30m", 90min}, {"500ms", 500ms},
    {"90", 90s},      {"0.5", 500ms},
    {"1.5h", 90min},  {"7d", 168h},
    {"0", 0s},        {"0s", 0s},
    {"1m0s", 1min},   {"20us", 20us},
    {"3ns", 3ns},     {"2h3m4s5ms", 2h + 3min + 4s + 5ms},
    {"0.1s", 100ms},
  };
  for (auto& [text, expected] : good) {
    BOOST_TEST_CONTEXT(text) {
      auto d = parse_duration(text);
      BOOST_REQUIRE(d.has_value());
      BOOST_TEST(d->count() == expected.count());
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_duration_is_refused) {
  for (auto text : {"",        "s",     "-1s",  "+1s",  "1 s", " 1s",  "1s ",
                    "1x",      "1s1s",  "1s1m", "1h30", "nan", "inf",  "1e3s",
                    "0x10",    "1..5s", ".5s",  "1,5s", "1S",  "400y", "99999999999999999999s",
                    "107000d", "1ss"}) {
    BOOST_TEST_CONTEXT(text)
    BOOST_TEST(!parse_duration(text).has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_formatted_duration_reads_back_to_itself) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937_64 random{seed};
    for (int i = 0; i < 2000; ++i) {
      // Up to 2^53 ns (104 days) every nanosecond survives the way through a double.
      const duration d{static_cast<int64_t>(random() >> (11 + random() % 50))};
      auto back = parse_duration(format_duration(d));
      BOOST_REQUIRE(back.has_value());
      BOOST_REQUIRE(back->count() == d.count());
    }
  }
  BOOST_TEST(format_duration(90min) == "1h30m");
  BOOST_TEST(format_duration(0s) == "0s");
  BOOST_TEST(format_duration(48h) == "2d");
  BOOST_TEST(format_duration(36h) == "36h");
}

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
