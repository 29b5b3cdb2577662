#define BOOST_TEST_MODULE peer_link

#include "tests/support/peer_fixture.hpp"
#include "tests/support/process_memory.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_certs.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <atomic>
#include <random>
#include <thread>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

/// A slow connection to a head: so many bytes per second towards it.
class slow_line {
public:
  slow_line(uint16_t head, size_t bytes_per_second) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    BOOST_REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&a), size) == 0);
    BOOST_REQUIRE(::listen(listener_, 1) == 0);
    BOOST_REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&a), &size) == 0);
    port = ntohs(a.sin_port);
    a.sin_port = htons(head);
    thread_ = std::thread{[=, this] { pump(a, bytes_per_second / 50); }};
  }
  ~slow_line() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }
  uint16_t port = 0;

private:
  /// Sends fifty times a second, so that the bytes of a long message come slowly.
  void pump(sockaddr_in head, size_t at_once) {
    pollfd wait{listener_, POLLIN, 0};
    while (!stop_ && ::poll(&wait, 1, 20) == 0)
      ;
    const int near = ::accept(listener_, nullptr, nullptr), far = ::socket(AF_INET, SOCK_STREAM, 0);
    const int small = 1 << 16; // Large buffers would hide the slowness.
    ::setsockopt(near, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    bool open = near >= 0 && ::connect(far, reinterpret_cast<sockaddr*>(&head), sizeof head) == 0;
    std::vector<char> bytes(at_once);
    const auto move = [&](int from, int to) {
      const auto n = ::recv(from, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (n == 0 || (n > 0 && ::send(to, bytes.data(), static_cast<size_t>(n), MSG_NOSIGNAL) != n))
        open = false;
    };
    while (open && !stop_) {
      move(near, far);
      move(far, near);
      std::this_thread::sleep_for(20ms);
    }
    ::close(near);
    ::close(far);
  }

  int listener_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_client_gets_through_the_version_gate) {
  head h{at("127.0.0.1:0")};
  check_serves(at(h.address()));
  BOOST_TEST(h.says("client test (penstock "));
}

BOOST_AUTO_TEST_CASE(another_protocol_is_refused_with_both_versions) {
  head h{at("127.0.0.1:0")};
  client c{at(h.address())};
  auto engine = c.connect();
  BOOST_REQUIRE(engine);
  caf::scoped_actor self{c.sys, true};
  auto gate = c.sys.middleman().remote_actor<version_gate_actor>("127.0.0.1", h.port);
  BOOST_REQUIRE(gate);
  self->request(*gate, patience, atom::hello_v, peer_hello{77, "9.9\n\x1b[31m", "node", "late"})
    .receive([](const peer_welcome&) { BOOST_ERROR("welcome"); },
             [](const caf::error& e) {
               BOOST_TEST(e.code() == static_cast<uint8_t>(errc::incompatible));
               BOOST_TEST(caf::to_string(e.context())
                            .find("speaks protocol " + std::to_string(cluster_protocol) +
                                  " (penstock ") != std::string::npos);
             });
  BOOST_TEST(
    h.says("refused node late (penstock 9.9 [31m): it speaks protocol 77, this head speaks " +
           std::to_string(cluster_protocol)));
}

BOOST_AUTO_TEST_CASE(nobody_there_is_said_at_once) {
  uint16_t port = 0;
  {
    head h{at("127.0.0.1:0")};
    port = h.port;
  }
  client c{at("127.0.0.1:" + std::to_string(port))};
  auto engine = c.connect();
  BOOST_REQUIRE(!engine);
  BOOST_TEST((engine.error().code == errc::connection_failed));
  BOOST_TEST(engine.error().context.find("Connection refused") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_certificates_only_this_machine) {
  client c{at("10.1.2.3:7117")};
  auto engine = c.connect();
  BOOST_REQUIRE(!engine);
  BOOST_TEST((engine.error().code == errc::invalid_config));
  BOOST_TEST(engine.error().context.find("make-certs.sh") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(garbage_is_refused_and_does_no_harm) {
  head h{at("127.0.0.1:0")};
  const auto files = open_file_count();
  for (const std::string& bytes :
       {std::string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n0123456789"}, std::string(100'000, '\xff'),
        header(0, 10) + std::string(10, 'x'), header(4, 0), header(1, 0)}) {
    raw_client c{h.port};
    c.send(bytes);
    const auto end = c.read_all(patience);
    BOOST_TEST((end == read_end::fin || end == read_end::reset));
  }
  BOOST_TEST(h.says("it speaks another protocol"));
  check_serves(at(h.address()));
  BOOST_TEST(open_file_count() <= files + 2);
}

BOOST_AUTO_TEST_CASE(a_length_out_of_all_measure_is_refused_before_there_is_room_for_it) {
  head h{at("127.0.0.1:0")};
  const auto before = resident_mb();
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int i = 0; i < 20; ++i) {
    auto& c = clients.emplace_back(std::make_unique<raw_client>(h.port));
    c->send(header(1, 0xfffffff0u));
    const auto end = c->read_all(patience);
    BOOST_TEST((end == read_end::fin || end == read_end::reset));
  }
  BOOST_TEST(h.says("a message of 4294967280 bytes, where 65536 are allowed"));
  BOOST_TEST(resident_mb() < before + 200);
  check_serves(at(h.address()));
}

BOOST_AUTO_TEST_CASE(handshakes_that_lie_are_refused) {
  head h{at("127.0.0.1:0")};
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  for (int i = 0; i < 300; ++i) {
    const auto length = static_cast<uint32_t>(random() % 200);
    std::string body(length, '\0');
    for (auto& b : body) // Lengths inside tend to be huge this way, or small.
      b = static_cast<char>(random() % 3 == 0 ? 0xff : random() % 8);
    raw_client c{h.port};
    c.send(header(1, length) + body);
    // Bytes that happen to be a handshake count as a process that sends nothing more. The next
    // connections must work.
    c.read_until([](std::string_view) { return false; }, 20ms);
  }
  check_serves(at(h.address()));
}

BOOST_AUTO_TEST_CASE(a_thousand_silent_connections_leave_room_for_others) {
  auto settings = at("127.0.0.1:0");
  settings.heartbeat = 100ms;
  settings.lost_after = 1s;
  head h{settings};
  const auto files = open_file_count();
  std::vector<std::unique_ptr<raw_client>> silent;
  for (int i = 0; i < 1000; ++i)
    silent.push_back(std::make_unique<raw_client>(h.port));
  settings.head = h.address();
  check_serves(settings);
  // All of them are closed: the first because of later ones, the last after the timeout.
  for (auto& c : silent)
    BOOST_TEST((c->read_all(patience) != read_end::timeout));
  BOOST_TEST(h.says("it said nothing"));
  silent.clear();
  check_serves(settings);
  BOOST_TEST(open_file_count() <= files + 2);
  BOOST_TEST(std::count(h.lines.begin(), h.lines.end(), '\n') < 200);
}

BOOST_AUTO_TEST_CASE(a_long_message_on_a_slow_line_is_a_sign_of_life) {
  auto settings = at("127.0.0.1:0");
  settings.lost_after = 2s; // Together with the heartbeats: 3 s.
  head h{settings};
  constexpr size_t bytes_per_second = 2 << 20;
  slow_line line{h.port, bytes_per_second};
  settings.head = "127.0.0.1:" + std::to_string(line.port);
  client c{settings};
  auto engine = c.connect();
  BOOST_REQUIRE(engine);
  core::request big;
  big.body = core::make_payload(std::string(8 * bytes_per_second, 'x'));
  submission job;
  job.requests.push_back(make_shared_value(std::move(big)));
  const auto begun = std::chrono::steady_clock::now();
  caf::scoped_actor self{c.sys, true};
  self->request(*engine, patience, atom::submit_v, job)
    .receive([](const job_ticket&) {}, [&](const caf::error& e) { BOOST_ERROR(c.sys.render(e)); });
  BOOST_TEST((std::chrono::steady_clock::now() - begun > 3s)); // Else the case proves nothing.
}

BOOST_AUTO_TEST_CASE(tls_lets_certificates_of_its_ca_in_and_nobody_else) {
  test_certs ours, others;
  head h{ours.with(at("127.0.0.1:0"), "head")};
  check_serves(ours.with(at(h.address()), "node"));
  // A certificate of another CA: both sides refuse.
  auto foreign = others.with(at(h.address()), "node");
  {
    client c{foreign};
    auto engine = c.connect();
    BOOST_REQUIRE(!engine);
    BOOST_TEST((engine.error().code == errc::connection_failed));
    BOOST_TEST(engine.error().context.find("certificate verify failed") != std::string::npos,
               engine.error().context);
  }
  // It trusts us; we do not trust it.
  foreign.tls_ca = ours.dir / "ca.pem";
  {
    client c{foreign};
    BOOST_TEST(!c.connect()); // Its files do not belong together.
    auto patched = others.dir / "both.pem";
    write_file(patched, read_file(ours.dir / "ca.pem") + read_file(others.dir / "ca.pem"));
    foreign.tls_ca = patched;
    client d{foreign};
    auto engine = d.connect();
    BOOST_REQUIRE(!engine);
    BOOST_TEST((engine.error().code == errc::connection_failed));
  }
  BOOST_TEST(h.says("TLS: certificate verify failed"));
  // A peer without TLS at a TLS port, and garbage.
  {
    client c{at(h.address())};
    auto engine = c.connect();
    BOOST_REQUIRE(!engine);
    BOOST_TEST_MESSAGE(engine.error().context);
  }
  raw_client r{h.port};
  r.send("GET / HTTP/1.1\r\n\r\n");
  BOOST_TEST((r.read_all(patience) != read_end::timeout));
  BOOST_TEST(h.says("TLS: http request"));
  check_serves(ours.with(at(h.address()), "node"));
}

BOOST_AUTO_TEST_CASE(a_peer_with_tls_learns_that_a_head_has_none) {
  test_certs ours;
  head h{at("127.0.0.1:0")};
  client c{ours.with(at(h.address()), "node")};
  auto engine = c.connect();
  BOOST_REQUIRE(!engine);
  BOOST_TEST((engine.error().code == errc::connection_failed));
  BOOST_TEST_MESSAGE(engine.error().context);
  check_serves(at(h.address()));
}
