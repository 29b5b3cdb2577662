#include "core/job/budget.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;

namespace {

price_table prices() {
  return price_table{{{{"cheap-*"}, 1, 0.5, 2, 4}, {{"dear"}, 100, 100, 100, 100}}};
}

usage used(uint64_t in, uint64_t cached, uint64_t out, uint64_t reasoning) {
  return {in, cached, out, reasoning, true};
}

request asking(std::string model, size_t bytes, uint32_t output_max) {
  request r;
  r.model = std::move(model);
  r.body = make_payload(std::string(bytes, 'x'));
  r.output_tokens_max = output_max;
  return r;
}

} // namespace

BOOST_AUTO_TEST_SUITE(price_tables)

BOOST_AUTO_TEST_CASE(cached_and_reasoning_tokens_have_prices_of_their_own) {
  // 600 x 1 + 400 x 0.5 + 700 x 2 + 300 x 4, in millionths.
  BOOST_TEST(*prices().cost("cheap-2", used(1000, 400, 1000, 300)) == 3400e-6,
             boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(the_first_row_that_matches_wins_and_an_unknown_model_has_no_price) {
  BOOST_TEST((prices().find("cheap-x")->input == 1));
  BOOST_TEST((prices().find("dear")->input == 100));
  BOOST_TEST(!prices().find("other"));
  BOOST_TEST(!prices().cost("other", used(1, 0, 1, 0)).has_value());
  BOOST_TEST(!prices().cost("dear", usage{}).has_value());
}

BOOST_AUTO_TEST_CASE(counts_that_contradict_themselves_are_cut) {
  BOOST_TEST(*prices().cost("cheap-2", used(10, 1000, 10, 1000)) == 10 * 0.5e-6 + 10 * 4e-6,
             boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(budgets)

BOOST_AUTO_TEST_CASE(without_a_limit_everything_fits_and_spending_is_still_known) {
  budget b{0, 0.5, prices()};
  BOOST_TEST(b.fits(1e9));
  b.settle(1, 0.25);
  BOOST_TEST(b.spent() == 0.75);
}

BOOST_AUTO_TEST_CASE(what_is_in_flight_is_reserved_until_it_is_settled) {
  budget b{1.0, 0.97, prices()};
  b.reserve(1, 0.01);
  b.reserve(2, 0.01);
  BOOST_TEST(b.fits(0.0099));
  BOOST_TEST(!b.fits(0.0101));
  b.settle(1, 0.002);
  BOOST_TEST(b.fits(0.0179));
  b.settle(2, 0);
  BOOST_TEST(b.reserved() == 0.0);
  BOOST_TEST(b.spent() == 0.972, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(before_the_first_answer_a_request_is_expected_to_use_its_maximum) {
  budget b{1, 0, prices()};
  const auto req = asking("dear", 3500, 500);
  BOOST_TEST(b.expected(req) == (1000 + 500) * 100e-6, boost::test_tools::tolerance(1e-9));
  for (int i = 0; i < 50; ++i)
    b.learn(req, used(1000, 0, 50, 0));
  BOOST_TEST(b.expected(req) < (1000 + 60) * 100e-6);
  BOOST_TEST(b.expected(asking("cheap-1", 3500, 500)) > 0); // Learned per model.
  BOOST_TEST(b.expected(asking("other", 3500, 500)) == 0);
}

BOOST_AUTO_TEST_CASE(a_mere_guess_does_not_keep_the_first_request_from_being_tried) {
  budget b{0.05, 0, prices()};
  const auto open = asking("dear", 350, 0), bounded = asking("dear", 350, 2000);
  BOOST_TEST(!b.fits(b.expected(open)));
  BOOST_TEST(b.admits(open, true));
  BOOST_TEST(!b.admits(open, false));
  BOOST_TEST(!b.admits(bounded, true)); // Its cost is known: it sets a maximum.
  b.learn(open, used(100, 0, 900, 0));
  BOOST_TEST(!b.admits(open, true));
}

// The guarantee of the class, for random prices, sizes and orders of answers.
BOOST_AUTO_TEST_CASE(the_sum_never_exceeds_the_limit_by_more_than_what_was_in_flight) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 rng{seed};
      budget b{1, 0, prices()};
      std::vector<std::pair<uint64_t, double>> in_flight;
      double largest = 0;
      for (uint64_t id = 0; id < 2000; ++id) {
        const auto req = asking("dear", 100 + rng() % 1000, rng() % 3 ? 0 : 200);
        const auto cost = b.expected(req);
        if (in_flight.size() < 20 && b.fits(cost)) {
          b.reserve(id, cost);
          const auto u = used(50 + rng() % 400, 0, rng() % 300, 0);
          in_flight.emplace_back(id, *prices().cost("dear", u));
          b.learn(req, u);
        } else if (!in_flight.empty()) {
          const auto at = rng() % in_flight.size();
          b.settle(in_flight[at].first, in_flight[at].second);
          in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(at));
        }
        double open = 0;
        for (auto& [i, c] : in_flight)
          open += c;
        largest = std::max(largest, open);
      }
      for (auto& [id, cost] : in_flight)
        b.settle(id, cost);
      BOOST_TEST(b.spent() <= 1 + largest);
      BOOST_TEST(b.spent() > 0.8);
      BOOST_TEST(b.reserved() == 0.0);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
