#include "tests/support/cluster_fixture.hpp"

#include <csignal>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

constexpr uint32_t slots = 16;

struct fixture : cluster_fixture {
  fixture() : cluster_fixture(mock_of("150ms")) { start_head(); }

  uint64_t finished_by(const std::string& name) {
    for (auto& n : look_at_nodes())
      if (n.name == name)
        return n.finished;
    return 0;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(drain, fixture)

// C6
BOOST_AUTO_TEST_CASE(a_node_that_joins_in_the_middle_gets_its_share) {
  start_node("n1", slots);
  wait_for_nodes(1);
  write_input(rounds(1200, 500));
  const auto client = submit();
  wait_for_requests(50);
  start_node("n2", slots);
  wait_for_nodes(2);
  const auto joined = std::chrono::steady_clock::now();
  BOOST_REQUIRE(wait_until([&] { return finished_by("n2") >= slots || client->has_ended(); }));
  BOOST_TEST_MESSAGE("its slots had all been used "
                     << to_seconds(std::chrono::steady_clock::now() - joined)
                     << " s after it had joined");
  BOOST_TEST(!client->has_ended());
  check_all(end_of_submit(*client), 0);
}

// C6
BOOST_AUTO_TEST_CASE(a_node_that_leaves_finishes_what_it_has_begun) {
  start_node("n1", slots);
  start_node("n2", slots);
  wait_for_nodes(2);
  write_input(rounds(1200, 500));
  const auto client = submit();
  wait_for_requests(100);
  node("n1").signal(SIGTERM);
  BOOST_TEST(node("n1").wait() == 0, node("n1").err());
  BOOST_TEST(node("n1").err().find("left the head") != std::string::npos, node("n1").err());
  const auto end = end_of_submit(*client);
  check_all(end, 0); // No attempt was wasted.
  BOOST_TEST(view().info(1).progress.lost == 0u);
  BOOST_TEST(head->err().find("lost") == std::string::npos, head->err());
}

BOOST_AUTO_TEST_CASE(told_twice_a_node_goes_at_once) {
  start_node("n1", slots, {"--grace-period", "10m"});
  wait_for_nodes(1);
  upstream.mock->set_faults(faults({"hang:first=1"}));
  write_input(100);
  const auto client = submit({"--attempts", "2"});
  wait_for_requests(slots);
  node("n1").signal(SIGTERM);
  BOOST_TEST(node("n1").says("leaving"));
  BOOST_TEST(!node("n1").has_ended());
  node("n1").signal(SIGTERM);
  BOOST_TEST(node("n1").wait() == 0, node("n1").err());
  upstream.mock->set_faults({});
  start_node("n2", slots);
  const auto end = end_of_submit(*client);
  check_all(end, slots);
  BOOST_TEST(view().info(1).progress.lost == 0u);
}

BOOST_AUTO_TEST_CASE(a_head_that_is_stopped_finishes_what_is_in_flight_and_goes_on_later) {
  start_node("n1", slots);
  wait_for_nodes(1);
  write_input(rounds(800, 300));
  const auto client = submit();
  wait_for_requests(100);
  head->signal(SIGTERM);
  BOOST_TEST(head->wait() == 0, head->err());
  BOOST_REQUIRE(wait_until([this] { return upstream.mock->stats().in_flight() == 0; }));
  const auto before = upstream.mock->stats().requests();
  start_head();
  wait_for_requests(before + 1);
  check_all(end_of_submit(*client), 0); // All paid answers were kept.
}

BOOST_AUTO_TEST_CASE(told_twice_a_head_stops_at_once) {
  start_node("n1", slots);
  wait_for_nodes(1);
  upstream.mock->set_faults(faults({"hang:first=1"}));
  write_input(100);
  const auto client = submit();
  wait_for_requests(slots);
  head->signal(SIGTERM);
  BOOST_TEST(head->says("a second signal stops at once"));
  head->signal(SIGTERM);
  BOOST_TEST(head->wait() == 0, head->err());
  upstream.mock->set_faults({});
  start_head();
  check_all(end_of_submit(*client), slots);
}

BOOST_AUTO_TEST_CASE(a_node_that_finds_no_head_ends_when_told) {
  kill(*head);
  start_node("n1", slots);
  BOOST_TEST(node("n1").says("no head answers at " + address));
  node("n1").signal(SIGTERM);
  BOOST_TEST(node("n1").wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
