#include "tests/support/http_served.hpp"

#include <atomic>
#include <thread>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(http_server)

BOOST_AUTO_TEST_CASE(bodies_come_through_in_any_framing) {
  http_served s{{}, http_echo};
  raw_client c{s.server->port()};
  c.send(http_post("plain"));
  BOOST_TEST(http_body_of(c.read_answer()) == "plain");
  c.send("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
  c.send("2;ext=1\r\nde\r\n0\r\n\r\n");
  BOOST_TEST(http_body_of(c.read_answer()) == "abcde");
  const std::string large(3'000'000, 'x');
  c.send(http_post(large));
  BOOST_TEST((http_body_of(c.read_answer()) == large));
  for (char byte : http_post("one by one")) // Never two bytes in a read.
    c.send(std::string_view{&byte, 1});
  BOOST_TEST(http_body_of(c.read_answer()) == "one by one");
}

BOOST_AUTO_TEST_CASE(a_client_that_waits_for_leave_gets_it) {
  http_served s{{}, http_echo};
  raw_client c{s.server->port()};
  c.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n");
  c.read_until([](std::string_view r) { return r.ends_with("\r\n\r\n"); }, 20s);
  BOOST_TEST(c.received == "HTTP/1.1 100 Continue\r\n\r\n");
  c.received.clear();
  c.send("ok");
  BOOST_TEST(http_body_of(c.read_answer()) == "ok");
}

BOOST_AUTO_TEST_CASE(what_is_too_large_is_refused_before_it_is_held) {
  io::http_server_options o;
  o.body_max = 1000;
  o.header_max = 500;
  http_served s{o, http_echo};
  raw_client body{s.server->port()};
  body.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1001\r\n\r\n");
  BOOST_TEST(http_status_of(body.read_answer()) == 413);
  BOOST_TEST((body.read_all() == read_end::fin));
  {
    raw_client header{s.server->port()};
    header.send("GET / HTTP/1.1\r\nx: " + std::string(600, 'a'));
    BOOST_TEST(http_status_of(header.read_answer()) == 431);
    header.read_all();
  }
  o = {};
  o.connections_max = 2;
  http_served few{o, http_echo};
  raw_client one{few.server->port()}, two{few.server->port()};
  one.send(http_post("1"));
  two.send(http_post("2"));
  BOOST_TEST(http_body_of(one.read_answer()) == "1");
  BOOST_TEST(http_body_of(two.read_answer()) == "2");
  raw_client third{few.server->port()};
  third.send(http_post("3"));
  BOOST_TEST((third.read_all() != read_end::timeout));
  BOOST_TEST(third.received.empty());
}

BOOST_AUTO_TEST_CASE(slow_and_idle_clients_are_let_go) {
  io::http_server_options o;
  o.header_timeout = 100ms;
  o.idle_timeout = 300ms;
  http_served s{o, http_echo};
  raw_client idle{s.server->port()};
  raw_client slow{s.server->port()};
  std::string_view header = "POST / HTTP/1.1\r\nhost: x\r\nx-long: "
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  read_end end = read_end::timeout;
  while (end == read_end::timeout &&
         !header.empty()) { // A byte every 20 ms is progress, but not enough.
    slow.send(header.substr(0, 1));
    header.remove_prefix(1);
    end = slow.read_all(20ms);
  }
  BOOST_TEST((end != read_end::timeout));
  BOOST_TEST(http_status_of(slow.received) == 408);
  BOOST_TEST((idle.read_all() == read_end::fin));
}

BOOST_AUTO_TEST_CASE(streams_may_be_written_from_another_thread) {
  std::thread writer;
  http_served s{{}, [&writer](const io::http_exchange& e) {
                  writer = std::thread{[e] {
                    e.begin({200, "text/plain", {}, "a"});
                    for (int i = 0; i < 3; ++i)
                      e.write("bc");
                    e.end();
                    e.end(); // A second end of an exchange does nothing.
                  }};
                }};
  raw_client c{s.server->port()};
  c.send(http_post(""));
  c.read_until([](std::string_view r) { return r.ends_with("0\r\n\r\n"); }, 20s);
  writer.join();
  BOOST_TEST(http_body_of(c.received) == "1\r\na\r\n2\r\nbc\r\n2\r\nbc\r\n2\r\nbc\r\n0\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_drain_lets_what_is_in_flight_finish) {
  io::http_exchange held;
  std::atomic<bool> here{false};
  auto opened = io::http_server::open({}, [&](const io::http_exchange& e) {
    held = e;
    here = true;
  });
  BOOST_REQUIRE(opened.has_value());
  auto& server = **opened;
  std::thread thread{[&] { server.run(); }};
  raw_client idle{server.port()};
  raw_client busy{server.port()};
  busy.send(http_post("work"));
  while (!here) {
  }
  server.drain();
  BOOST_TEST((idle.read_all() == read_end::fin));
  held.reply({200, "text/plain", {}, "done"});
  BOOST_TEST(http_body_of(busy.read_answer()) == "done");
  thread.join(); // It ends by itself after the last connection.
  held = {};
}

BOOST_AUTO_TEST_CASE(a_drain_ends_with_its_grace) {
  std::atomic<bool> here{false}, told{false};
  auto opened = io::http_server::open({}, [&](const io::http_exchange& e) {
    e.on_closed([&] { told = true; });
    here = true;
  });
  BOOST_REQUIRE(opened.has_value());
  auto& server = **opened;
  std::thread thread{[&] { server.run(); }};
  raw_client busy{server.port()};
  busy.send(http_post("never answered"));
  while (!here) {
  }
  const auto begun = std::chrono::steady_clock::now();
  server.drain(100ms);
  thread.join();
  const auto took = std::chrono::steady_clock::now() - begun;
  BOOST_TEST((took >= 100ms && took < 10s));
  BOOST_TEST((busy.read_all() != read_end::timeout));
  BOOST_TEST(told);
}

BOOST_AUTO_TEST_CASE(one_address_gets_no_more_than_its_connections) {
  io::http_server_options o;
  o.connections_per_address = 2;
  http_served s{o, http_echo};
  {
    raw_client one{s.server->port()}, two{s.server->port()};
    one.send(http_post("1"));
    two.send(http_post("2"));
    BOOST_TEST(http_body_of(one.read_answer()) == "1");
    BOOST_TEST(http_body_of(two.read_answer()) == "2");
    raw_client third{s.server->port()};
    BOOST_TEST((third.read_all() != read_end::timeout));
    BOOST_TEST(third.received.empty());
  }
  // The places of closed connections are free again; the server may notice it a little later.
  for (std::string got; got.empty();) {
    raw_client later{s.server->port()};
    later.send(http_post("3"));
    got = http_body_of(later.read_answer());
    BOOST_TEST((got.empty() || got == "3"));
  }
}

BOOST_AUTO_TEST_CASE(a_request_that_smuggles_another_is_refused) {
  for (auto* bad :
       {"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked"
        "\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"}) {
    std::atomic<int> handled{0};
    http_served s{{}, [&](const io::http_exchange& e) {
                    ++handled;
                    http_echo(e);
                  }};
    raw_client c{s.server->port()};
    c.send(bad);
    BOOST_TEST(http_status_of(c.read_answer()) == 400, bad);
    BOOST_TEST((c.read_all() != read_end::timeout));
    BOOST_TEST(handled == 0, bad);
  }
}

BOOST_AUTO_TEST_CASE(a_header_value_cannot_begin_a_header) {
  std::string headers;
  io::add_header(headers, "location", "/a\r\nset-cookie: x");
  BOOST_TEST(headers == "location: /a  set-cookie: x\r\n");
}

BOOST_AUTO_TEST_CASE(a_port_in_use_is_an_error_that_names_it) {
  http_served s{{}, http_echo};
  io::http_server_options o;
  o.port = s.server->port();
  const auto again = io::http_server::open(o, http_echo);
  BOOST_REQUIRE(again.has_error());
  BOOST_TEST((again.error().code == errc::io_error));
  BOOST_TEST(again.error().context.find(std::to_string(o.port)) != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
