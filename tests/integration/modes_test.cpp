#include "tests/support/program_fixture.hpp"

using namespace penstock;
using namespace penstock::test;

namespace {

struct fixture : program_fixture {
  /// The provider needs some time, else requests would not be in flight at the same time.
  static mock::mock_options slow() {
    mock::mock_options o;
    o.latency = *mock::parse_latency("8ms");
    return o;
  }
  fixture() : program_fixture{slow()} {}

  std::vector<result_line> run_all(size_t count, words options) {
    write_input(count);
    options.insert(options.begin(), {"--breaker-trips-after", "100000"});
    last = run(options);
    auto results = check(last);
    BOOST_TEST(last.code == 0);
    BOOST_TEST(count_state(results, core::outcome_state::completed) == count);
    return results;
  }
  std::string said(std::string_view name) const {
    const auto& text = last.summary.at({name.data(), name.size()}).as_string();
    return {text.data(), text.size()};
  }
  const boost::json::object& change(size_t i) const {
    const auto& changes = last.summary.at("mode_changes").as_array();
    BOOST_REQUIRE(i < changes.size());
    return changes[i].as_object();
  }
  void check_change(size_t i, std::string_view from, std::string_view to,
                    std::string_view code) const {
    const auto& c = change(i);
    BOOST_TEST(c.at("from").as_string() == from);
    BOOST_TEST(c.at("to").as_string() == to);
    BOOST_TEST(c.at("code").as_string() == code);
    BOOST_TEST(!c.at("text").as_string().empty());
  }

  run_end last;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(modes_suite, fixture)

BOOST_AUTO_TEST_CASE(a_batch_of_packs_gives_every_request_the_answer_it_would_get_alone) {
  run_all(200, {"--mode", "batch"});
  BOOST_TEST(said("mode_used") == "batch");
  BOOST_TEST(number(last.summary, "packs") == 20u);
  BOOST_TEST(number(last.summary, "packed") == 200u);
  BOOST_TEST(number(last.summary, "attempts") == 20u);
  BOOST_TEST(upstream.mock->stats().requests() == 20u);
}

BOOST_AUTO_TEST_CASE(a_dry_run_of_packs_agrees_with_the_run) {
  const words options{"--mode",         "batch", "--rpm",           "600", "--headroom",    "1",
                      "--burst",        "1s",    "--in-flight-max", "50",  "--price-input", "1",
                      "--price-output", "2"};
  write_input(200);
  auto dry = options;
  dry.push_back("--dry-run");
  const auto plan = run(dry).summary;
  BOOST_TEST(upstream.mock->stats().requests() == 0u);
  run_all(200, options);
  BOOST_TEST(number(plan, "requests") == 200u);
  BOOST_TEST(number(plan, "prompts") == number(last.summary, "attempts"));
  const auto& rpm = plan.at("bounds").as_array()[0];
  BOOST_TEST(rpm.at("limit").as_string() == "rpm");
  const auto least = rpm.at("least_seconds").to_number<double>();
  const auto took = last.summary.at("wall_seconds").to_number<double>();
  BOOST_TEST(least >= 0.5); // 20 prompts: 10 at once, 10 a second.
  BOOST_TEST(took >= 0.8 * least);
  const auto priced = plan.at("cost_dollars").to_number<double>();
  const auto paid = last.summary.at("cost").to_number<double>();
  BOOST_TEST(paid > 0);
  BOOST_TEST(paid <= 1.1 * priced, paid << " dollars, planned " << priced);
}

// U14
BOOST_AUTO_TEST_CASE(garbled_packs_are_halved_and_swap_nothing) {
  upstream.mock->set_faults(
    faults({"pack_swap:p=0.1", "pack_missing:p=0.1", "pack_repeat:p=0.05", "pack_extra:p=0.05",
            "pack_order:p=0.1", "pack_malformed:p=0.1"}));
  run_all(rounds(600, 200), {"--mode", "batch"});
  BOOST_TEST(number(last.summary, "pack_splits") > 0u);
  BOOST_TEST(number(last.summary, "attempts") == upstream.mock->stats().requests());
}

BOOST_AUTO_TEST_CASE(whatever_fails_in_parallel_and_in_packs_completes_one_by_one) {
  upstream.mock->set_faults(faults({"concurrent:1", "pack_malformed:p=1"}));
  const auto results = run_all(rounds(500, 150), {"--attempts", "2", "--in-flight-max", "50"});
  BOOST_TEST(said("mode_asked") == "auto");
  BOOST_TEST(said("mode_used") == "sequential_fallback");
  BOOST_TEST(last.summary.at("mode_changes").as_array().size() == 2u);
  BOOST_TEST(change(0).at("from").as_string() == "parallel");
  BOOST_TEST(change(0).at("to").as_string() == "batch");
  BOOST_TEST(change(0).at("degraded").to_number<uint64_t>() >= 4u);
  check_change(1, "batch", "sequential", "pack_mismatch");
  for (auto& r : results)
    BOOST_TEST(r.record.attempts <= 2 + 2 + 4u); // Four wrong packs at most: 10, 5, 2, and alone.
  BOOST_TEST(number(last.summary, "attempts") == upstream.mock->stats().requests());
}

BOOST_AUTO_TEST_CASE(packs_carry_a_job_whose_parallel_attempts_fail) {
  upstream.mock->set_faults(faults({"concurrent:1"}));
  run_all(rounds(300, 150), {"--attempts", "2", "--in-flight-max", "50"});
  BOOST_TEST(change(0).at("to").as_string() == "batch");
  // Not all: a pack beside another one may lose its last attempt because of it.
  BOOST_TEST(number(last.summary, "packed") > number(last.summary, "requests") / 2);
}

BOOST_AUTO_TEST_CASE(auto_packs_a_job_that_requests_per_minute_hold_up) {
  // 5.4 minutes at 240 a minute, sent one by one.
  run_all(1300, {"--rpm", "300", "--burst", "1s", "--pack", "allow", "--pack-entries", "100",
                 "--pack-tokens", "100000"});
  BOOST_TEST(said("mode_used") == "parallel_packed");
  BOOST_TEST(number(last.summary, "packs") <= 20u); // Some are smaller: the input comes in pieces.
  BOOST_TEST(number(last.summary, "packed") == 1300u);
  check_change(0, "auto", "parallel", "rate_limited");
}

BOOST_AUTO_TEST_CASE(embeddings_and_tools_skip_the_mode) {
  write_input(3, R"(,"tools":[{"type":"function","function":{"name":"f"}}])");
  last = run({"--mode", "batch"});
  check(last);
  BOOST_TEST(said("mode_used") == "sequential_fallback");
  check_change(0, "batch", "sequential", "not_packable");
  BOOST_TEST(number(last.summary, "packs") == 0u);
}

BOOST_AUTO_TEST_CASE(canaries_are_compared_and_reported) {
  run_all(100, {"--mode", "batch", "--pack-canary", "0.2"});
  const auto canaries = number(last.summary, "canaries");
  BOOST_TEST(canaries > 5u);
  BOOST_TEST(canaries < 40u);
  BOOST_TEST(number(last.summary, "canaries_agreed") == canaries);
}

BOOST_AUTO_TEST_SUITE_END()
