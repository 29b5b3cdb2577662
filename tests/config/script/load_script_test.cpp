#include "config/script/load_script.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace std::chrono_literals;
using config::parse_load_script;
using core::load_arrival;
using core::load_deed;
using core::load_role;
using core::load_shape;

namespace {

constexpr std::string_view whole = R"(name = "all of it"
description = "Everything that a script can say."
seed = 42
model = "m"

[engine]
options = ["--rpm", "600"]

[[processes]]
name = "mock"
role = "mock"
options = ["--rpm", "600"]

[[processes]]
role = "head"

[[processes]]
name = "node"
role = "node"
count = 2

[[processes]]
name = "spare"
role = "node"
start = false

[load]
outstanding_max = 500
timeout = "5s"
at_end = "cancel"
drain = "10s"

[mix]
submit = 1
status = 0.5

[[tenants]]
name = "a"
weight = 2
priority = "interactive"
mode = "sequential"
requests = {shape = "lognormal", median = 10, sigma = 0.5, min = 2, max = 99}
body = "2KiB"
in_flight_max = 7
output_tokens_max = 100

[[tenants]]
name = "b"
requests = 5

[[phases]]
name = "first"
duration = "10s"
arrival = "ramp"
from = 1
to = 9

[[phases]]
duration = 5
arrival = "burst"
size = 100
every = "500ms"
mix = {cancel = 1}

[[actions]]
at = "8s"
do = "kill"
process = "node-2"
for = "2s"

[[actions]]
at = "2s"
do = "faults"
process = "mock"
faults = ["500:p=0.5"]

[[actions]]
at = "3s"
do = "limits"
limits = {rpm = 60}

[[actions]]
at = 0
do = "submit"
tenant = "b"
requests = 1000

[expect]
lost = 3
queue_wait_p99 = "500ms"
share_of_limit = 0.9
share_since = "2s"

[expect.tenants.b]
job_p99 = 1.5
)";

core::load_script read(std::string_view text) {
  auto s = parse_load_script(text, "a.toml");
  BOOST_REQUIRE_MESSAGE(s.has_value(), (s ? "" : s.error().context));
  return *s;
}

/// A valid script with these lines before its phase.
std::string with(std::string_view lines) {
  return std::string{lines} + "\n[[phases]]\nduration = \"1s\"\nrate = 1\n";
}

/// All faults of a text.
std::string faults(const std::string& text) {
  auto s = parse_load_script(text, "a.toml");
  BOOST_REQUIRE_MESSAGE(!s.has_value(), "was accepted: " << text);
  BOOST_TEST((s.error().code == errc::invalid_config));
  return s.error().context;
}

#define REFUSES(text, what)                                                                        \
  do {                                                                                             \
    const auto said = faults(text);                                                                \
    BOOST_TEST(said.find(what) != std::string::npos, "said: " << said);                            \
  } while (false)

} // namespace

BOOST_AUTO_TEST_SUITE(load_script_suite)

BOOST_AUTO_TEST_CASE(everything_that_can_be_said_is_understood) {
  const auto s = read(whole);
  BOOST_TEST(s.name == "all of it");
  BOOST_TEST(s.seed == 42u);
  BOOST_TEST(s.engine_options.size() == 2u);
  BOOST_REQUIRE(s.processes.size() == 5u);
  BOOST_TEST(s.processes[1].name == "head");
  BOOST_TEST(s.processes[3].name == "node-2");
  BOOST_TEST(!s.processes[4].start);
  BOOST_TEST(s.head_process() == &s.processes[1]);
  BOOST_TEST(s.outstanding_max == 500u);
  BOOST_TEST((s.timeout == 5s && s.drain == 10s && s.at_end == core::load_end::cancel));
  BOOST_TEST(s.mix[1] == 0.5);
  const auto& a = s.tenants.at(0);
  BOOST_TEST((a.priority == core::priority::interactive && a.mode == core::mode::sequential));
  BOOST_TEST((a.requests.shape == load_shape::lognormal && a.requests.value == 10 &&
              a.requests.spread == 0.5));
  BOOST_TEST(a.requests.min == 2u);
  BOOST_TEST(a.requests.max == 99u);
  BOOST_TEST(a.body_bytes.value == 2048);
  BOOST_TEST(a.in_flight_max == 7u);
  BOOST_TEST(s.tenants.at(1).requests.value == 5);
  BOOST_TEST((s.phases.at(0).arrival == load_arrival::ramp && s.phases[0].rate_to == 9));
  BOOST_TEST(
    (s.phases.at(1).length == 5s && s.phases[1].every == 500ms && s.phases[1].burst == 100u));
  BOOST_TEST(s.phases[1].name == "phase 2");
  BOOST_TEST((s.phases[1].mix && (*s.phases[1].mix)[2] == 1));
  BOOST_REQUIRE(s.actions.size() == 4u); // Sorted by time.
  BOOST_TEST((s.actions[0].deed == load_deed::submit && s.actions[0].requests == 1000u));
  BOOST_TEST((s.actions[1].deed == load_deed::faults && s.actions[1].faults.size() == 1u));
  BOOST_TEST((s.actions[2].deed == load_deed::limits && s.actions[2].limits.front().second == 60));
  BOOST_TEST((s.actions[3].deed == load_deed::kill && s.actions[3].length == 2s));
  BOOST_TEST((s.share_since == 2s));
}

