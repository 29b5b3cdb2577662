#include "tests/support/program_fixture.hpp"

#include <algorithm>
#include <cmath>
#include <map>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

/// Two mocks: "default" is the one of the fixture, "b" is another one with the same answers.
struct fixture : program_fixture {
  explicit fixture(mock::mock_options options = {})
      : program_fixture{options}, b{std::move(options)} {}

  /// A configuration with one route over both upstreams.
  std::string config(const std::string& route = R"(to = ["default", "b"])",
                     const std::string& more = "") const {
    const auto name = dir / "penstock.toml";
    write_file(name, more + "\n[[upstreams]]\nname = \"b\"\nbase_url = \"" + b.mock->base_url() +
                       "\"\napi_key_env = \"\"\n[[routes]]\nmodels = [\"*\"]\n" + route + "\n");
    return name;
  }

  run_end run_routes(words options = {}, const std::string& route = R"(to = ["default", "b"])",
                     const std::string& more = "") {
    const auto file = config(route, more);
    options.insert(options.begin(), {"--config", file, "--in-flight-max", "20"});
    return run(options);
  }

  void all_completed(const run_end& end, const std::vector<result_line>& results) const {
    BOOST_TEST(end.code == 0);
    BOOST_TEST(count_state(results, core::outcome_state::completed) == results.size());
  }

  /// The results by the lane that answered them.
  static std::map<std::string, uint64_t> lanes_of(const std::vector<result_line>& results) {
    std::map<std::string, uint64_t> out;
    for (auto& r : results)
      ++out[std::string{boost::json::parse(r.line).at("penstock").at("lane").as_string()}];
    return out;
  }
  static uint64_t with_reason(const std::vector<result_line>& results, const std::string& part) {
    return static_cast<uint64_t>(std::ranges::count_if(results, [&](auto& r) {
      const auto line = boost::json::parse(r.line);
      const auto* reason = line.at("penstock").as_object().if_contains("lane_reason");
      return reason && std::string{reason->as_string()}.find(part) != std::string::npos;
    }));
  }
  uint64_t requests_at_a() const { return upstream.mock->stats().requests(); }
  uint64_t requests_at_b() const { return b.mock->stats().requests(); }

  mock_fixture b;
};

