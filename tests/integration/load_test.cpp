#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

using namespace penstock::test;
namespace json = boost::json;

namespace {

using words = std::vector<std::string>;

/// `penstock load` in a new directory.
struct load_fixture {
  temp_dir dir;
  std::string report = dir / "report.json";

  command load(words args) const {
    command c;
    c.args = {PENSTOCK_PROGRAM, "load"};
    c.args.insert(c.args.end(), args.begin(), args.end());
    return c;
  }
  static std::string script(const std::string& name) {
    return PENSTOCK_SOURCE_DIR "/config/load/" + name + ".toml";
  }
  /// Writes a script. @returns its name.
  std::string write(std::string_view text) const {
    write_file(dir / "a.toml", text);
    return dir / "a.toml";
  }

  /// Runs a load that ends with a report.
  json::object run(words args, std::set<int> codes = {0, 1}) {
    args.insert(args.end(), {"--json", report});
    end = run_to_end(load(std::move(args)), 5 * patience);
    BOOST_REQUIRE_MESSAGE(codes.contains(end.code), end.code << ": " << end.err << end.out);
    boost::system::error_code ec;
    auto value = json::parse(read_file(report), ec);
    BOOST_REQUIRE_MESSAGE(!ec && value.is_object(), end.err << end.out);
    return value.get_object();
  }

  /// Missed expectations, without those about time, because the machine may be busy.
  static std::set<std::string> missed(const json::object& report) {
    std::set<std::string> names;
    for (auto& v : report.at("expectations").as_array()) {
      const std::string name{v.at("metric").as_string()};
      const bool time = name.find("_p") != std::string::npos || name.ends_with("_max");
      if (!v.at("met").as_bool() && !time)
        names.insert(name);
    }
    return names;
  }
  static int64_t number(const json::object& o, std::string_view name) {
    return o.at(name).to_number<int64_t>();
  }
  static int64_t arrived(const json::object& report, std::string_view kind) {
    return number(report.at("messages").at(kind).as_object(), "arrived");
  }
  void check_exact(const json::object& r) const {
    BOOST_TEST_CONTEXT(end.out << end.err) {
      for (auto name : {"lost", "duplicates", "order_violations", "processes_died"})
        BOOST_TEST(number(r, name) == 0, name);
      auto& all = r.at("requests").as_object();
      BOOST_TEST(number(all, "requests") == number(all, "completed") + number(all, "failed") +
                                              number(all, "cancelled") + number(all, "expired"));
    }
  }

  finished end;
};

/// The port of a process that wrote "listening on ..." to this file; 0: not written yet.
uint16_t port_in(const std::string& log) {
  const auto text = read_file(log);
  const auto line = text.find('\n');
  const auto colon = text.substr(0, line).rfind(':');
  return line == std::string::npos || colon == std::string::npos
           ? 0
           : static_cast<uint16_t>(std::atoi(text.c_str() + colon + 1));
}

bool listens(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool open = ::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  ::close(fd);
  return open;
}

constexpr std::string_view with_mock = R"(
[[processes]]
role = "mock"
options = ["--latency", "50ms"]
[[tenants]]
name = "t"
requests = 4
[[phases]]
duration = "60s"
rate = 20
[[actions]] # Says on standard error that the load runs.
at = "500ms"
do = "submit"
requests = 5
)";

} // namespace

BOOST_FIXTURE_TEST_SUITE(load_suite, load_fixture)

BOOST_AUTO_TEST_CASE(smoke_meets_its_expectations_and_reports_in_three_ways) {
  const auto page = dir / "page.html";
  const auto r = run({script("smoke"), "--seconds", "3", "--html", page});
  check_exact(r);
  BOOST_TEST(missed(r).empty(), end.out);
  BOOST_TEST(arrived(r, "submit") > 10);
  BOOST_TEST(arrived(r, "status") > 10);
  BOOST_TEST(!r.at("series").as_array().empty());
  BOOST_TEST(end.out.find("p99.9") != std::string::npos);
  const auto html = read_file(page);
  BOOST_TEST(html.ends_with("</html>\n"));
  BOOST_TEST(html.find("<svg") != std::string::npos);
  for (auto foreign :
       {"<script", "http://", "https://", "src=", "@import", "url("}) // It stands alone.
    BOOST_TEST(html.find(foreign) == std::string::npos, foreign);
}

