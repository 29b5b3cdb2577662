#include "core/lane/token_estimator.hpp"

#include <boost/test/unit_test.hpp>

using penstock::core::token_estimator;

BOOST_AUTO_TEST_SUITE(token_estimator_suite)

BOOST_AUTO_TEST_CASE(it_starts_at_one_token_per_three_and_a_half_bytes) {
  token_estimator e{1 / 3.5};
  BOOST_TEST(e.input_tokens(3500) == 1000, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(twenty_answers_bring_it_within_ten_percent_of_the_truth) {
  for (double truth : {0.1, 0.25, 0.6}) {
    token_estimator e{1 / 3.5};
    for (int i = 0; i < 20; ++i)
      e.learn_input(1000, static_cast<uint64_t>(1000 * truth));
    BOOST_TEST(e.tokens_per_byte() == truth, boost::test_tools::tolerance(0.1));
  }
}

BOOST_AUTO_TEST_CASE(it_follows_a_change) {
  token_estimator e{1 / 3.5};
  for (int i = 0; i < 1000; ++i)
    e.learn_input(1000, 250);
  for (int i = 0; i < 200; ++i)
    e.learn_input(1000, 500);
  BOOST_TEST(e.tokens_per_byte() == 0.5, boost::test_tools::tolerance(0.05));
}

BOOST_AUTO_TEST_CASE(one_absurd_count_hardly_moves_it) {
  token_estimator e{1 / 3.5};
  for (int i = 0; i < 100; ++i)
    e.learn_input(1000, 250);
  e.learn_input(1000, UINT64_MAX);
  BOOST_TEST(e.tokens_per_byte() < 0.25 * 1.1);
}

BOOST_AUTO_TEST_CASE(zeros_teach_nothing) {
  token_estimator e{0.5};
  e.learn_input(0, 100);
  e.learn_input(100, 0);
  BOOST_TEST(e.tokens_per_byte() == 0.5);
  BOOST_TEST(e.input_samples() == 0u);
}

BOOST_AUTO_TEST_CASE(before_any_answer_the_output_is_the_requests_own_maximum_or_a_default) {
  token_estimator e{0.5};
  BOOST_TEST(e.output_tokens(70) == 70);
  BOOST_TEST(e.output_tokens(0) == 1024);
}

BOOST_AUTO_TEST_CASE(the_output_is_the_95th_percentile_within_a_tenth_capped_by_the_maximum) {
  token_estimator e{0.5};
  for (uint64_t i = 1; i <= 1000; ++i)
    e.learn_output(i);
  BOOST_TEST(e.output_p95() >= 950);
  BOOST_TEST(e.output_p95() <= 1050);
  BOOST_TEST(e.output_tokens(100) == 100);
}

BOOST_AUTO_TEST_CASE(old_lengths_fade) {
  token_estimator e{0.5};
  for (int i = 0; i < 100'000; ++i)
    e.learn_output(4000);
  for (int i = 0; i < 20'000; ++i)
    e.learn_output(10);
  BOOST_TEST(e.output_p95() < 12);
}

BOOST_AUTO_TEST_CASE(an_absurd_output_stays_in_bounds) {
  token_estimator e{0.5};
  e.learn_output(UINT64_MAX);
  e.learn_output(0);
  BOOST_TEST(e.output_p95() <= 1 << 25);
}

BOOST_AUTO_TEST_SUITE_END()
