#include "tests/support/program_fixture.hpp"

#include <boost/test/data/test_case.hpp>

#include <csignal>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

struct fixture : program_fixture {
  /// 60 requests, 20 at once; one of them gets this 429.
  run_end run_into(const std::string& spec, words options = {}) {
    write_input(60);
    upstream.mock->set_faults(faults({spec}));
    options.insert(options.begin(), {"--in-flight-max", "20"});
    return run(options);
  }
  uint64_t seen() const { return upstream.mock->stats().requests(); }
  static double seconds(const run_end& end) {
    return end.summary.at("wall_seconds").to_number<double>();
  }
};

/// A hint and the seconds that the lane has to wait for it.
struct hint {
  const char* spec;
  double least, most;
};
std::ostream& operator<<(std::ostream& out, const hint& h) { return out << h.spec; }

const std::vector<hint> hints{
  {"429_ra:2,nth=30", 2, 4},          // Seconds; the text says it, too.
  {"429_ra_ms:600,nth=30", 0.6, 2.5}, // retry-after-ms.
  {"429_ra_date:3,nth=30", 2, 5},     // An HTTP date; it has whole seconds.
  {"slow_down:1,nth=30", 1, 3},       {"503:1,nth=30", 1, 4}, {"529:1,nth=30", 1, 4},
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(limits, fixture)

// U1
BOOST_DATA_TEST_CASE(the_lane_waits_as_long_as_it_was_told, data::make(hints), h) {
  const auto end = run_into(h.spec);
  BOOST_TEST(end.code == 0);
  const auto results = check(end);
  check_attempts(results);
  BOOST_TEST(seconds(end) >= h.least);
  BOOST_TEST(seconds(end) <= h.most + (is_sanitized() ? 10 : 3));
  BOOST_TEST(attempts_of(results) == 61u); // The other requests did not get it.
}

BOOST_DATA_TEST_CASE(a_hint_that_makes_no_sense_stops_nobody,
                     data::make(words{"abc", "-5", "0", "99999999999999999999x"}), value) {
  const auto end = run_into("429_ra_bad:" + value + ",nth=30");
  BOOST_TEST(end.code == 0);
  check_attempts(check(end));
  BOOST_TEST(seconds(end) < 30);
}

// U2
BOOST_AUTO_TEST_CASE(a_storm_of_429s_without_hints_burns_no_attempts) {
  mock_options.latency = *mock::parse_latency("5ms");
  write_input(300);
  upstream.mock->set_faults(faults({"429_bare:p=0.5,until=1500ms"}));
  const auto end = run({"--in-flight-max", "20", "--attempts", "2"});
  BOOST_TEST(end.code == 0);
  const auto results = check(end);
  check_attempts(results);
  BOOST_TEST(number(end.summary, "rate_limited") > 0u);
  BOOST_TEST(number(end.summary, "rate_limited") == upstream.mock->stats().status(429));
}

// U3
BOOST_DATA_TEST_CASE(money_stops_the_job,
                     data::make(words{"429_quota", "429_billing", "429_spend", "402"}), name) {
  const auto end = run_into(name + ":after=30");
  BOOST_TEST(end.code == 3);
  BOOST_TEST(seen() <= 30u + 2 * 20);
  BOOST_TEST(end.err.find("remedy: settle the provider's bill") != std::string::npos);
  BOOST_TEST(end.summary.at("error").at("code").as_string() == "billing");
  upstream.mock->set_faults({});
  const auto again = run({"--in-flight-max", "20"});
  BOOST_TEST(again.code == 0);
  check(again);
}

BOOST_AUTO_TEST_CASE(the_days_quota_parks_the_job_and_shows_it) {
  write_input(200);
  upstream.mock->set_faults(faults({"429_daily:after=50"}));
  process p{run_command({"--in-flight-max", "10"})};
  BOOST_REQUIRE(wait_until([this] { return upstream.mock->stats().status(429) > 0; }));
  // All requests in flight get the same refusal; no more may be sent.
  BOOST_REQUIRE(wait_until([this] { return upstream.mock->stats().in_flight() == 0; }));
  BOOST_TEST(!wait_until([this] { return seen() > 49u + 2 * 10; }, 3s));
  BOOST_TEST(!p.has_ended());
  p.signal(SIGINT);
  BOOST_TEST(p.wait(20s) == 130);
  const auto end = program_fixture::end_of({0, p.out(), p.err()});
  BOOST_TEST(end.summary.at("state").as_string() == "interrupted");
  BOOST_TEST(read_results(out).size() >= 40u);
  upstream.mock->set_faults({});
  const auto again = run({"--in-flight-max", "10"});
  BOOST_TEST(again.code == 0);
  BOOST_TEST(count_state(check(again), core::outcome_state::completed) == 200u);
}

// U4
BOOST_AUTO_TEST_CASE(a_request_that_is_too_large_fails_alone) {
  const auto end = run_into("429_toolarge:nth=10");
  BOOST_TEST(end.code == 1);
  const auto results = check(end);
  check_attempts(results);
  BOOST_TEST(count_state(results, core::outcome_state::failed) == 1u);
  for (const auto& r : results)
    if (!r.is_completed()) {
      BOOST_TEST(r.record.error_code == "request_too_large");
      BOOST_TEST(r.record.attempts == 1u);
      BOOST_TEST(r.message.find("30000") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_request_larger_than_the_bucket_is_never_sent) {
  write_input(5);
  write_file(in, read_file(in) + request_line(5, R"(,"max_tokens":5000)"));
  const auto end = run({"--tpm", "1000"});
  BOOST_TEST(end.code == 1);
  const auto results = check(end);
  check_attempts(results);
  BOOST_TEST(results.back().record.error_code == "request_too_large");
  BOOST_TEST(results.back().record.attempts == 0u);
  BOOST_TEST(results.back().message.find("1000") != std::string::npos);
  BOOST_TEST(results.back().message.find("5") != std::string::npos);
}

// U9
BOOST_DATA_TEST_CASE(headers_that_lie_do_not_lift_the_limit,
                     data::make(words{"headers_lying", "headers_stale", "headers_none",
                                      "headers_partial"}),
                     name) {
  write_input(400);
  upstream.mock->set_faults(faults({name}));
  // Burst of 1 s: ten at once, then ten a second.
  process p{run_command({"--rpm", "600", "--headroom", "1", "--no-adaptive", "--burst", "1s"})};
  BOOST_REQUIRE(wait_until([this] { return seen() > 20; }));
  BOOST_REQUIRE(wait_until([&] { return p.has_ended() || seen() >= 50; }));
  p.signal(SIGINT);
  BOOST_TEST(p.wait(20s) == 130); // Requests that wait for the limit do not delay the stop.
  const auto stats = upstream.stats();
  const auto in_a_second = number(stats.at("worst").as_object(), "accepted_second");
  BOOST_TEST(in_a_second <=
             10u + 10 + 2); // Bucket and refill of any second, and a tick of the network.
}

// U10
BOOST_DATA_TEST_CASE(usage_that_is_missing_or_absurd_is_lived_with,
                     data::make(words{"usage_missing", "usage_zero", "usage_x100"}), name) {
  write_input(100);
  upstream.mock->set_faults(faults({name + ":p=0.3"}));
  const auto end = run({"--in-flight-max", "20", "--tpm", "1000000"});
  BOOST_TEST(end.code == 0);
  const auto results = check(end);
  check_attempts(results);
}

// U11
BOOST_AUTO_TEST_CASE(a_limit_that_halves_is_followed) {
  mock_options.limits.style = mock::limit_style::openai;
  mock_options.limits.rpm = 6000;
  mock_options.limits.burst = 1.0 / 60;
  upstream.mock->set_limits(mock_options.limits);
  write_input(700);
  upstream.mock->set_faults(faults({"limit_drift:0.5,after=300"}));
  const auto end = run({"--in-flight-max", "50", "--rpm", "6000", "--burst", "1s"});
  BOOST_TEST(end.code == 0);
  const auto results = check(end);
  check_attempts(results);
  BOOST_TEST_MESSAGE("429s after the drift: " << upstream.mock->stats().status(429) << ", seconds "
                                              << seconds(end));
  BOOST_TEST(upstream.mock->stats().status(429) <= 100u);
}

BOOST_AUTO_TEST_SUITE_END()
