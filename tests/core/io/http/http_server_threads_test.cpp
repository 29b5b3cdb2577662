// A server with several threads.
#include "tests/support/http_served.hpp"

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

/// Handlers that meet: each blocks its thread until all are here. On fewer threads they never meet.
struct meeting {
  std::mutex mutex;
  std::condition_variable all_here;
  size_t expected = 0;
  std::set<std::thread::id> threads;

  void come() {
    std::unique_lock lock{mutex};
    threads.insert(std::this_thread::get_id());
    all_here.notify_all();
    all_here.wait_for(lock, 20s, [&] { return threads.size() >= expected; });
  }
};

/// Waits until the server has accepted so many connections. A handler that blocks the first thread
/// would hold up those that come later.
void await_connections(const io::http_server& server, uint64_t n) {
  while (server.counters().connections_open < n)
    std::this_thread::yield();
}

io::http_server_options with_threads(uint32_t n) {
  io::http_server_options o;
  o.threads = n;
  return o;
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_server_threads)

BOOST_AUTO_TEST_CASE(handlers_run_on_all_threads_at_once) {
  meeting m;
  m.expected = 3;
  http_served s{with_threads(3), [&](const io::http_exchange& e) {
                  m.come();
                  http_echo(e);
                }};
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int n = 0; n < 3; ++n)
    clients.push_back(std::make_unique<raw_client>(s.port()));
  await_connections(*s.server, 3);
  for (const auto& c : clients)
    c->send(http_post("hello"));
  for (const auto& c : clients)
    BOOST_TEST(http_body_of(c->read_answer()) == "hello");
  BOOST_TEST(m.threads.size() == 3u);
}

BOOST_AUTO_TEST_CASE(limits_and_counters_are_those_of_all_threads) {
  auto o = with_threads(4);
  o.connections_per_address = 8;
  std::mutex mutex;
  std::set<uint64_t> serials;
  http_served s{o, [&](const io::http_exchange& e) {
                  const std::lock_guard lock{mutex};
                  serials.insert(e.connection());
                  http_echo(e);
                }};
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int n = 0; n < 8; ++n) {
    clients.push_back(std::make_unique<raw_client>(s.port()));
    clients.back()->send(http_post("x"));
  }
  for (const auto& c : clients)
    BOOST_TEST(http_body_of(c->read_answer()) == "x");
  raw_client ninth{s.port()};
  BOOST_TEST((ninth.read_all() != read_end::timeout));
  BOOST_TEST(ninth.received.empty());
  BOOST_TEST(s.server->counters().connections_open == 8u);
  clients.clear();
  const auto all = s.stop();
  BOOST_TEST(all.connections == 8u);
  BOOST_TEST(all.requests == 8u);
  BOOST_TEST(all.connections_refused == 1u);
  BOOST_TEST(serials.size() == 8u);
}

BOOST_AUTO_TEST_CASE(requests_of_one_address_are_limited_over_all_threads) {
  auto o = with_threads(2);
  o.requests_per_address = 2;
  std::mutex mutex;
  std::vector<io::http_exchange> held;
  std::condition_variable changed;
  http_served s{o, [&](io::http_exchange e) {
                  const std::lock_guard lock{mutex};
                  held.push_back(std::move(e));
                  changed.notify_all();
                }};
  std::array<raw_client, 3> clients{raw_client{s.port()}, raw_client{s.port()},
                                    raw_client{s.port()}};
  clients[0].send(http_post("a"));
  clients[1].send(http_post("b"));
  {
    std::unique_lock lock{mutex};
    BOOST_REQUIRE(changed.wait_for(lock, 20s, [&] { return held.size() == 2; }));
  }
  clients[2].send(http_post("c"));
  BOOST_TEST(http_status_of(clients[2].read_answer()) == 429);
  for (auto& e : held)
    e.reply({200, "text/plain", {}, "done"});
  BOOST_TEST(http_status_of(clients[0].read_answer()) == 200);
  BOOST_TEST(http_status_of(clients[1].read_answer()) == 200);
  held.clear();
}

BOOST_AUTO_TEST_CASE(a_drain_waits_for_the_requests_of_all_threads) {
  meeting m;
  m.expected = 2;
  std::mutex mutex;
  std::vector<io::http_exchange> held;
  auto opened = io::http_server::open(with_threads(2), [&](const io::http_exchange& e) {
    {
      const std::lock_guard lock{mutex};
      held.push_back(e);
    }
    m.come();
  });
  BOOST_REQUIRE(opened.has_value());
  auto& server = **opened;
  std::thread thread{[&] { server.run(); }};
  raw_client one{server.port()}, two{server.port()}, idle{server.port()};
  await_connections(server, 3);
  one.send(http_post("1"));
  two.send(http_post("2"));
  {
    std::unique_lock lock{m.mutex};
    BOOST_TEST(m.all_here.wait_for(lock, 20s, [&] { return m.threads.size() == 2; }));
  }
  server.drain();
  BOOST_TEST((idle.read_all() == read_end::fin));
  for (auto& e : held)
    e.reply({200, "text/plain", {}, "done"});
  BOOST_TEST(http_body_of(one.read_answer()) == "done");
  BOOST_TEST(http_body_of(two.read_answer()) == "done");
  thread.join();
  held.clear();
}

BOOST_AUTO_TEST_CASE(a_second_server_cannot_share_the_port) {
  const http_served s{with_threads(2), http_echo};
  auto o = with_threads(2);
  o.port = s.port();
  const auto second = io::http_server::open(o, http_echo);
  BOOST_REQUIRE(!second.has_value());
  BOOST_TEST(second.error().context.find("cannot listen on 127.0.0.1:") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
