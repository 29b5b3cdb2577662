#include "core/lane/circuit_breaker.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;
using penstock::time_point;
using penstock::core::circuit_breaker;

namespace {

constexpr time_point start{1h};

circuit_breaker tripped() {
  circuit_breaker b{3, 60s};
  for (int i = 0; i < 3; ++i)
    b.fail(start, false);
  return b;
}

} // namespace

BOOST_AUTO_TEST_SUITE(circuit_breaker_suite)

BOOST_AUTO_TEST_CASE(only_failures_in_a_row_trip_it) {
  circuit_breaker b{3, 60s};
  b.fail(start, false);
  b.fail(start, false);
  b.succeed(false);
  BOOST_TEST(!b.fail(start, false));
  BOOST_TEST(!b.fail(start, false));
  BOOST_TEST(b.passes());
  BOOST_TEST(b.fail(start, false));
  BOOST_TEST(b.refuses(start));
  BOOST_TEST(b.trips() == 1u);
}

BOOST_AUTO_TEST_CASE(quick_failures_do_not_trip_it_while_most_requests_are_still_open) {
  circuit_breaker b{3, 60s};
  for (size_t open = 255; open > 245; --open)
    BOOST_TEST(!b.fail(start, false, open));
  b.succeed(false);
  // The provider goes down: soon there are more failures than open requests.
  size_t failures = 0;
  for (size_t open = 99; b.passes(); --open, ++failures)
    b.fail(start, false, open);
  BOOST_TEST(failures == 50u);
}

BOOST_AUTO_TEST_CASE(it_wants_one_probe_after_its_time_and_not_before) {
  auto b = tripped();
  BOOST_TEST(!b.wants_probe(start + 60s - 1ns));
  BOOST_TEST(b.wants_probe(start + 60s));
  b.begin_probe();
  BOOST_TEST(!b.wants_probe(start + 1h));
  BOOST_TEST(!b.passes());
}

BOOST_AUTO_TEST_CASE(a_probe_that_succeeds_closes_it_and_one_that_fails_opens_it_again) {
  auto b = tripped();
  b.begin_probe();
  BOOST_TEST(b.fail(start + 61s, true));
  BOOST_TEST(b.refuses(start + 120s));
  BOOST_TEST(b.wants_probe(start + 121s));
  b.begin_probe();
  b.succeed(true);
  BOOST_TEST(b.passes());
  BOOST_TEST(b.trips() == 2u);
}

BOOST_AUTO_TEST_CASE(a_lost_probe_makes_room_for_the_next_at_once) {
  auto b = tripped();
  b.begin_probe();
  b.lose_probe(start + 61s);
  BOOST_TEST(b.wants_probe(start + 61s));
}

BOOST_AUTO_TEST_CASE(late_answers_of_requests_sent_before_do_not_move_it) {
  auto b = tripped();
  b.succeed(false);
  BOOST_TEST(b.refuses(start));
  b.begin_probe();
  b.succeed(false);
  BOOST_TEST(!b.passes());
  BOOST_TEST(!b.fail(start, false));
  BOOST_TEST((b.current() == circuit_breaker::state::half_open));
}

BOOST_AUTO_TEST_CASE(zero_never_trips) {
  circuit_breaker b{0, 60s};
  for (int i = 0; i < 1000; ++i)
    b.fail(start, false);
  BOOST_TEST(b.passes());
}

BOOST_AUTO_TEST_SUITE_END()
