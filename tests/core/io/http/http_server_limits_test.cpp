// What the server refuses, and how clients learn of it.
#include "tests/support/http_served.hpp"

#include <atomic>
#include <memory>
#include <random>
#include <utility>
#include <vector>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(http_server_limits)

BOOST_AUTO_TEST_CASE(each_bad_header_gets_its_status) {
  std::atomic<int> handled{0};
  http_served s{{}, [&](const io::http_exchange& e) {
                  ++handled;
                  http_echo(e);
                }};
  const std::string host = "host: x\r\n";
  const std::vector<std::pair<std::string, int>> bad{
    {"GET / HTTP/1.1\nhost: x\n\n", 400},
    {"GET / HTTP/1.1\r\nhost: x\nx: y\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + host + "x: a\r\n b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nhost : x\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
    {"POST / HTTP/1.1\r\n" + host + "content-length: 1\r\ncontent-length: 1\r\n\r\na", 400},
    {"POST / HTTP/1.1\r\n" + host + "content-length: 1, 1\r\n\r\na", 400},
    {"POST / HTTP/1.1\r\n" + host + "content-length: +1\r\n\r\na", 400},
    {"POST / HTTP/1.1\r\n" + host + "transfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" + host + "transfer-encoding: gzip\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" + host + "transfer-encoding: xchunked\r\n\r\n", 501},
    {"POST / HTTP/1.0\r\n" + host + "transfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"BREW / HTTP/1.1\r\n" + host + "\r\n", 501},
    {"GET / HTTP/2.0\r\n" + host + "\r\n", 505},
    {"GET / HTTP/x\r\n" + host + "\r\n", 400},
    {"GET x HTTP/1.1\r\n" + host + "\r\n", 400},
    {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414},
    {"GET /" + std::string(40000, 'a'), 414},
    {"GET / HTTP/1.1\r\n" + host + "x: " + std::string(40000, 'a'), 431},
    {"POST / HTTP/1.1\r\n" + host + "expect: tea\r\ncontent-length: 1\r\n\r\na", 417},
  };
  for (const auto& [request, status] : bad) {
    raw_client c{s.port()};
    c.send(request);
    BOOST_TEST(http_status_of(c.read_answer()) == status, request.substr(0, 80));
    BOOST_TEST((c.read_all() == read_end::fin), request.substr(0, 80));
  }
  BOOST_TEST(handled == 0);
}

BOOST_AUTO_TEST_CASE(a_refused_client_reads_the_answer_while_it_still_sends) {
  io::http_server_options o;
  o.body_max = 1000;
  http_served s{o, http_echo};
  raw_client c{s.port()};
  c.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3000000\r\n\r\n");
  for (int i = 0; i < 30; ++i)
    BOOST_TEST(c.send(std::string(100'000, 'x'))); // A reset would make this fail.
  BOOST_TEST(http_status_of(c.read_answer()) == 413);
  BOOST_TEST((c.read_all() == read_end::fin));
  raw_client chunks{s.port()};
  chunks.send("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n");
  BOOST_TEST(http_status_of(chunks.read_answer()) == 413); // No byte of the chunk has come.
}

BOOST_AUTO_TEST_CASE(leave_to_send_is_not_given_for_a_body_that_is_refused) {
  io::http_server_options o;
  o.body_max = 1000;
  http_served s{o, http_echo};
  raw_client c{s.port()};
  c.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1001\r\nexpect: 100-continue\r\n\r\n");
  BOOST_TEST(http_status_of(c.read_answer()) == 413);
}

BOOST_AUTO_TEST_CASE(one_address_gets_no_more_than_its_requests) {
  io::http_server_options o;
  o.requests_per_address = 1;
  io::http_exchange held;
  std::atomic<bool> here{false};
  http_served s{o, [&](const io::http_exchange& e) {
                  if (here)
                    return http_echo(e);
                  held = e;
                  here = true;
                }};
  raw_client one{s.port()}, two{s.port()}, three{s.port()};
  one.send(http_post("1"));
  while (!here)
    std::this_thread::yield();
  two.send(http_post("2"));
  BOOST_TEST(http_status_of(two.read_answer()) == 429);
  held.reply({200, "text/plain", {}, "one"});
  BOOST_TEST(http_body_of(one.read_answer()) == "one");
  three.send(http_post("3"));
  BOOST_TEST(http_body_of(three.read_answer()) == "3");
  held = {};
}

BOOST_AUTO_TEST_CASE(a_body_below_the_minimum_rate_is_let_go) {
  io::http_server_options o;
  o.request_timeout = 100ms;
  o.body_rate_min = 1000;
  http_served s{o, http_echo};
  raw_client slow{s.port()};
  slow.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n");
  auto end = read_end::timeout;
  for (int i = 0; end == read_end::timeout && i < 1000; ++i) { // 50 bytes a second.
    slow.send("x");
    end = slow.read_all(20ms);
  }
  BOOST_TEST(http_status_of(slow.received) == 408);
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
  std::vector<io::http_exchange> held;
  http_served s{{}, [&](const io::http_exchange& e) {
                  if (e.ordinal() % 3 != 0)
                    return http_echo(e);
                  held.push_back(e);
                  s.server->after(1ms, [&held] {
                    const auto first = std::move(held.back());
                    held.pop_back(); // The answer lets the next request in, before it returns.
                    http_echo(first);
                  });
                }};
  raw_client c{s.port()};
  std::string all;
  for (int i = 0; i < 200; ++i)
    all += http_post("<" + std::to_string(i) + ">");
  c.send(all);
  c.read_until([](std::string_view r) { return r.ends_with("<199>"); }, 20s);
  size_t at = 0;
  for (int i = 0; i < 200 && at != std::string::npos; ++i)
    at = c.received.find("<" + std::to_string(i) + ">", at);
  BOOST_TEST(at != std::string::npos);
}

BOOST_AUTO_TEST_CASE(old_clients_keep_a_connection_only_if_they_ask) {
  http_served s{{}, http_echo};
  raw_client asks{s.port()};
  for (int i = 0; i < 2; ++i) {
    asks.send("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
    const auto answer = asks.read_answer();
    BOOST_TEST(http_status_of(answer) == 200);
    BOOST_TEST(answer.find("connection: keep-alive\r\n") != std::string::npos);
    asks.received.clear();
  }
  raw_client not_asks{s.port()};
  not_asks.send("GET / HTTP/1.0\r\n\r\n");
  BOOST_TEST((not_asks.read_all() == read_end::fin));
  BOOST_TEST(http_status_of(not_asks.received) == 200);
  BOOST_TEST(not_asks.received.find("\r\ndate: ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_thousand_connections_are_served) {
  http_served s{{}, http_echo};
  std::vector<std::unique_ptr<raw_client>> all;
  for (int i = 0; i < 1000; ++i) {
    all.push_back(std::make_unique<raw_client>(s.port()));
    if (!all.back()->connected) { // A shell with few descriptors.
      all.pop_back();
      break;
    }
  }
  BOOST_TEST(all.size() >= 400u);
  for (size_t i = 0; i < all.size(); ++i)
    all[i]->send(http_post(std::to_string(i)));
  size_t good = 0;
  for (size_t i = 0; i < all.size(); ++i)
    good += http_body_of(all[i]->read_answer()) == std::to_string(i);
  BOOST_TEST(good == all.size());
}

BOOST_AUTO_TEST_CASE(spoiled_requests_never_stop_the_server) {
  const uint32_t seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  http_served s{{}, http_echo};
  const std::string models[]{
    http_post("abcdef", "expect: 100-continue\r\n"),
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "GET /a?b=c HTTP/1.0\r\nhost: x\r\nconnection: keep-alive\r\n\r\n"};
  for (int round = 0; round < 600; ++round) {
    std::string bytes = models[random() % 3] + models[random() % 3];
    for (size_t n = random() % 4; n > 0; --n) {
      const size_t at = random() % bytes.size();
      switch (random() % 3) {
      case 0: bytes[at] = static_cast<char>(random()); break;
      case 1: bytes.erase(at, 1 + random() % 8); break;
      default: bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40));
      }
      if (bytes.empty())
        break;
    }
    raw_client c{s.port()};
    for (size_t at = 0; at < bytes.size();) {
      const size_t n = 1 + random() % 60;
      c.send(std::string_view{bytes}.substr(at, n));
      at += n;
    }
    if (random() % 2 == 0)
      c.read_until([](std::string_view r) { return !r.empty(); }, 1ms);
  }
  raw_client after{s.port()};
  after.send(http_post("alive"));
  BOOST_TEST(http_body_of(after.read_answer()) == "alive", "seed " << seed);
}

BOOST_AUTO_TEST_SUITE_END()
