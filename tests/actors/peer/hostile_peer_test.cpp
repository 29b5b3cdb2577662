#include "tests/support/peer_fixture.hpp"
#include "tests/support/process_memory.hpp"
#include "tests/support/raw_client.hpp"

#include <caf/binary_serializer.hpp>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

/// A process that did the handshake of CAF over a raw connection, as anybody can.
struct raw_peer : raw_client {
  explicit raw_peer(uint16_t port, const caf::actor_system& sys) : raw_client{port} {
    read_until([](std::string_view bytes) { return bytes.size() > wire; }, patience);
    handshake = body_of(sys);
    send(header(1, static_cast<uint32_t>(handshake.size())) + handshake);
  }
  static std::string body_of(const caf::actor_system& sys) {
    std::vector<char> buffer;
    caf::binary_serializer out{const_cast<caf::actor_system&>(sys), buffer};
    auto node = sys.node();
    BOOST_REQUIRE(!out(node));
    return {buffer.begin(), buffer.end()};
  }
  bool is_closed() {
    const auto end = read_all(patience);
    return end == read_end::fin || end == read_end::reset;
  }
  static constexpr size_t wire = 32;
  std::string handshake;
};

/// The same, but with an actor to send from.
struct hostile_client : client {
  explicit hostile_client(const head& h) : client{at(h.address())} {
    auto found = connect();
    BOOST_REQUIRE(found);
    engine = *found;
  }
  template <class... Ts>
  void say(Ts... xs) {
    caf::anon_send(caf::actor_cast<caf::actor>(engine), std::move(xs)...);
  }
  /// Waits until the messages before it have arrived. @returns whether the head answers.
  bool is_served() {
    caf::scoped_actor self{sys, true};
    bool served = false;
    self->request(engine, patience, atom::nodes_v)
      .receive([&](const std::vector<node_info>&) { served = true; }, [](const caf::error&) {});
    return served;
  }
  engine_actor engine;
};

} // namespace

BOOST_AUTO_TEST_SUITE(hostile_peer)

BOOST_AUTO_TEST_CASE(headers_after_the_handshake_cannot_crash_a_head) {
  head h{at("127.0.0.1:0")};
  client other{at(h.address())};
  for (uint8_t kind : {0, 1, 2, 3, 4, 5, 7, 99})
    for (uint32_t length : {0, 3}) {
      raw_peer peer{h.port, other.sys};
      peer.send(header(kind, length) + std::string(length, '\xff'));
      BOOST_TEST(peer.is_closed(), static_cast<int>(kind) << " of " << length << " bytes");
    }
  BOOST_TEST(h.says("it sent a second handshake"));
  BOOST_TEST(h.says("it sent a message for another process"));
  check_serves(at(h.address()));
}

BOOST_AUTO_TEST_CASE(the_identity_of_a_peer_cannot_change) {
  head h{at("127.0.0.1:0")};
  client one{at(h.address())}, two{at(h.address())};
  raw_peer peer{h.port, one.sys};
  const auto other = raw_peer::body_of(two.sys);
  peer.send(header(1, static_cast<uint32_t>(other.size())) + other);
  BOOST_TEST(peer.is_closed());
  BOOST_TEST(h.says("it sent another handshake"));
  check_serves(at(h.address()));
}

BOOST_AUTO_TEST_CASE(internal_messages_are_refused_and_the_peer_is_sent_away) {
  head h{at("127.0.0.1:0")};
  hostile_client peer{h};
  peer.say(atom::drain_v, uint64_t{0});
  peer.say(atom::finished_v, uint64_t{1}, job_progress{});
  BOOST_TEST(peer.is_served());
  BOOST_TEST(h.says("refused a message of 127.0.0.1:"));
  BOOST_TEST(h.says("(drain @u64)"));
  BOOST_TEST(h.says("(finished @u64,penstock::job_progress)"));
  peer.say(atom::rewire_v, wiring{});
  BOOST_TEST(h.says("it sent 3 messages that it may not send"));
  BOOST_TEST(h.log->finished_times == 0u);
  check_serves(at(h.address()));
}

BOOST_AUTO_TEST_CASE(a_peer_cannot_end_actors_of_the_head) {
  head h{at("127.0.0.1:0")};
  hostile_client peer{h};
  peer.say(caf::exit_msg{{}, caf::exit_reason::kill});
  peer.say(caf::down_msg{{}, caf::exit_reason::kill});
  BOOST_TEST(peer.is_served());
  BOOST_TEST(h.says("(@exit)"));
  check_serves(at(h.address()));
}

BOOST_AUTO_TEST_CASE(memory_grows_with_bytes_and_not_with_promises) {
  head h{at("127.0.0.1:0")};
  client other{at(h.address())};
  const auto before = resident_mb();
  std::vector<std::unique_ptr<raw_peer>> peers;
  for (int i = 0; i < 40; ++i) {
    peers.push_back(std::make_unique<raw_peer>(h.port, other.sys));
    auto bytes = header(2, 250u << 20);
    bytes.back() = 7; // The receiver.
    peers.back()->send(bytes + std::string(1000, 'x'));
  }
  hostile_client honest{h};
  BOOST_TEST(honest.is_served());
  BOOST_TEST(resident_mb() < before + 150);
}

BOOST_AUTO_TEST_SUITE_END()
