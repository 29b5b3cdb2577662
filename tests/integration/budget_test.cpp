#include "tests/support/program_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::test;

namespace {

struct fixture : program_fixture {
  static double cost_of(const run_end& end) { return end.summary.at("cost").to_number<double>(); }

  run_end run_at_prices(words more) const {
    words options{"--price-input", "100", "--price-output", "1000", "--in-flight-max", "8"};
    options.insert(options.end(), more.begin(), more.end());
    return run(options);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(budget, fixture)

BOOST_AUTO_TEST_CASE(a_job_of_three_times_its_budget_stops_there_and_goes_on_with_a_higher_one) {
  write_input(300);
  const auto whole = run_at_prices({});
  BOOST_REQUIRE(whole.code == 0);
  const auto price = cost_of(whole);
  BOOST_REQUIRE(price > 0);
  double largest = 0;
  for (auto& r : check(whole))
    largest = std::max(largest, r.record.cost);
  BOOST_REQUIRE(largest > 0);

  upstream.mock->reset_stats();
  const auto limit = price / 3;
  const auto stopped = run_at_prices({"--restart", "--budget", std::to_string(limit)});
  BOOST_TEST(stopped.code == 3);
  BOOST_TEST(stopped.err.find("the budget of $") != std::string::npos, stopped.err);
  BOOST_TEST(stopped.err.find("remedy: raise --budget") != std::string::npos);
  BOOST_TEST(cost_of(stopped) <= limit + 8 * largest);
  BOOST_TEST(cost_of(stopped) > 0.8 * limit);

  const auto rest = run_at_prices({"--budget", std::to_string(2 * price)});
  BOOST_TEST(rest.code == 0);
  BOOST_TEST(check(rest).size() == 300u);
  BOOST_TEST(cost_of(rest) == price, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(upstream.mock->stats().requests() == 300u);
}

BOOST_AUTO_TEST_CASE(a_budget_without_prices_is_refused_before_anything_is_sent) {
  write_input(3);
  const auto end = run({"--budget", "1"});
  BOOST_TEST(end.code == 2);
  BOOST_TEST(end.err.find("--budget needs prices for the models \"") != std::string::npos, end.err);
  BOOST_TEST(upstream.mock->stats().requests() == 0u);
}

BOOST_AUTO_TEST_CASE(a_request_dearer_than_the_budget_is_not_sent) {
  write_input(3, R"(,"max_tokens":100000)");
  const auto end = run_at_prices({"--budget", "0.5"});
  BOOST_TEST(end.code == 3);
  BOOST_TEST(upstream.mock->stats().requests() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