BOOST_AUTO_TEST_CASE(exactness_is_expected_unless_somebody_says_otherwise) {
  const auto bound = [](const core::load_script& s, std::string_view metric,
                        std::string_view tenant = "") {
    for (auto& e : s.expectations)
      if (e.metric == metric && e.tenant == tenant)
        return e.bound;
    return -1.0;
  };
  const auto plain = read(with(""));
  BOOST_TEST(plain.expectations.size() == 4u);
  BOOST_TEST(bound(plain, "lost") == 0);
  const auto said = read(whole);
  BOOST_TEST(bound(said, "lost") == 3);
  BOOST_TEST(bound(said, "duplicates") == 0);
  BOOST_TEST(bound(said, "queue_wait_p99") == 0.5);
  BOOST_TEST(bound(said, "job_p99", "b") == 1.5);
}

BOOST_AUTO_TEST_CASE(a_script_needs_little) {
  const auto s = read("[[phases]]\nduration = \"1s\"\nrate = 0\n");
  BOOST_TEST(s.name == "a");
  BOOST_TEST(s.tenants.size() == 1u);
  BOOST_TEST(s.tenants[0].requests.min == 1u);
}

BOOST_AUTO_TEST_CASE(faults_name_file_line_and_what_is_allowed) {
  REFUSES(with("[mix]\nsubmitt = 1"), "a.toml:2:");
  REFUSES(with("[mix]\nsubmitt = 1"), "did you mean submit?");
  REFUSES("", "phases must hold at least one");
  REFUSES("[[phases]]\nrate = 1\n", "phases[0].duration is missing");
  REFUSES("[[phases]]\nduration = \"1s\"\n", "phases[0].rate is missing");
  REFUSES("[[phases]]\nduration = \"0s\"\nrate = 1\n", "must be above zero");
  REFUSES("[[phases]]\nduration = \"soon\"\nrate = 1\n", "must be a time span");
  REFUSES("[[phases]]\nduration = \"1s\"\narrival = \"bursts\"\n", "did you mean burst?");
  REFUSES("[[phases]]\nduration = \"1s\"\narrival = \"burst\"\nsize = 3\n",
          "phases[0].every is missing");
  REFUSES("[[phases]]\nduration = \"1s\"\narrival = \"ramp\"\nfrom = 3\n",
          "phases[0].to is missing");
  REFUSES("[[phases]]\nduration = \"1s\"\nrate = -1\n", "must be a number from 0 to");
  REFUSES("[[phases]]\nduration = \"1s\"\nrate = nan\n", "must be a number from 0 to");
  REFUSES("phases = 3\n", "write [[phases]]");
  REFUSES(with("[engine]\nhead = \"nowhere\""), "must be HOST:PORT");
  REFUSES(with("[engine]\nmock = \"localhost\""), "must be the origin");
  REFUSES(with("[load]\ntimeout = \"1ms\""), "at least 100 ms");
  REFUSES(with("seed = -1"), "seed must be an integer");
  REFUSES(with("surprise = 1"), "is no key of a load script");
  REFUSES("not = toml = at all", "not TOML");
}

BOOST_AUTO_TEST_CASE(sizes_are_checked) {
  const auto tenant = [](const std::string& size) {
    return with("[[tenants]]\nname = \"t\"\nrequests = " + size);
  };
  REFUSES(tenant("0"), "must be a size from 1");
  REFUSES(tenant("\"many\""), "must be a size from 1");
  REFUSES(tenant("{min = 1, max = 3}"), "tenants[0].requests.shape is missing");
  REFUSES(tenant("{shape = \"zipf\", max = 3}"), "exponent is missing");
  REFUSES(tenant("{shape = \"zipf\", exponent = 0, max = 3}"), "must be a number from 0.01");
  REFUSES(tenant("{shape = \"uniform\", min = 1}"), "max is missing");
  REFUSES(tenant("{shape = \"uniform\", min = 5, max = 3}"), "is below min");
  REFUSES(tenant("{shape = \"normal\", mean = 3}"), "deviation is missing");
  REFUSES(tenant("{shape = \"lognormal\", median = 3, sigma = 1, mode = 3}"),
          "is no key of a size");
}

BOOST_AUTO_TEST_CASE(tenants_are_checked) {
  REFUSES(with("[[tenants]]\nweight = 1"), "tenants[0].name must be");
  REFUSES(with("[[tenants]]\nname = \"t\"\n[[tenants]]\nname = \"t\""),
          "is an earlier tenant, too");
  REFUSES(with("[[tenants]]\nname = \"t\"\nweight = 0"), "need a weight above 0");
  REFUSES(with("[[tenants]]\nname = \"t\"\npriority = \"high\""),
          "must be one of interactive, normal, bulk");
  REFUSES(with("[mix]\nstatus = 0"), "needs a weight above 0");
}

