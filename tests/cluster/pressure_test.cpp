#include "tests/support/cluster_fixture.hpp"
#include "tests/support/process_memory.hpp"

#include <optional>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

/// Answers of about 8 KB.
struct fixture : cluster_fixture {
  fixture() : cluster_fixture(options()) {}
  static mock::mock_options options() {
    mock::mock_options o;
    o.output.tokens = 2000;
    return o;
  }
  /// Status of the only job, when it exists.
  std::optional<job_progress> progress() {
    try {
      return view().info(1).progress;
    } catch (const std::runtime_error&) {
      return std::nullopt;
    }
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(pressure, fixture)

// P9
BOOST_AUTO_TEST_CASE(a_slow_disk_slows_a_job_down_and_nothing_piles_up) {
  head_env = {"LD_PRELOAD=" PENSTOCK_SLOW_SYNC, "SLOW_SYNC_MS=500",
              "ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0"}; // The sanitizer must be the
                                                                       // first library.
  start_head({"--slots", "64"});
  const size_t count = rounds(6'000, 600);
  write_input(count, R"(,"user":")" + std::string(4'000, 'x') + '"'); // Over 24 MB of requests.
  auto client = submit();
  uint64_t most = 0;
  while (!client->has_ended()) {
    const auto answered = upstream.mock->stats().requests();
    if (const auto job = progress())
      most = std::max(most, answered - std::min(answered, job->written));
    std::this_thread::sleep_for(20ms);
  }
  const auto head_mb = peak_mb(head->pid());
  check_all(end_of_submit(*client), 0);
  BOOST_TEST_MESSAGE("at most " << most << " not safe; the head had " << head_mb << " MB");
  BOOST_TEST(most <= 3'000u); // A crash would make them cost again.
  if (!is_sanitized())
    BOOST_TEST(head_mb <= 150u);
}

// P9
BOOST_AUTO_TEST_CASE(a_reader_that_stops_holds_up_its_client_and_nobody_else) {
  start_head({"--slots", "64"});
  const size_t count = rounds(6'000, 600);
  write_input(count); // About 50 MB of answers.
  auto c = with_common({"submit", in, "-o", "-", "--head", address, "--quiet"});
  c.hold_output = true;
  process client{c};
  BOOST_REQUIRE_MESSAGE(
    wait_until([&] { return progress().value_or(job_progress{}).completed == count; },
               3 * patience),
    head->err() << client.err());
  BOOST_TEST(!client.has_ended());
  // It did not fetch results that it could not write.
  const auto client_mb = peak_mb(client.pid()), head_mb = peak_mb(head->pid());
  BOOST_TEST_MESSAGE("the client had " << client_mb << " MB, the head " << head_mb);
  if (!is_sanitized()) {
    BOOST_TEST(client_mb <= 100u);
    BOOST_TEST(head_mb <= 150u);
  }
  client.read_output();
  BOOST_TEST(client.wait() == 0, client.err());
  write_file(out, client.out());
  BOOST_TEST(check_results(in, out, mock_options).size() == count);
}

BOOST_AUTO_TEST_SUITE_END()
