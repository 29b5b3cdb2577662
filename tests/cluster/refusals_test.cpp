#include "actors/peer/version_gate.hpp"
#include "actors/host/host.hpp"
#include "tests/support/cluster_fixture.hpp"
#include "tests/support/process_memory.hpp"
#include "tests/support/test_certs.hpp"

#include <caf/all.hpp>

#include <csignal>
#include <fstream>
#include <random>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

constexpr uint32_t slots = 16;

struct fixture : cluster_fixture {
  fixture() : cluster_fixture(mock_of("50ms")) {}

  uint16_t port() const {
    return static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }

  /// Runs a job to its end, while other things happen.
  void check_serves(size_t lines = 50) {
    write_input(lines);
    const auto client = submit({"--restart"});
    check_results_of(*client);
  }
  void check_results_of(process& client) {
    const auto end = end_of_submit(client);
    BOOST_TEST_REQUIRE(end.code == 0, end.err << head->err());
    check(end);
  }

  /// `penstock serve` with these options ends at once with a usage error that says `why`.
  void check_refuses(words options, const std::string& why) {
    options.insert(options.begin(), {"serve", "--store", dir / "never.db", "--upstream", "null"});
    const auto end = run_to_end(bare_command(std::move(options)));
    BOOST_TEST(end.code == 2, end.err);
    BOOST_TEST(end.err.find(why) != std::string::npos, end.err);
    BOOST_TEST(end.out.empty());
    BOOST_TEST(!std::filesystem::exists(dir / "never.db"));
  }
};

/// A head that speaks another version of the protocol.
struct strange_head {
  explicit strange_head(bool says_welcome) : config{settings}, sys{config} {
    gate = sys.spawn([=]() -> version_gate_actor::behavior_type {
      return {[=](atom::hello, const peer_hello&) -> caf::result<peer_welcome> {
        if (says_welcome)
          return peer_welcome{77, "7.0.0", {}};
        return caf::make_error(caf::sec::runtime_error);
      }};
    });
    settings.listen = "127.0.0.1:0";
    auto p = actors::publish(sys, settings, gate);
    BOOST_REQUIRE(p);
    port = *p;
  }
  ~strange_head() { caf::anon_send_exit(gate, caf::exit_reason::kill); }

