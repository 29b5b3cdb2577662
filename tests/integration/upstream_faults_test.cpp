#include "tests/support/program_fixture.hpp"

#include <boost/test/data/test_case.hpp>

#include <csignal>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

struct fixture : program_fixture {
  /// Runs `count` requests with these faults. Checks that both sides count the same attempts.
  std::vector<result_line> run_through(const words& specs, size_t count, words options = {}) {
    write_input(count);
    upstream.mock->set_faults(faults(specs));
    options.insert(options.begin(), {"--in-flight-max", "50"});
    last = run(options);
    const auto results = check(last);
    const auto idle = std::ranges::find(specs, "reset_idle:p=0.2") != specs.end();
    if (idle) // Bytes that cross the close on their way end in the kernel; the mock never sees
              // them.
      BOOST_TEST(number(last.summary, "attempts") <=
                 upstream.mock->stats().requests() + struck("reset_idle"));
    else if (number(last.summary, "packs") == 0) // Requests of a pack share its attempts.
      check_attempts(results);
    else
      BOOST_TEST(number(last.summary, "attempts") ==
                 upstream.mock->stats().requests() + upstream.mock->connections().unread);
    return results;
  }
  void all_completed(const std::vector<result_line>& results) {
    BOOST_TEST(last.code == 0);
    BOOST_TEST(count_state(results, core::outcome_state::completed) == results.size());
  }
  uint64_t struck(const std::string& name) const {
    const auto stats = upstream.mock->stats();
    const auto found = stats.faults().find(name);
    return found == stats.faults().end() ? 0 : found->second;
  }

  run_end last;
};

