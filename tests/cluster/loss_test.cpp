#include "tests/support/cluster_fixture.hpp"

#include <csignal>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

constexpr uint32_t slots = 16;

struct fixture : cluster_fixture {
  fixture() : cluster_fixture(mock_of("200ms")) { start_head(); }

  void start_nodes(size_t count) {
    for (size_t i = 1; i <= count; ++i)
      start_node("n" + std::to_string(i), slots);
    wait_for_nodes(count);
  }

  /// Status of the only job; its id is 1 in a new store.
  job_progress progress() { return view().info(1).progress; }

  /// Submits `in`, and returns when the head has all of it.
  std::unique_ptr<process> submit_all(const words& options = {}) {
    auto client = submit(options);
    BOOST_REQUIRE_MESSAGE(wait_until([&] {
                            return client->has_ended() || this->client({"status", "1"}).code == 0;
                          }),
                          client->err());
    return client;
  }

  double seconds_since(std::chrono::steady_clock::time_point begin) const {
    return to_seconds(std::chrono::steady_clock::now() - begin);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(loss, fixture)

// C1
BOOST_AUTO_TEST_CASE(what_a_killed_node_had_runs_elsewhere) {
  start_nodes(4);
  write_input(rounds(2000, 600));
  const auto client = submit();
  wait_for_requests(200);
  kill(node("n2"));
  const auto killed = std::chrono::steady_clock::now();
  BOOST_REQUIRE(wait_until([&] { return progress().lost > 0 || client->has_ended(); }));
  BOOST_TEST_MESSAGE("its loss was known after " << seconds_since(killed) << " s");
  const auto end = end_of_submit(*client);
  check_all(end, slots);
  BOOST_TEST(head->says("node n2"));
  wait_for_nodes(3);
  // Only hand-outs of that node are lost, and none of their requests failed.
  BOOST_TEST(progress().lost >= 1u);
  BOOST_TEST(progress().lost <= slots);
}

// C2
BOOST_AUTO_TEST_CASE(a_stopped_node_is_given_up_and_comes_back) {
  start_nodes(2);
  write_input(rounds(2000, 600));
  const auto client = submit();
  wait_for_requests(100);
  const auto number = look_at_nodes();
  node("n1").signal(SIGSTOP);
  const auto stopped = std::chrono::steady_clock::now();
  // The stopped node is lost, and the other one does its work.
  BOOST_TEST(head->says("lost: "));
  BOOST_TEST(seconds_since(stopped) >= 2.0);
  BOOST_TEST_MESSAGE("its loss was known after " << seconds_since(stopped) << " s");
  wait_for_nodes(1);
  const auto before = upstream.mock->stats().requests();
  wait_for_requests(before + 50);
  node("n1").signal(SIGCONT);
  BOOST_TEST(node("n1").says("lost the head"));
  wait_for_nodes(2);
  const auto end = end_of_submit(*client);
  check_all(end, 2 * slots);
  // With a new number.
  for (auto& old : number)
    if (old.name == "n1")
      for (auto& now : look_at_nodes())
        BOOST_TEST((now.name != "n1" || now.id != old.id));
}

// C7
BOOST_AUTO_TEST_CASE(a_request_that_takes_three_nodes_with_it_is_poison) {
  // One of the requests never gets an answer: the test kills every node that has it.
  write_input(20);
  write_file(in, request_line(0, R"(,"stop":"[[mock:hang]]")") +
                   read_file(in).substr(request_line(0).size()));
  std::string poison;
  const auto client = submit_all({"--attempts", "1"});
  for (int i = 0; i < 3; ++i) {
    const auto name = "victim" + std::to_string(i);
    start_node(name, 4);
    // All others are done, or the node has only the bad one.
    BOOST_REQUIRE(wait_until([&] {
      const auto p = progress();
      return (p.completed == 19 && p.in_flight == 1) || client->has_ended();
    }));
    BOOST_REQUIRE(!client->has_ended());
    kill(node(name));
    BOOST_REQUIRE(wait_until([&] { return progress().lost == static_cast<uint64_t>(i) + 1; }));
  }
  const auto end = end_of_submit(*client);
  BOOST_TEST(end.code == 1, end.err);
  const auto results = read_results(out);
  BOOST_TEST_REQUIRE(results.size() == 20u);
  BOOST_TEST(results[0].record.error_code == "poison", results[0].line);
  BOOST_TEST(results[0].message.find("died 3 times in a row") != std::string::npos,
             results[0].message);
  BOOST_TEST(count_state(results, core::outcome_state::completed) == 19u);
}

// C5
BOOST_AUTO_TEST_CASE(without_nodes_a_job_waits_and_says_why) {
  write_input(50);
  const auto client = submit();
  BOOST_REQUIRE(wait_until([&] {
    const auto jobs = this->client({"jobs", "--json"});
    return jobs.code == 0 && jobs.out.find("no node has joined") != std::string::npos;
  }));
  BOOST_TEST(upstream.mock->stats().requests() == 0u);
  start_node("first", slots);
  wait_for_requests(slots);
  // All nodes die in the middle of the job.
  kill(node("first"));
  wait_for_nodes(0);
  BOOST_TEST(view().info(1).waits_for.find("no node") != std::string::npos,
             view().info(1).waits_for);
  start_node("second", slots);
  check_all(end_of_submit(*client), slots);
}

// C9
BOOST_AUTO_TEST_CASE(a_node_that_stands_still_for_a_moment_loses_nothing) {
  kill(*head);
  times = {"--lost-after", "30s"}; // A busy machine may stop processes for long.
  start_head();
  start_nodes(2);
  write_input(rounds(1000, 400));
  const auto client = submit();
  wait_for_requests(100);
  for (int i = 0; i < 5; ++i) {
    // Long enough to be silent, too short to be lost.
    node("n1").signal(SIGSTOP);
    const auto silent = wait_until([&] {
      for (auto& n : look_at_nodes())
        if (n.name == "n1" && n.state == node_state::silent)
          return true;
      return client->has_ended();
    });
    node("n1").signal(SIGCONT);
    BOOST_REQUIRE(silent);
    if (client->has_ended())
      break;
    wait_for_nodes(2);
  }
  const auto end = end_of_submit(*client);
  check_all(end, 0);
  BOOST_TEST(progress().lost == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