BOOST_AUTO_TEST_CASE(the_same_seed_sends_the_same_and_another_one_does_not) {
  const auto submitted = [](const json::object& r) {
    return number(r.at("requests").as_object(), "requests");
  };
  const auto first = run({script("smoke"), "--seconds", "2", "--seed", "9"});
  const auto again = run({script("smoke"), "--seconds", "2", "--seed", "9"});
  const auto other = run({script("smoke"), "--seconds", "2", "--seed", "10"});
  for (auto kind : {"submit", "status", "cancel", "results", "subscribe"})
    BOOST_TEST(arrived(first, kind) == arrived(again, kind));
  BOOST_TEST(submitted(first) == submitted(again));
  BOOST_TEST(submitted(first) != submitted(other));
}

BOOST_AUTO_TEST_CASE(a_giant_does_not_delay_small_jobs) {
  const auto r = run({script("fairness"), "--seconds", "6"});
  check_exact(r);
  BOOST_TEST(missed(r).empty(), end.out);
  auto& tenants = r.at("tenants").as_object();
  BOOST_TEST(number(tenants.at("giant").as_object(), "requests") == 100'000);
  BOOST_TEST(number(tenants.at("giant").as_object(), "cancelled") >
             0); // It was still busy with them.
  BOOST_TEST(number(tenants.at("small").as_object(), "completed") ==
             number(tenants.at("small").as_object(), "requests"));
}

BOOST_AUTO_TEST_CASE(a_cluster_that_loses_nodes_and_its_head_loses_nothing) {
  const auto logs = dir / "logs";
  const auto r = run({script("failover"), "--duration-scale", "0.35", "--keep", logs});
  check_exact(r);
  BOOST_TEST(missed(r).empty(), end.out);
  BOOST_TEST(r.at("marks").as_array().size() == 9u); // Three phases, three faults and their ends.
  for (auto& mark : r.at("marks").as_array())
    BOOST_TEST(mark.at("text").as_string().find("failed") == std::string::npos, mark);
  for (auto name : {"mock.log", "head.2.log", "node-1.2.log", "node-2.log", "node-3.log"})
    BOOST_TEST(std::filesystem::exists(logs + "/" + name), name);
}

BOOST_AUTO_TEST_CASE(a_head_that_runs_already_is_loaded_by_address) {
  command serve;
  serve.args = {PENSTOCK_PROGRAM, "serve",         "--listen",   "127.0.0.1:0",
                "--store",        dir / "head.db", "--upstream", "mock"};
  process head{serve};
  BOOST_REQUIRE(
    wait_until([&] { return head.out().find('\n') != std::string::npos || head.has_ended(); }));
  const auto line = head.out().substr(0, head.out().find('\n'));
  const auto address = line.substr(line.rfind(' ') + 1);
  const auto r = run({script("smoke"), "--seconds", "2", "--head", address});
  check_exact(r);
  BOOST_TEST(r.at("engine").as_string().find(address) != std::string::npos);
  head.signal(SIGTERM);
  BOOST_TEST(head.wait() == 0);
}

BOOST_AUTO_TEST_CASE(faults_and_limits_are_switched_while_it_runs) {
  const auto r = run({write(R"(
[[processes]]
role = "mock"
[[phases]]
duration = "3s"
rate = 20
[[actions]]
at = "1s"
do = "faults"
faults = ["400"]
for = "1s"
[[actions]]
at = "2500ms"
do = "limits"
limits = {rpm = 100000}
)")});
  check_exact(r);
  auto& all = r.at("requests").as_object();
  BOOST_TEST(number(all, "failed") > 0);
  BOOST_TEST(number(all, "completed") > 0);
  BOOST_TEST(r.at("marks").as_array().size() == 4u); // A phase, faults, none, limits.
}

BOOST_AUTO_TEST_CASE(a_missed_expectation_is_told_and_ends_with_1) {
  const auto r =
    run({write("[[phases]]\nduration = \"1s\"\nrate = 5\n[expect]\nthroughput = 1000000\n")}, {1});
  BOOST_TEST(missed(r) == std::set<std::string>{"throughput"});
  BOOST_TEST(end.out.find("FAILED      throughput >= 1000000/s: ") != std::string::npos, end.out);
}

BOOST_AUTO_TEST_CASE(check_starts_nothing) {
  const auto name = write(std::string{with_mock});
  const auto f =
    run_to_end(load({"--check", name, "--duration-scale", "0.5", "--keep", dir / "kept"}));
  BOOST_TEST(f.code == 0);
  BOOST_TEST(f.out.find("600 messages, 601 jobs, 2,405 requests") != std::string::npos, f.out);
  BOOST_TEST(!std::filesystem::exists(dir / "kept"));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_said_before_anything_starts) {
  const auto refuses = [&](words args, std::string_view what) {
    const auto f = run_to_end(load(std::move(args)));
    BOOST_TEST(f.code == 2, f.err);
    BOOST_TEST(f.err.find(what) != std::string::npos, f.err);
  };
  const auto phase = std::string{"[[phases]]\nduration = \"1s\"\nrate = 1\n"};
  refuses({}, "which script?");
  refuses({"a", "b"}, "one SCRIPT");
  refuses({dir / "nothing.toml"}, "is not there");
  refuses({write(phase + "[mix]\nfoo = 1\n")}, "a.toml:5:");
  refuses({write(phase + "[engine]\noptions = [\"--rpm\", \"many\"]\n")}, "engine.options");
  refuses({write(phase + "[engine]\noptions = [\"--rpm\", \"many\"]\n"), "--check"},
          "engine.options");
  refuses({write(phase), "--duration-scale", "0"}, "--duration-scale");
  refuses({write(phase), "--seconds", "5", "--duration-scale", "1"}, "choose one");
  refuses({write(phase), "--head", "nowhere"}, "HOST:PORT");
  refuses({write(phase + "[[processes]]\nrole = \"mock\"\n"), "--head", "127.0.0.1:1"},
          "processes of its own");
  refuses({write(phase + "[[processes]]\nrole = \"head\"\n")}, "has no upstream");
}

BOOST_AUTO_TEST_CASE(a_process_that_cannot_start_says_why) {
  const auto f =
    run_to_end(load({write("[[processes]]\nrole = \"mock\"\noptions = [\"--nonsense\"]\n"
                           "[[phases]]\nduration = \"1s\"\nrate = 1\n")}));
  BOOST_TEST(f.code == 3);
  BOOST_TEST(f.err.find("mock ended before it listened") != std::string::npos, f.err);
  BOOST_TEST(f.err.find("--nonsense") != std::string::npos, f.err);
}

BOOST_AUTO_TEST_CASE(configuration_outside_of_the_script_has_no_say) {
  auto c = load({"--check", write("[[phases]]\nduration = \"1s\"\nrate = 1\n")});
  c.env = {"PENSTOCK_RPM=many", "PENSTOCK_CONFIG=/nowhere.toml"};
  BOOST_TEST(run_to_end(c).code == 0);
}

BOOST_AUTO_TEST_CASE(an_interrupted_load_still_reports_and_leaves_nobody_behind) {
  process p{load({write(with_mock), "--keep", dir / "logs", "--json", report})};
  const auto log = (dir / "logs") + "/mock.log";
  BOOST_REQUIRE(wait_until([&] { return std::filesystem::exists(log) && port_in(log) != 0; }));
  const auto port = port_in(log);
  BOOST_REQUIRE(p.says("submit 5 requests"));
  p.signal(SIGINT);
  BOOST_TEST(p.wait() == 130, p.err());
  BOOST_TEST(p.out().find("(interrupted)") != std::string::npos, p.out());
  const auto r = json::parse(read_file(report)).as_object();
  check_exact(r);
  BOOST_TEST(r.at("interrupted").as_bool());
  BOOST_TEST(!listens(port));
}

BOOST_AUTO_TEST_CASE(processes_die_with_a_load_that_is_killed) {
  process p{load({write(with_mock), "--keep", dir / "logs"})};
  const auto log = (dir / "logs") + "/mock.log";
  BOOST_REQUIRE(wait_until([&] { return std::filesystem::exists(log) && port_in(log) != 0; }));
  const auto port = port_in(log);
  BOOST_TEST(listens(port));
  p.signal(SIGKILL);
  BOOST_TEST(p.wait() == -SIGKILL);
  BOOST_TEST(wait_until([&] { return !listens(port); }));
}

BOOST_AUTO_TEST_CASE(a_process_that_dies_by_itself_is_a_miss) {
  process p{load({write(with_mock), "--keep", dir / "logs", "--seconds", "4", "--json", report})};
  const auto log = (dir / "logs") + "/mock.log";
  BOOST_REQUIRE(wait_until([&] { return std::filesystem::exists(log) && port_in(log) != 0; }));
  BOOST_REQUIRE(p.says("submit 5 requests"));
  const auto children =
    "/proc/" + std::to_string(p.pid()) + "/task/" + std::to_string(p.pid()) + "/children";
  pid_t child = 0;
  BOOST_REQUIRE(wait_until([&] { return (child = std::atoi(read_file(children).c_str())) > 0; }));
  ::kill(child, SIGKILL);
  BOOST_TEST(p.wait(5 * patience) == 1, p.err());
  const auto r = json::parse(read_file(report)).as_object();
  BOOST_TEST(number(r, "processes_died") == 1);
  BOOST_TEST(p.err().find("mock ended by itself") != std::string::npos, p.err());
}

BOOST_AUTO_TEST_SUITE_END()
