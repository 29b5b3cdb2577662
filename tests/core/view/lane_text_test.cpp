#include "core/view/lane_text.hpp"

#include "core/view/view_parts.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <ctime>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(lane_text_suite)

BOOST_AUTO_TEST_CASE(one_is_singular) {
  BOOST_TEST(counted(1, "request") == "1 request");
  BOOST_TEST(counted(0, "request") == "0 requests");
  BOOST_TEST(counted(2000, "row") == "2,000 rows");
}

BOOST_AUTO_TEST_CASE(a_pause_tells_its_reason_and_its_end) {
  setenv("TZ", "UTC", 1);
  tzset();
  lane_snapshot s;
  BOOST_TEST(lane_pause(s).empty());
  const moment at{time_point{} + 100s, std::chrono::system_clock::time_point{} + 3600s};
  s.paused_until = at.now + 10s;
  s.rate_limited = 1;
  BOOST_TEST(lane_pause(s, at) == ", paused by 429 until 01:00:10");
  s.refusal = "Slow down";
  BOOST_TEST(lane_refusal(s) == " (Slow down)");
  BOOST_TEST(lane_pause(s) == ", paused by 429");
  s.paused_until.reset();
  BOOST_TEST(lane_refusal(s).empty()); // Words of a pause that is over.
}

BOOST_AUTO_TEST_CASE(an_open_breaker_tells_when_it_probes) {
  lane_snapshot s;
  const moment at{time_point{} + 100s, {}};
  s.breaker = lane_snapshot::breaker_state::open;
  s.paused_until = at.now + 12s;
  BOOST_TEST(lane_pause(s, at) == ", breaker open, next probe in 12 s");
  s.paused_until.reset();
  BOOST_TEST(lane_pause(s, at) == ", breaker open");
}

BOOST_AUTO_TEST_CASE(the_time_left_has_no_fractions) {
  BOOST_TEST(eta_text(0.2) == "1 s");
  BOOST_TEST(eta_text(62.7) == "63 s");
  BOOST_TEST(eta_text(3660) == span_text(from_seconds(3660)));
}

BOOST_AUTO_TEST_CASE(more_than_the_limit_is_explained) {
  lane_snapshot s;
  BOOST_TEST(limits_used_line("a", s).empty());
  s.limit[0] = 100;
  s.used_last_minute[0] = 80;
  s.headroom = 0.8;
  BOOST_TEST(limits_used_line("a", s).find("bucket") == std::string::npos);
  s.used_last_minute[0] = 160;
  BOOST_TEST(limits_used_line("a", s).find("160 % (last minute, headroom 0.80; above 100 %: the "
                                           "bucket was full at the start)") != std::string::npos,
             limits_used_line("a", s));
}

BOOST_AUTO_TEST_SUITE_END()
