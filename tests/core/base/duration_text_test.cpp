#include "core/base/duration_text.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

wall_time at(int64_t unix_seconds) { return wall_time{std::chrono::seconds{unix_seconds}}; }

} // namespace

BOOST_AUTO_TEST_SUITE(duration_text)

BOOST_AUTO_TEST_CASE(spans_read_in_every_form_that_providers_write) {
  const std::pair<std::string_view, duration> rows[] = {
    {"6m0s", 6min},
    {"1.2s", 1200ms},
    {"17ms", 17ms},
    {"8.64s", 8640ms},
    {"1m30.5s", 90500ms},
    {"1h2m3s", 1h + 2min + 3s},
    {"120ms", 120ms},
    {"3.89s", 3890ms},
    {"57.238747106s", 57238747106ns},
    {"2d", 48h},
    {"250us", 250us},
    {"250\xC2\xB5s", 250us},
    {"250\xCE\xBCs", 250us},
    {"9ns", 9ns},
    {"12", 12s},
    {"0.5", 500ms},
    {" 3s ", 3s},
    {"0s", 0s},
    {".5s", 500ms},
  };
  for (auto& [text, span] : rows)
    BOOST_TEST((parse_duration(text) == span), text);
}

BOOST_AUTO_TEST_CASE(what_is_no_span_reads_as_nothing) {
  for (std::string_view text : {"", " ", "-5s", "-1", "s", "abc", "1x", "5m3", "1 s", "1s,", "nan",
                                "inf", "1e3", "1e3s", "+1s", "--", "1s-1s", "."})
    BOOST_TEST(!parse_duration(text), text);
}

BOOST_AUTO_TEST_CASE(absurd_spans_saturate_instead_of_overflowing) {
  for (std::string_view text : {"99999999999999999999h", "1000000000d"}) {
    const auto span = parse_duration(text);
    BOOST_REQUIRE(span);
    BOOST_TEST((*span > 24h * 365 * 100));
  }
  BOOST_TEST(!parse_duration(std::string(400, '9')));
}

BOOST_AUTO_TEST_CASE(strict_spans_are_read_as_people_write_them) {
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
      auto d = parse_strict_duration(text);
      BOOST_REQUIRE(d.has_value());
      BOOST_TEST(d->count() == expected.count());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_strict_span_refuses_what_may_be_a_mistake) {
  for (auto text : {"",        "s",     "-1s",  "+1s",  "1 s", " 1s",  "1s ",
                    "1x",      "1s1s",  "1s1m", "1h30", "nan", "inf",  "1e3s",
                    "0x10",    "1..5s", ".5s",  "1,5s", "1S",  "400y", "99999999999999999999s",
                    "107000d", "1ss"}) {
    BOOST_TEST_CONTEXT(text)
    BOOST_TEST(!parse_strict_duration(text).has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_written_span_reads_back_to_the_nanosecond) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937_64 random{seed};
    for (int i = 0; i < 2000; ++i) {
      // Up to 2^53 ns (104 days) a double keeps every nanosecond.
      const duration d{static_cast<int64_t>(random() >> (11 + random() % 50))};
      const auto text = format_duration(d);
      BOOST_REQUIRE((parse_strict_duration(text) == d));
      BOOST_REQUIRE((parse_duration(text) == d));
    }
  }
  BOOST_TEST(format_duration(90min) == "1h30m");
  BOOST_TEST(format_duration(0s) == "0s");
  BOOST_TEST(format_duration(48h) == "2d");
  BOOST_TEST(format_duration(36h) == "36h");
}

BOOST_AUTO_TEST_CASE(a_written_span_reads_back) {
  BOOST_TEST(format_duration(0s) == "0s");
  BOOST_TEST(format_duration(17us) == "17us");
  BOOST_TEST(format_duration(1500ms) == "1.5s");
  BOOST_TEST(format_duration(6min) == "6m");
  BOOST_TEST(format_duration(1h + 5s) == "1h5s");
  BOOST_TEST(format_duration(-1500us) == "-1.5ms");
  BOOST_TEST(format_duration(duration::min()).starts_with("-2562047h"));
  for (uint32_t seed = 0; seed < 200; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 rng{seed};
      const duration d{static_cast<int64_t>(rng() >> (14 + rng() % 49))};
      const auto back = parse_duration(format_duration(d));
      BOOST_REQUIRE(back);
      BOOST_TEST((*back - d <= 1ns && d - *back <= 1ns), format_duration(d));
    }
  }
}

BOOST_AUTO_TEST_CASE(rfc_3339_reads_with_fractions_and_offsets) {
  BOOST_TEST((parse_rfc3339("2026-08-01T12:00:03Z") == at(1785585603)));
  BOOST_TEST((parse_rfc3339("2026-08-01t12:00:03.250z") == at(1785585603) + 250ms));
  BOOST_TEST((parse_rfc3339("2026-08-01T14:00:03+02:00") == at(1785585603)));
  BOOST_TEST((parse_rfc3339("2026-08-01 04:30:03-07:30") == at(1785585603)));
  for (std::string_view text :
       {"", "2026-08-01", "2026-08-01T12:00:03", "2026-13-01T12:00:03Z", "2026-02-30T12:00:03Z",
        "2026-08-01T24:00:03Z", "2026-08-01T12:60:03Z", "9999-08-01T12:00:03Z",
        "0000-01-01T00:00:00Z", "2026-08-01T12:00:03+2:00", "2026-08-01T12:00:03Zx", "12"})
    BOOST_TEST(!parse_rfc3339(text), text);
}

BOOST_AUTO_TEST_CASE(http_dates_read_in_their_three_forms) {
  for (std::string_view text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                "Sun Nov  6 08:49:37 1994", " Sun, 06 Nov 1994 08:49:37 GMT "})
    BOOST_TEST((parse_http_date(text) == at(784111777)), text);
  BOOST_TEST((parse_http_date("Wed Nov 16 08:49:37 1994") == at(784975777)));
  for (std::string_view text :
       {"", "abc", "120", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nix 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 2994 08:49:37 GMT", "Sun, ", "Sun Nov 6",
        "Sun, 06 ovD 1994 08:49:37 GMT"})
    BOOST_TEST(!parse_http_date(text), text);
}

BOOST_AUTO_TEST_CASE(no_bytes_break_the_readers) {
  constexpr std::string_view alphabet = "0123456789.:-+ TZhmsdu,GMTNov\xC2\xB5";
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    std::mt19937 rng{seed};
    std::string bytes(rng() % 40, '\0');
    for (auto& c : bytes)
      c = alphabet[rng() % alphabet.size()];
    BOOST_TEST_CONTEXT("seed " << seed) {
      if (const auto d = parse_duration(bytes))
        BOOST_TEST(d->count() >= 0);
      if (const auto t = parse_rfc3339(bytes))
        BOOST_TEST((*t > at(-86400 * 2)));
      if (const auto t = parse_http_date(bytes))
        BOOST_TEST((*t >= at(0)));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