/// Both answer after 30 ms.
struct timed_fixture : fixture {
  timed_fixture() : fixture{options()} {}
  static mock::mock_options options() {
    mock::mock_options o;
    o.latency = *mock::parse_latency("fixed:30ms");
    return o;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(routes, fixture)

BOOST_AUTO_TEST_CASE(a_key_that_is_refused_in_the_middle_moves_the_rest_to_the_other_one) {
  write_input(200);
  upstream.mock->set_faults(faults({"401:after=50"}));
  const auto end = run_routes();
  const auto results = check(end);
  all_completed(end, results);
  auto lanes = lanes_of(results);
  BOOST_TEST(lanes["default/default"] == 49u);
  BOOST_TEST(lanes["b/default"] + lanes["default/default"] == 200u);
  BOOST_TEST(with_reason(results, "lane default/default: ") == lanes["b/default"]);
  BOOST_TEST(number(end.summary, "rerouted") == lanes["b/default"]);
  // Only requests in flight were refused because of the key.
  BOOST_TEST(requests_at_a() <= lanes["default/default"] + 20);
  BOOST_TEST(attempts_of(results) == requests_at_a() + requests_at_b());
}

BOOST_AUTO_TEST_CASE(an_open_breaker_moves_requests_on_and_its_close_brings_them_back) {
  write_input(200);
  upstream.mock->set_faults(faults({"503:times=30"}));
  const auto end = run_routes({"--breaker-trips-after", "3", "--breaker-open-for", "50ms"});
  const auto results = check(end);
  all_completed(end, results);
  auto lanes = lanes_of(results);
  BOOST_TEST(lanes["b/default"] > 0u);
  BOOST_TEST(with_reason(results, "breaker is open") == lanes["b/default"]);
  BOOST_TEST(number(end.summary, "breaker_trips") > 0u);
}

BOOST_AUTO_TEST_CASE(a_pause_beyond_the_patience_is_not_waited_for) {
  write_input(100);
  upstream.mock->set_faults(faults({"429_ra:60,after=20"}));
  const auto end = run_routes();
  const auto results = check(end);
  all_completed(end, results);
  auto lanes = lanes_of(results);
  BOOST_TEST(lanes["default/default"] == 19u);
  BOOST_TEST(with_reason(results, "paused, resumes in ") == lanes["b/default"]);
  const auto& seconds = end.summary.at("wall_seconds");
  BOOST_TEST(seconds.to_number<double>() < 30);
}

BOOST_AUTO_TEST_CASE(a_pause_within_the_patience_is_waited_for) {
  write_input(40);
  upstream.mock->set_faults(faults({"429_ra:1,nth=10"}));
  const auto end = run_routes({"--in-flight-max", "4"});
  const auto results = check(end);
  all_completed(end, results);
  BOOST_TEST(lanes_of(results)["default/default"] == 40u);
  BOOST_TEST(requests_at_b() == 0u);
}

BOOST_AUTO_TEST_CASE(weights_share_the_requests_out) {
  write_input(1000);
  const auto end = run_routes(
    {}, "strategy = \"weighted\"\nto = [{upstream = \"default\", weight = 3}, {upstream = \"b\"}]");
  const auto results = check(end);
  all_completed(end, results);
  // Five standard deviations are 68; the seed is fixed.
  BOOST_TEST(std::abs(static_cast<double>(lanes_of(results)["default/default"]) - 750) < 70);
  BOOST_TEST(number(end.summary, "rerouted") == 0u);
}

BOOST_AUTO_TEST_CASE(without_money_anywhere_the_job_ends_at_once_and_says_what_to_do) {
  write_input(500);
  upstream.mock->set_faults(faults({"429_billing"}));
  b.mock->set_faults(faults({"429_billing"}));
  const auto end = run_routes();
  BOOST_TEST(end.code == 3);
  BOOST_TEST(requests_at_a() <= 20u);
  BOOST_TEST(requests_at_b() <= 20u);
  BOOST_TEST_CONTEXT("it said: " << end.err) {
    BOOST_TEST(end.err.find("lane default/default: ") != std::string::npos);
    BOOST_TEST(end.err.find("lane b/default: ") != std::string::npos);
    BOOST_TEST(end.err.find("settle the provider's bill") != std::string::npos);
    BOOST_TEST(std::ranges::count(end.err, '\n') <= 4);
  }
}

BOOST_AUTO_TEST_CASE(one_upstream_without_money_ends_the_job_within_what_is_in_flight) {
  write_input(500);
  upstream.mock->set_faults(faults({"429_billing:after=100"}));
  const auto end = run({"--in-flight-max", "20"});
  BOOST_TEST(end.code == 3);
  BOOST_TEST(requests_at_a() <= 100 + 20u);
  BOOST_TEST(end.err.find("remedy: settle the provider's bill") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(another_model_can_stand_in) {
  write_input(30);
  upstream.mock->set_faults(faults({"401"}));
  const auto end = run_routes({}, R"(to = ["default", "b/m-small"])");
  BOOST_TEST(end.code == 0);
  const auto models = b.mock->stats().by_model();
  BOOST_REQUIRE(models.contains("m-small"));
  BOOST_TEST(models.at("m-small").requests == 30u);
}

BOOST_AUTO_TEST_CASE(two_mocks_of_one_configuration_need_no_server) {
  write_input(20);
  write_file(dir / "mocks.toml",
             "[[upstreams]]\nname = \"x\"\nprotocol = \"mock\"\nmock_options = \"--fault 401\"\n"
             "[[upstreams]]\nname = \"y\"\nprotocol = \"mock\"\n"
             "[[routes]]\nmodels = [\"*\"]\nto = [\"x\", \"y\"]\n");
  const auto end = end_of(run_to_end(
    bare_command({"run", in, "-o", out, "--quiet", "--json", "--config", dir / "mocks.toml"})));
  BOOST_TEST_CONTEXT(end.err) {
    BOOST_TEST(end.code == 0);
    BOOST_TEST(lanes_of(read_results(out))["y/default"] == 20u);
  }
}

BOOST_FIXTURE_TEST_CASE(second_attempts_cut_the_tail_and_keep_to_their_budget, timed_fixture) {
  constexpr size_t count = 600; // Enough to see the slow requests in the p99.
  write_input(count);
  // At a, three of a hundred take 1.5 s more; at b, none.
  upstream.mock->set_faults(faults({"slow:1500ms,p=0.03"}));
  const auto seconds = [](const run_end& end, const char* name) {
    return end.summary.at(name).to_number<double>();
  };
  const auto plain = run_routes({"--in-flight-max", "10"});
  all_completed(plain, check(plain));
  BOOST_TEST(seconds(plain, "attempt_p99_seconds") > 1.4);
  BOOST_TEST(number(plain.summary, "hedged") == 0u);

  out = dir / "hedged.jsonl";
  const auto hedged = run_routes({"--in-flight-max", "10", "--hedge-budget", "0.15"});
  const auto results = check(hedged);
  all_completed(hedged, results);
  const auto made = number(hedged.summary, "hedged");
  BOOST_TEST(made > 0u);
  BOOST_TEST(number(hedged.summary, "hedges_won") > 0u);
  BOOST_TEST(static_cast<double>(made) <= 0.15 * static_cast<double>(attempts_of(results)));
  BOOST_TEST(attempts_of(results) == count + made);
  BOOST_TEST(seconds(hedged, "attempt_p99_seconds") < 0.5 * seconds(plain, "attempt_p99_seconds"));
  for (auto& lane : hedged.summary.at("lanes").as_array()) // I8
    BOOST_TEST(lane.at("in_flight").to_number<uint64_t>() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
