#include "tests/support/program_fixture.hpp"

#include <csignal>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

struct fixture : program_fixture {
  /// Requests a second that a provider takes between two of its seconds, with these options of the
  /// run, which is stopped then.
  double throughput(const mock::mock_options& o, const words& options, size_t from, size_t to) {
    mock_fixture provider{o};
    auto c = run_command(options);
    c.args.push_back("--restart");
    *(std::find(c.args.begin(), c.args.end(), "--base-url") + 1) = provider.mock->base_url();
    process p{c};
    const auto elapsed = [&] { return provider.stats().at("elapsed").to_number<double>(); };
    BOOST_REQUIRE(wait_until([&] { return elapsed() > static_cast<double>(to) || p.has_ended(); }));
    BOOST_TEST(!p.has_ended());
    const auto window = provider.stats(from).at("share").as_object();
    p.signal(SIGINT);
    BOOST_TEST(p.wait() == 130);
    return static_cast<double>(number(window, "accepted")) /
           window.at("seconds").to_number<double>();
  }

  /// How the adaptive width compares with the best of some fixed ones.
  double share_of_best(const mock::mock_options& o, std::initializer_list<int> widths) {
    double best = 0;
    for (int width : widths) {
      const auto rate = throughput(o, {"--in-flight-max", std::to_string(width)}, 1, 3);
      BOOST_TEST_MESSAGE(width << " in flight: " << rate << " requests/s");
      best = std::max(best, rate);
    }
    const auto rate = throughput(o, {}, 3, 7);
    BOOST_TEST_MESSAGE("adaptive: " << rate << " requests/s");
    return rate / best;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(adaptive, fixture)

// Scaled down: seconds instead of a minute. `tests/bench/run.sh --only ADAPTIVE` takes the whole
// minute.
BOOST_AUTO_TEST_CASE(behind_an_upstream_that_slows_down_80_percent_of_the_best_are_reached) {
  mock::mock_options o;
  o.capacity = 40;
  o.latency = *mock::parse_latency("lognormal:p50=60ms,sigma=0.3");
  write_input(8000);
  const auto least = is_sanitized() ? 0.4 : 0.8; // It is slow itself, so it measures little.
  BOOST_TEST(measured(
               [&] {
                 return share_of_best(o, {20, 30, 40});
               },
               [&](auto x) { return x >= least; }) >= least);
}

BOOST_AUTO_TEST_CASE(fifty_requests_of_a_second_still_take_one) {
  mock::mock_options o;
  o.latency = *mock::parse_latency("1s");
  upstream = mock_fixture{o};
  write_input(50);
  const auto end = run();
  check(end);
  BOOST_TEST(number(end.summary, "in_flight_peak") == 50u);
  const auto& lane = end.summary.at("lanes").at(0).as_object();
  BOOST_TEST(lane.at("in_flight_adaptive").as_bool());
  BOOST_TEST(number(lane, "in_flight_limit") >= 50u);
}

BOOST_AUTO_TEST_CASE(few_are_refused_where_a_number_in_flight_is_the_limit) {
  mock::mock_options o;
  o.overload = 20;
  o.latency = *mock::parse_latency("lognormal:p50=40ms,sigma=0.3");
  upstream = mock_fixture{o};
  write_input(2000);
  const auto end = run({"--breaker-trips-after", "1000"});
  check(end);
  BOOST_TEST(number(end.summary, "completed") == 2000u);
  BOOST_TEST(number(end.summary, "attempts") <= 2400u);
}

BOOST_AUTO_TEST_CASE(a_ramp_holds_the_width_down) {
  mock::mock_options o;
  o.latency = *mock::parse_latency("20ms");
  upstream = mock_fixture{o};
  write_input(100);
  const auto end = run({"--ramp", "3 -> 6", "--ramp-every", "200ms"});
  check(end);
  BOOST_TEST(number(end.summary, "in_flight_peak") == 6u);
}

BOOST_AUTO_TEST_SUITE_END()