  config::cluster_settings settings;
  actors::cluster_config config;
  caf::actor_system sys;
  version_gate_actor gate;
  uint16_t port = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(refusals, fixture)

// C8
BOOST_AUTO_TEST_CASE(a_node_ends_where_the_head_speaks_another_version) {
  const strange_head other{true};
  address = "127.0.0.1:" + std::to_string(other.port);
  start_node("n1", slots);
  BOOST_TEST(node("n1").wait() == 2);
  BOOST_TEST(node("n1").err().find("speaks protocol 77") != std::string::npos, node("n1").err());
  BOOST_TEST(node("n1").err().find("we speak " + std::to_string(cluster_protocol)) !=
               std::string::npos,
             node("n1").err());
}

BOOST_AUTO_TEST_CASE(a_node_with_other_lanes_is_refused_on_both_sides) {
  start_head();
  write_file(dir / "lanes.toml", "[[upstream.lanes]]\nname = \"big\"\nmodels = [\"big-*\"]\n");
  start_node("odd", slots, {"--config", dir / "lanes.toml"});
  BOOST_TEST(node("odd").wait() == 2);
  BOOST_TEST(node("odd").err().find("big") != std::string::npos, node("odd").err());
  BOOST_TEST(head->says("node odd refused: "));
  start_node("n1", slots);
  check_serves();
}

// C8
BOOST_AUTO_TEST_CASE(strangers_at_the_port_do_not_disturb_a_running_job) {
  start_head();
  start_node("n1", slots);
  wait_for_nodes(1);
  const auto memory = resident_mb(head->pid());
  const auto files = open_file_count(head->pid());
  write_input(rounds(1500, 500));
  const auto client = submit();
  std::mt19937 random{4711};
  std::vector<std::unique_ptr<raw_client>> silent;
  const auto strange = [&](size_t i) {
    auto c = std::make_unique<raw_client>(port());
    std::string bytes(random() % 300, '\0');
    for (auto& b : bytes)
      b = static_cast<char>(random());
    switch (i % 4) {
    case 0: break; // A port scanner; or half-open, if it stays.
    case 1: c->send(bytes); break;
    case 2: c->send("GET / HTTP/1.1\r\n\r\n"); break;
    case 3: c->send(std::string("\1\0\0\0\xff\xff\xff\xff", 8) + std::string(24, '\0')); break;
    }
    return c;
  };
  for (size_t i = 0; i < 400; ++i)
    strange(i);
  for (size_t i = 0; i < 1000; ++i)
    silent.push_back(strange(0));
  check_results_of(*client);
  for (auto& c : silent)
    BOOST_TEST((c->read_all(patience) != read_end::timeout));
  silent.clear();
  BOOST_TEST(head->says("refused a connection from 127.0.0.1:"));
  BOOST_TEST(resident_mb(head->pid()) < memory + (is_sanitized() ? 800 : 150));
  BOOST_REQUIRE(wait_until([&] { return open_file_count(head->pid()) <= files + 8; }));
  BOOST_TEST(!node("n1").has_ended());
  BOOST_TEST(head->err().find("lost") == std::string::npos, head->err());
}

// C8
BOOST_AUTO_TEST_CASE(with_certificates_a_cluster_works_and_strangers_stay_outside) {
  const test_certs ours{{"head", "node", "client"}}, others;
  as_client = ours.with({}, "client");
  start_head(ours.options("head"));
  start_node("n1", slots, ours.options("node"));
  wait_for_nodes(1);
  start_node("foreign", slots, others.options("node"));
  start_node("bare", slots);
  BOOST_TEST(node("foreign").says("certificate verify failed"));
  BOOST_TEST(node("bare").says("no head answers"));
  BOOST_TEST(head->says("TLS: "));
  everywhere = ours.options("client");
  check_serves(300);
  wait_for_nodes(1);
  BOOST_TEST(!node("bare").has_ended()); // It may work later.
}

BOOST_AUTO_TEST_CASE(a_host_program_joins_with_certificates_only) {
  const test_certs ours{{"head", "program"}}, others{{"program"}};
  start_head(ours.options("head"));
  auto settings = ours.with({}, "program");
  settings.head = address;
  const auto host = host::connect(settings);
  BOOST_REQUIRE_MESSAGE(host, (host ? "" : host.error().context));
  auto job = host->submit({core::make_request("a", mock_fixture::chat("question"))});
  BOOST_REQUIRE_MESSAGE(job, (job ? "" : job.error().context));
  BOOST_TEST(host->find(job->id()).has_value());
  for (auto wrong : {others.with({}, "program"), config::cluster_settings{}}) {
    wrong.head = address;
    const auto stranger = host::connect(wrong);
    BOOST_REQUIRE(!stranger);
    BOOST_TEST((stranger.error().code == errc::connection_failed));
  }
  BOOST_TEST(job->cancel().value());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_certificates_is_said_at_the_start) {
  const test_certs ours, others;
  const auto with = [&](const std::string& cert, const std::string& key, const std::string& ca) {
    return words{"--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--tls-ca", ca};
  };
  const auto cert = ours.dir / "head.pem", key = ours.dir / "head.key", ca = ours.dir / "ca.pem";
  check_refuses({"--listen", "0.0.0.0:0"}, "config/make-certs.sh");
  check_refuses({"--listen", "127.0.0.1:0", "--tls-cert", cert}, "cluster.tls_key is missing");
  check_refuses(with(cert, key, dir / "none.pem"), "none.pem\": No such file");
  check_refuses(with(cert, others.dir / "head.key", ca), "is not the key of the certificate");
  check_refuses(with(cert, key, others.dir / "ca.pem"), "does not stand for it");
  check_refuses(with(key, key, ca), "is no certificate");
  check_refuses(with(cert, ca, ca), "is no private key");
}

BOOST_AUTO_TEST_CASE(a_node_keeps_to_this_machine_without_certificates) {
  address = "192.0.2.1:7117";
  start_node("n1", slots);
  BOOST_TEST(node("n1").wait() == 2);
  BOOST_TEST(node("n1").err().find("config/make-certs.sh") != std::string::npos, node("n1").err());
}

BOOST_AUTO_TEST_SUITE_END()