BOOST_AUTO_TEST_CASE(processes_are_checked) {
  REFUSES(with("[[processes]]\nname = \"x\""), "processes[0].role is missing");
  REFUSES(with("[[processes]]\nrole = \"boss\""), "must be one of mock, head, node");
  REFUSES(with("[[processes]]\nrole = \"head\"\n[[processes]]\nrole = \"head\"\nname = \"h2\""),
          "a cluster has one");
  REFUSES(with("[[processes]]\nrole = \"head\"\nname = \"../x\""), "without a slash");
  REFUSES(with("[[processes]]\nrole = \"mock\"\n[[processes]]\nrole = \"mock\""),
          "an earlier process, too");
  REFUSES(with("[[processes]]\nrole = \"node\""), "nodes need a head");
  REFUSES(with("[[processes]]\nrole = \"head\"\noptions = [\"--listen\", \"0.0.0.0:1\"]"),
          "must not hold --listen");
  REFUSES(with("[[processes]]\nrole = \"head\"\noptions = [\"--listen=0.0.0.0:1\"]"),
          "must not hold --listen");
  REFUSES(with("[[processes]]\nrole = \"head\"\nstart = false"), "must start before the load");
  REFUSES(with("[engine]\nhead = \"127.0.0.1:1\"\n[[processes]]\nrole = \"head\""),
          "names one that runs already");
  // Nodes may join a head on another machine.
  BOOST_TEST(read(with("[engine]\nhead = \"127.0.0.1:1\"\n[[processes]]\nrole = \"node\""))
               .processes.size() == 1u);
}

BOOST_AUTO_TEST_CASE(actions_are_checked) {
  const auto action = [](const std::string& lines) {
    return with("[[processes]]\nrole = \"mock\"\n[[processes]]\nrole = \"head\"\n[[actions]]\n" +
                lines);
  };
  REFUSES(action("do = \"kill\"\nprocess = \"head\""), "actions[0].at is missing");
  REFUSES(action("at = 1"), "actions[0].do is missing");
  REFUSES(action("at = 1\ndo = \"explode\""), "must be one of start, stop, kill");
  REFUSES(action("at = 1\ndo = \"kill\""), "whom shall it happen to");
  REFUSES(action("at = 1\ndo = \"kill\"\nprocess = \"heed\""), "did you mean head?");
  REFUSES(action("at = 1\ndo = \"resume\"\nprocess = \"head\"\nfor = \"1s\""),
          "is no key of the action \"resume\"");
  REFUSES(action("at = 1\ndo = \"faults\""), "faults is missing");
  REFUSES(action("at = 1\ndo = \"limits\"\nlimits = {rpms = 1}"), "did you mean rpm?");
  REFUSES(action("at = 1\ndo = \"limits\"\nprocess = \"head\"\nlimits = {rpm = 1}"),
          "must be a mock");
  REFUSES(action("at = 1\ndo = \"submit\""), "requests is missing");
  REFUSES(action("at = 1\ndo = \"submit\"\nrequests = 5\ntenant = \"x\""),
          "is none of the script's");
}

BOOST_AUTO_TEST_CASE(expectations_are_checked) {
  REFUSES(with("[expect]\nqueue_wait_p98 = 1"), "did you mean queue_wait_p9");
  REFUSES(with("[expect]\nfairness = 95"), "must be a number from 0 to 1");
  REFUSES(with("[expect]\nsubmit_p99 = \"fast\""), "must be a time span");
  REFUSES(with("[expect.tenants.nobody]\njob_p99 = 1"), "is none of the script's");
  REFUSES(with("[expect.tenants.default]\nsubmit_p99 = 1"), "is not measured per tenant");
}

BOOST_AUTO_TEST_CASE(all_faults_come_together) {
  const auto said = faults("seed = \"x\"\n[mix]\nfoo = 1\n[[phases]]\nduration = 0\n");
  BOOST_TEST(std::count(said.begin(), said.end(), '\n') >= 4);
}

BOOST_AUTO_TEST_CASE(torn_scripts_are_refused_not_crashed_on) {
  std::mt19937 random{5};
  for (int round = 0; round < 400; ++round) {
    std::string text{whole};
    for (int i = 0; i < 3; ++i) {
      const auto at = random() % text.size();
      if (random() % 2)
        text.erase(at, random() % 20);
      else
        text[at] = static_cast<char>(random() % 96 + 32);
    }
    (void)parse_load_script(text, "torn.toml");
  }
}

BOOST_AUTO_TEST_CASE(the_scripts_that_come_along_are_valid) {
  for (auto name : {"smoke", "steady", "burst", "fairness", "failover", "soak"}) {
    auto s =
      config::read_load_script(std::string{PENSTOCK_SOURCE_DIR} + "/config/load/" + name + ".toml");
    BOOST_TEST(s.has_value(), (s ? "" : s.error().context));
    if (s)
      BOOST_TEST(s->name == name);
  }
  BOOST_TEST(!config::read_load_script("/nowhere.toml").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
