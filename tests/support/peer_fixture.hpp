#pragma once

#include "actors/peer/cluster_config.hpp"
#include "actors/peer/connect.hpp"
#include "actors/peer/version_gate.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <condition_variable>
#include <mutex>
#include <string>

namespace penstock::test {

inline config::cluster_settings at(const std::string& address) {
  config::cluster_settings s;
  s.listen = s.head = address;
  return s;
}

/// A head whose version gate leads to no real engine.
struct head {
  explicit head(const config::cluster_settings& s) : settings{s}, config{s}, sys{config} {
    config.announce_by([this](std::string line) {
      std::lock_guard lock{mutex};
      lines += line + "\n";
      grown.notify_all();
    });
    engine = sys.spawn(fake_engine, log);
    gate = sys.spawn(actors::version_gate, engine,
                     [this](std::string line) { config_say(std::move(line)); });
    auto p = actors::publish(sys, settings, gate);
    BOOST_REQUIRE_MESSAGE(p, (p ? "" : p.error().context));
    port = *p;
  }
  ~head() {
    config.announce_by({});
    caf::anon_send_exit(gate, caf::exit_reason::kill);
    caf::anon_send_exit(engine, caf::exit_reason::kill);
  }
  void config_say(std::string line) {
    std::lock_guard lock{mutex};
    lines += line + "\n";
    grown.notify_all();
  }
  bool says(const std::string& text) {
    std::unique_lock lock{mutex};
    const auto said =
      grown.wait_for(lock, patience, [&] { return lines.find(text) != lines.npos; });
    if (!said)
      BOOST_TEST_MESSAGE("it said: " << lines);
    return said;
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port); }

  config::cluster_settings settings;
  actors::cluster_config config;
  caf::actor_system sys;
  std::shared_ptr<engine_log> log = std::make_shared<engine_log>();
  engine_actor engine;
  version_gate_actor gate;
  uint16_t port = 0;
  std::mutex mutex;
  std::condition_variable grown;
  std::string lines;
};

/// The side of another process, but in this one.
struct client {
  explicit client(config::cluster_settings s)
      : settings{std::move(s)}, config{settings}, sys{config} {}
  result<engine_actor> connect(duration timeout = patience) {
    return actors::connect(sys, settings, "client", "test", timeout);
  }
  config::cluster_settings settings;
  actors::cluster_config config;
  caf::actor_system sys;
};

/// Checks that a head still works: a new client connects and gets an answer.
inline void check_serves(const config::cluster_settings& s) {
  client c{s};
  auto engine = c.connect();
  BOOST_REQUIRE_MESSAGE(engine, (engine ? "" : to_string(engine.error())));
  caf::scoped_actor self{c.sys, true};
  self->request(*engine, patience, atom::nodes_v)
    .receive([](const std::vector<node_info>&) {},
             [&](const caf::error& e) { BOOST_ERROR(c.sys.render(e)); });
}

/// The header of a message on the wire: its kind and the length of its payload.
inline std::string header(uint8_t operation, uint32_t length) {
  std::string h(32, '\0');
  h[0] = static_cast<char>(operation);
  for (int i = 0; i < 4; ++i)
    h[4 + i] = static_cast<char>(length >> (24 - 8 * i));
  return h;
}

} // namespace penstock::test