/// Faults after which a second attempt succeeds.
const words passing{
  "500:first=1",
  "502:first=1",
  "html_502:first=1",
  "503:first=1",
  "504:first=1",
  "html_520:first=1",
  "522:first=1",
  "html_524:first=1",
  "529:first=1",
  "408:first=1",
  "409:first=1",
  "reset_before:first=1",
  "reset_after_headers:first=1",
  "reset_body:first=1",
  "truncated_len:first=1",
  "truncated_chunked:first=1",
  "garbage:first=1",
  "dup_delivery:first=1",
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(upstream_faults, fixture)

// U5, U6
BOOST_DATA_TEST_CASE(what_fails_once_completes, data::make(passing), spec) {
  const auto name = spec.substr(0, spec.find(':'));
  const auto results = run_through({spec + ",p=0.2"}, 60, {"--breaker-trips-after", "1000"});
  all_completed(results);
  BOOST_TEST(struck(name) > 0u);
  BOOST_TEST(attempts_of(results) == 60 + struck(name));
}

// U5
BOOST_AUTO_TEST_CASE(an_endless_html_page_ends_as_a_short_sample) {
  const auto results =
    run_through({"html_502:1000000,path=/v1"}, 3,
                {"--attempts", "2", "--mode", "parallel", "--breaker-trips-after", "1000"});
  BOOST_TEST(last.code != 0);
  for (const auto& r : results) {
    BOOST_TEST(!r.is_completed());
    BOOST_TEST(r.record.status_code == 502);
    BOOST_TEST(r.line.size() < 20'000u);
    BOOST_TEST(r.line.find("<html") == r.line.npos); // At most as the text of a JSON string.
  }
}

// U6
BOOST_DATA_TEST_CASE(a_reused_connection_that_dies_is_the_workers_to_retry,
                     data::make(words{"reset_reused:p=0.1", "close_idle_race:p=0.1"}), spec) {
  const auto results = run_through({spec}, 1000, {"--breaker-trips-after", "1000"});
  all_completed(results);
  BOOST_TEST(struck(spec.substr(0, spec.find(':'))) > 0u);
}

BOOST_AUTO_TEST_CASE(a_connection_closed_while_idle_costs_nothing) {
  const auto results = run_through({"reset_idle:p=0.2"}, 300, {"--breaker-trips-after", "1000"});
  all_completed(results);
}

BOOST_AUTO_TEST_CASE(nobody_listening_stops_the_run_and_a_server_later_completes_it) {
  write_input(40);
  auto c = run_command({"--breaker-open-for", "200ms", "--connect-timeout", "2s"});
  const auto at = std::find(c.args.begin(), c.args.end(), "--base-url");
  const auto address = at[1];
  at[1] = "http://127.0.0.1:1/v1";
  const auto refused = end_of(run_to_end(c));
  BOOST_TEST(refused.code == 3);
  BOOST_TEST(refused.err.find("127.0.0.1") != std::string::npos);
  BOOST_TEST(refused.err.find("remedy: check the base URL") != std::string::npos);
  at[1] = address;
  const auto again = end_of(run_to_end(c));
  BOOST_TEST(again.code == 0);
  check(again);
}

BOOST_AUTO_TEST_CASE(a_name_that_does_not_exist_is_named) {
  write_input(5);
  auto c = run_command({"--breaker-open-for", "100ms", "--attempts", "1"});
  c.env = {"OPENAI_API_KEY=sk-test"}; // Other hosts do not get a key by accident.
  *(std::find(c.args.begin(), c.args.end(), "--base-url") + 1) = "http://no-such-host.invalid/v1";
  const auto end = run_to_end(c);
  BOOST_TEST(end.code == 3);
  BOOST_TEST_CONTEXT(end.err)
  BOOST_TEST(end.err.find("no-such-host.invalid") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(plain_text_where_tls_is_expected_is_a_transport_failure) {
  write_input(5);
  auto c = run_command({"--breaker-open-for", "100ms", "--attempts", "1"});
  c.env = {"OPENAI_API_KEY=sk-test"};
  auto& url = *(std::find(c.args.begin(), c.args.end(), "--base-url") + 1);
  url.insert(4, "s");
  const auto end = run_to_end(c);
  BOOST_TEST(end.code == 3);
  BOOST_TEST(!end.err.empty());
}

// U7
BOOST_DATA_TEST_CASE(silence_ends_with_a_timeout,
                     data::make(words{"hang:first=1", "hang_body:first=1"}), spec) {
  // Before the first byte only the timeout counts.
  const auto option = spec.starts_with("hang_body") ? "--idle-timeout" : "--timeout";
  const auto results =
    run_through({spec + ",p=0.1"}, 60, {option, "1s", "--breaker-trips-after", "1000"});
  all_completed(results);
  BOOST_REQUIRE(wait_until([this] { return upstream.mock->stats().in_flight() == 0; }));
}

BOOST_AUTO_TEST_CASE(a_drip_ends_with_the_timeout) {
  const auto results = run_through({"slow_drip:50ms,first=1,p=0.1"}, 60,
                                   {"--timeout", "700ms", "--breaker-trips-after", "1000"});
  all_completed(results);
  BOOST_TEST(struck("slow_drip") > 0u);
}

// U12
BOOST_AUTO_TEST_CASE(an_upstream_that_flaps_is_probed_by_one_and_everything_completes) {
  // The slower the program, the more attempts of a request meet the provider while it is down.
  const size_t count = rounds(2000, 300);
  mock_options.latency = *mock::parse_latency("20ms");
  write_input(count);
  upstream.mock->set_faults(faults({"flap:up=500ms,down=700ms"}));
  const auto end =
    run({"--in-flight-max", "20", "--breaker-open-for", "200ms", "--breaker-trips-after", "5"});
  BOOST_TEST(end.code == 0);
  const auto results = check(end);
  check_attempts(results);
  BOOST_TEST(count_state(results, core::outcome_state::completed) == count);
}

// U13
BOOST_DATA_TEST_CASE(a_key_that_stops_working_stops_the_job, data::make(words{"401", "403"}),
                     status) {
  write_input(300);
  upstream.mock->set_faults(faults({status + ":after=100"}));
  const auto end = run({"--in-flight-max", "20"});
  BOOST_TEST(end.code == 3);
  BOOST_TEST(upstream.mock->stats().requests() <= 100u + 20 + 20); // Not more than were in flight.
  BOOST_TEST(end.err.find("remedy: check the API key") != std::string::npos);
  BOOST_TEST(end.err.find("run the same command again") != std::string::npos);
  BOOST_REQUIRE(!end.summary.empty());
  BOOST_TEST(end.summary.at("state").as_string() == "aborted");
  BOOST_TEST(end.summary.at("error").at("code").as_string() == "unauthorized");
  upstream.mock->set_faults({});
  const auto again = run({"--in-flight-max", "20"});
  BOOST_TEST(again.code == 0);
  const auto results = check(again);
  BOOST_TEST(count_state(results, core::outcome_state::completed) == 300u);
}

BOOST_AUTO_TEST_SUITE_END()
