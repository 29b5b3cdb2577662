#include "tests/support/program_fixture.hpp"

#include <boost/test/data/test_case.hpp>

#include <csignal>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

constexpr size_t lines = 400;

/// A run of 400 requests, 20 at once, 50 ms each: it lasts a second.
struct fixture : program_fixture {
  fixture() : program_fixture(options()) { write_input(lines); }

  static mock::mock_options options() {
    mock::mock_options o;
    o.latency = *mock::parse_latency("50ms");
    return o;
  }
  static words width() { return {"--in-flight-max", "20"}; }

  static words talking() { return {"--in-flight-max", "20", "--no-quiet"}; }

  uint64_t seen() const { return upstream.mock->stats().requests(); }

  /// Waits until the program sends requests.
  void wait_for_work(uint64_t requests = 40) const {
    BOOST_REQUIRE(wait_until([&] { return seen() >= requests; }));
  }
  /// Checks that the output has some results, but not all, and that they are right.
  uint64_t check_part() const {
    const auto results = read_results(out);
    const auto answers = expected_answers(in, mock_options);
    BOOST_TEST(results.size() < lines);
    for (size_t i = 0; i < results.size(); ++i)
      if (results[i].record.index != i || results[i].text != answers[i])
        BOOST_FAIL("wrong result in line " << i + 1 << ": " << results[i].line);
    return results.size();
  }
  /// Runs the same command again to the end. @returns how many requests were sent twice.
  uint64_t resume() const {
    const auto again = run(width());
    BOOST_TEST(again.code == 0);
    check(again);
    BOOST_TEST(number(again.summary, "resumed") > 0u);
    const auto ids = upstream.stats().at("ids").as_object();
    BOOST_TEST(number(ids, "distinct") == lines);
    return number(ids, "duplicates");
  }
};

struct one_signal {
  int number;
  int code;
};
std::ostream& operator<<(std::ostream& out, const one_signal& s) {
  return out << "signal " << s.number;
}

const std::vector<one_signal> all_signals{{SIGINT, 130}, {SIGTERM, 143}, {SIGHUP, 143}};

} // namespace

BOOST_FIXTURE_TEST_SUITE(signals, fixture)

// P3
BOOST_DATA_TEST_CASE(a_signal_drains_and_the_next_run_goes_on, all_signals, s) {
  process p{run_command(width())};
  wait_for_work();
  p.signal(s.number);
  BOOST_TEST(p.wait() == s.code);
  const auto sent = seen();
  const auto kept = check_part();
  BOOST_TEST(kept == sent); // It waited for requests in flight and began no others.
  const auto end = end_of({0, p.out(), p.err()});
  BOOST_TEST(end.summary.at("state").as_string() == "interrupted");
  BOOST_TEST(number(end.summary, "completed") == kept);
  BOOST_TEST(p.err().find("run the same command again") != std::string::npos);
  BOOST_TEST(resume() == 0u);
}

BOOST_DATA_TEST_CASE(a_second_signal_stops_at_once, all_signals, s) {
  upstream.mock->set_faults(faults({"hang:after=60"}));
  process p{run_command(talking())};
  wait_for_work(70);
  p.signal(s.number);
  BOOST_REQUIRE(p.says("finishing what is in flight")); // Two signals at once would count as one.
  BOOST_TEST(upstream.mock->stats().in_flight() > 0u);
  BOOST_TEST(!p.has_ended()); // It waits for the hanging requests.
  p.signal(s.number);
  BOOST_TEST(p.wait(20s) == s.code);
  check_part();
  upstream.mock->set_faults({});
  BOOST_TEST(resume() <= 20u);
}

BOOST_AUTO_TEST_CASE(a_drain_ends_with_the_grace_period) {
  upstream.mock->set_faults(faults({"hang:after=60"}));
  auto options = width();
  options.insert(options.end(), {"--grace-period", "200ms"});
  process p{run_command(options)};
  wait_for_work(70);
  p.signal(SIGINT);
  BOOST_TEST(p.wait(20s) == 130);
  check_part();
  upstream.mock->set_faults({});
  BOOST_TEST(resume() <= 20u);
}

BOOST_AUTO_TEST_CASE(a_drain_does_not_wait_for_a_paused_lane) {
  upstream.mock->set_faults(faults({"429_ra:30,after=60"}));
  process p{run_command(width())};
  BOOST_REQUIRE(wait_until([this] { return upstream.mock->stats().status(429) > 0; }));
  p.signal(SIGINT);
  BOOST_TEST(p.wait(20s) == 130);
  check_part();
  upstream.mock->set_faults({});
  resume();
}

BOOST_AUTO_TEST_CASE(a_signal_before_the_first_answer_leaves_a_state_to_go_on_from) {
  for (int i = 0; i < 10; ++i) {
    process p{run_command(width())};
    std::this_thread::sleep_for(std::chrono::milliseconds{3 * i}); // Any moment is fine.
    p.signal(SIGTERM);
    const int code = p.wait();
    BOOST_TEST((code == 143 || code == -SIGTERM));
  }
  const auto last = run(width());
  BOOST_TEST(last.code == 0);
  check(last);
}

BOOST_AUTO_TEST_CASE(a_silent_pipe_does_not_hold_up_the_end) {
  auto c = run_command(width());
  c.args[2] = "-";
  c.input = true;
  process p{c};
  BOOST_REQUIRE(p.write(request_line(0) + request_line(1)));
  wait_for_work(2);
  p.signal(SIGINT);
  BOOST_TEST(p.wait(20s) == 130);
  BOOST_TEST(read_results(out).size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
