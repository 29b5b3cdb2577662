#include "core/lane/token_bucket.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;
using penstock::duration;
using penstock::time_point;
using penstock::core::token_bucket;

namespace {
constexpr time_point start{1h};
} // namespace

BOOST_AUTO_TEST_SUITE(token_bucket_suite)

BOOST_AUTO_TEST_CASE(a_new_bucket_is_full_and_gives_no_more_than_it_holds) {
  token_bucket b{4, 2, start};
  BOOST_TEST(b.try_take(4, start));
  BOOST_TEST(!b.try_take(0.5, start));
}

BOOST_AUTO_TEST_CASE(it_refills_at_its_rate_up_to_its_capacity) {
  token_bucket b{4, 2, start};
  b.debit(4);
  b.advance(start + 1500ms);
  BOOST_TEST(b.level() == 3, boost::test_tools::tolerance(1e-9));
  b.advance(start + 1h);
  BOOST_TEST(b.level() == 4);
}

BOOST_AUTO_TEST_CASE(a_refused_take_leaves_it_untouched) {
  token_bucket b{4, 2, start};
  BOOST_TEST(!b.try_take(5, start));
  BOOST_TEST(b.level() == 4);
}

BOOST_AUTO_TEST_CASE(a_debt_is_repaid_before_anything_is_given) {
  token_bucket b{4, 2, start};
  b.debit(10);
  BOOST_TEST(b.level() == -6);
  BOOST_TEST(!b.try_take(1, start + 3s));
  BOOST_TEST(b.try_take(1, start + 3500ms));
}

BOOST_AUTO_TEST_CASE(whoever_wakes_when_it_says_finds_the_tokens) {
  for (double rate : {0.013, 0.7, 3.0, 5000.0, 1e7}) {
    token_bucket b{100, rate, start};
    b.debit(100);
    for (double n : {1.0, 33.3, 99.9})
      BOOST_TEST(token_bucket{b}.try_take(n, start + b.ready_in(n)));
  }
}

BOOST_AUTO_TEST_CASE(more_than_the_capacity_never_comes) {
  token_bucket b{4, 2, start};
  BOOST_TEST((b.ready_in(4.5) == duration::max()));
  BOOST_TEST((token_bucket{4, 0, start}.ready_in(4) == 0s));
}

BOOST_AUTO_TEST_CASE(time_that_runs_backwards_gives_and_takes_nothing) {
  token_bucket b{4, 2, start};
  b.debit(4);
  b.advance(start + 1s);
  b.advance(start);
  BOOST_TEST(b.level() == 2);
  b.advance(start + 1s);
  BOOST_TEST(b.level() == 2);
}

BOOST_AUTO_TEST_CASE(a_smaller_capacity_cuts_the_level) {
  token_bucket b{4, 2, start};
  b.resize(1, 1, start);
  BOOST_TEST(b.level() == 1);
  b.credit(5);
  b.set_level(7);
  BOOST_TEST(b.level() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
