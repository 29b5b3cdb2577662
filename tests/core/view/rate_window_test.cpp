#include "core/view/rate_window.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(rate_window_suite)

BOOST_AUTO_TEST_CASE(outcomes_before_the_first_look_do_not_count) {
  rate_window w;
  w.look(time_point{}, 900, 50'000);
  BOOST_TEST(w.done_per_second() == 0.0);
  w.look(time_point{} + 10s, 920, 50'100);
  BOOST_TEST(w.done_per_second() == 2.0);
  BOOST_TEST(w.tokens_per_minute() == 600.0);
}

BOOST_AUTO_TEST_CASE(only_the_last_thirty_seconds_count) {
  rate_window w;
  auto now = time_point{};
  uint64_t done = 0;
  for (int i = 0; i < 1000; ++i, now += 100ms)
    w.look(now, done += 10, 0); // 100 a second
  BOOST_TEST(w.done_per_second() == 100.0, boost::test_tools::tolerance(0.02));
  for (int i = 0; i < 150; ++i, now += 100ms)
    w.look(now, done, 0); // 15 s of nothing: half of the window
  BOOST_TEST(w.done_per_second() == 50.0, boost::test_tools::tolerance(0.05));
  for (int i = 0; i < 320; ++i, now += 100ms)
    w.look(now, done, 0);
  BOOST_TEST(w.done_per_second() == 0.0);
}

BOOST_AUTO_TEST_CASE(counts_that_fall_begin_anew) {
  rate_window w;
  w.look(time_point{}, 100, 0);
  w.look(time_point{} + 1s, 200, 0);
  w.look(time_point{} + 2s, 50, 0);
  BOOST_TEST(w.done_per_second() == 0.0);
  w.look(time_point{} + 4s, 70, 0);
  BOOST_TEST(w.done_per_second() == 10.0);
}

BOOST_AUTO_TEST_SUITE_END()
