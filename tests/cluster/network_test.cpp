#include "tests/support/cluster_fixture.hpp"
#include "tests/support/net_namespace.hpp"
#include "tests/support/test_certs.hpp"

#include <boost/test/data/test_case.hpp>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

constexpr uint32_t slots = 16;
constexpr double limit_rpm = 6000;

/// Another machine, and a mock that both machines can reach. Made before the fixture.
struct elsewhere {
  net_namespace machine;

  mock::mock_options mock() const {
    auto o = cluster_fixture::mock_of("100ms");
    o.limits.style = mock::limit_style::openai;
    o.limits.rpm = limit_rpm;
    if (machine.why_not().empty())
      o.host = machine.our_address("mock");
    return o;
  }
};

struct fixture : elsewhere, cluster_fixture {
  fixture() : cluster_fixture{mock()} {
    if (!machine.why_not().empty())
      return;
    address = machine.our_address("head") + ":0";
    as_client = certs.with({}, "client");
    everywhere = certs.options("client");
    start_head({"--rpm", std::to_string(static_cast<int>(limit_rpm))});
    start_node("near", slots);
    start_node_elsewhere();
  }

  void start_node_elsewhere() {
    words args{"node",
               "--head",
               address,
               "--node-name",
               "far",
               "--slots",
               std::to_string(slots),
               "--base-url",
               upstream.mock->base_url()};
    nodes["far"] = std::make_unique<process>(machine.inside(with_common(std::move(args))));
    wait_for_nodes(2);
  }

  uint64_t finished_by(const std::string& name) {
    for (auto& n : look_at_nodes())
      if (n.name == name)
        return n.finished;
    return 0;
  }

  test_certs certs{{"client"}};
};

void both_ways(net_namespace& m) { m.cut("head"); }
void to_the_node(net_namespace& m) { m.cut_to_it("head"); }
void to_the_head(net_namespace& m) { m.cut_from_it("head"); }

struct way {
  const char* name;
  void (*cut)(net_namespace&);
};
std::ostream& operator<<(std::ostream& out, const way& w) { return out << w.name; }
const way ways[] = {
  {"both ways", both_ways}, {"head to node", to_the_node}, {"node to head", to_the_head}};

} // namespace

BOOST_AUTO_TEST_SUITE(network)

// C4
BOOST_DATA_TEST_CASE_F(fixture, a_cut_cable_costs_no_outcome_and_no_limit,
                       boost::unit_test::data::make(ways), how) {
  if (!machine.why_not().empty()) {
    BOOST_TEST_MESSAGE("skipped: no network namespace can be made here: " << machine.why_not());
    return;
  }
  write_input(rounds(3000, 1500));
  const auto client = submit();
  wait_for_requests(200);
  BOOST_REQUIRE(wait_until([&] { return finished_by("far") > 0; }));
  how.cut(machine);
  const auto begun = std::chrono::steady_clock::now();
  const auto seconds = [&] { return to_seconds(std::chrono::steady_clock::now() - begun); };
  // Each side treats the other as lost.
  BOOST_TEST(head->says("far"));
  BOOST_TEST(head->says("lost: "));
  BOOST_TEST_MESSAGE("the head gave it up after " << seconds() << " s");
  BOOST_TEST(node("far").says("lost the head"));
  BOOST_TEST_MESSAGE("it gave the head up after " << seconds() << " s");
  BOOST_TEST(seconds() >= 2.0);
  wait_for_nodes(1);
  const auto before = upstream.mock->stats().requests();
  wait_for_requests(before + 20);
  BOOST_REQUIRE(wait_until([&] { return seconds() >= 10; })); // As long as the list of faults says.
  machine.heal("head");
  const auto healed = seconds();
  wait_for_nodes(2);
  BOOST_TEST_MESSAGE("it was back " << seconds() - healed << " s after the cable");
  BOOST_REQUIRE(wait_until([&] { return finished_by("far") > 0 || client->has_ended(); }));
  const auto end = end_of_submit(*client);
  check_all(end, 2 * slots);
  const auto refused = number(end.summary, "rate_limited");
  BOOST_TEST(refused * 1000 <= upstream.mock->stats().requests());
}

BOOST_AUTO_TEST_SUITE_END()
