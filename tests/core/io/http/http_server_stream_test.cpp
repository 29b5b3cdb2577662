// Bodies and answers in parts: back-pressure, clients that leave.
#include "tests/support/http_served.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

/// Counts a body; pauses whenever `pause_each` more bytes have come.
struct counting_sink final : io::http_body_sink {
  bool take(std::string_view part) override {
    bytes += part.size();
    since_pause += part.size();
    if (pause_each == 0 || since_pause < pause_each)
      return true;
    since_pause = 0;
    paused = true;
    return false;
  }
  std::atomic<uint64_t> bytes{0};
  uint64_t since_pause = 0, pause_each = 0;
  std::atomic<bool> paused{false};
};

template <class Condition>
bool comes_true(Condition c, std::chrono::milliseconds limit = 20s) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!c())
    if (std::chrono::steady_clock::now() > until)
      return false;
    else
      std::this_thread::yield();
  return true;
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_server_stream)

BOOST_AUTO_TEST_CASE(a_sink_takes_a_body_above_the_limit_of_kept_ones) {
  auto sink = std::make_shared<counting_sink>();
  io::http_server_options o;
  o.body_max = 10;
  http_served s{o,
                [&](const io::http_exchange& e) {
                  BOOST_TEST(e.body().empty());
                  e.reply({200, "text/plain", {}, std::to_string(sink->bytes)});
                },
                [&](const io::http_exchange& e) {
                  io::http_body_plan plan;
                  if (e.target() == "/echo") {
                    plan.body_max = 5'000'000;
                    plan.sink = sink;
                  }
                  return plan;
                }};
  raw_client c{s.port()};
  c.send(http_post(std::string(3'000'000, 'x'), "expect: 100-continue\r\n"));
  c.read_until([](std::string_view r) { return r.ends_with("3000000"); }, 20s);
  BOOST_TEST(c.received.ends_with("3000000"));
  raw_client kept{s.port()};
  kept.send("POST /other HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n\r\n");
  BOOST_TEST(http_status_of(kept.read_answer()) == 413);
}

BOOST_AUTO_TEST_CASE(a_paused_sink_stops_the_client) {
  auto sink = std::make_shared<counting_sink>();
  sink->pause_each = 1'000'000;
  io::http_exchange open;
  io::http_server_options o;
  o.request_timeout = 2s; // Pauses do not count.
  http_served s{o,
                [](const io::http_exchange& e) {
                  e.reply({200, "text/plain", {}, "done"});
                },
                [&](const io::http_exchange& e) {
                  open = e;
                  return io::http_body_plan{64u << 20, sink};
                }};
  raw_client c{s.port()};
  std::thread sender{[&] { c.send(http_post(std::string(32'000'000, 'x'))); }};
  for (int pause = 1; pause <= 3; ++pause) {
    BOOST_TEST(comes_true([&] { return sink->paused.load(); }));
    const uint64_t seen = sink->bytes;
    BOOST_TEST(seen <= pause * (1'000'000u + (128u << 10)));
    std::this_thread::sleep_for(20ms);
    BOOST_TEST(sink->bytes == seen); // Nothing comes while it is paused.
    sink->paused = false;
    open.resume_body();
  }
  while (sink->bytes < 32'000'000)
    if (sink->paused.exchange(false))
      open.resume_body();
  sender.join();
  open.resume_body();
  BOOST_TEST(http_body_of(c.read_answer()) == "done");
  open = {};
}

BOOST_AUTO_TEST_CASE(a_planner_refuses_before_the_body_and_keeps_bodiless_connections) {
  std::atomic<int> handled{0};
  http_served s{{},
                [&](const io::http_exchange&) { ++handled; },
                [](const io::http_exchange& e) {
                  e.reply({403, "text/plain", {}, "no"});
                  return io::http_body_plan{};
                }};
  raw_client c{s.port()};
  c.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\nexpect: 100-continue\r\n\r\n");
  BOOST_TEST(http_status_of(c.read_answer()) == 403);
  BOOST_TEST((c.read_all() == read_end::fin));
  raw_client get{s.port()};
  get.send("GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n");
  get.read_until(
    [](std::string_view r) { return r.find("HTTP/1.1 403", 1) != r.npos && r.ends_with("no"); },
    20s);
  BOOST_TEST(get.received.ends_with("no"));
  BOOST_TEST(handled == 0);
}

BOOST_AUTO_TEST_CASE(head_has_no_body_in_either_form) {
  http_served s{{}, [](const io::http_exchange& e) {
                  if (e.target() == "/whole")
                    return e.reply({200, "text/plain", {}, "12345"});
                  e.begin({200, "text/plain", {}, "1"});
                  e.write("2345");
                  e.end();
                }};
  raw_client c{s.port()};
  c.send("HEAD /whole HTTP/1.1\r\nhost: x\r\n\r\nHEAD /parts HTTP/1.1\r\nhost: x\r\n\r\n"
         "GET /whole HTTP/1.1\r\nhost: x\r\n\r\n");
  c.read_until([](std::string_view r) { return r.ends_with("12345"); }, 20s);
  const std::string& r = c.received;
  const size_t second = r.find("HTTP/1.1", 1), third = r.find("HTTP/1.1", second + 1);
  BOOST_REQUIRE(third != std::string::npos);
  BOOST_TEST(r.substr(0, second).find("content-length: 5\r\n") != std::string::npos);
  BOOST_TEST(r.substr(0, second).ends_with("\r\n\r\n"));
  BOOST_TEST(r.substr(second, third - second).ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(a_slow_reader_of_100_mb_holds_one_piece_in_memory) {
  constexpr size_t pieces = 1600, size = 64u << 10;
  std::function<void(io::http_exchange, size_t)> next;
  http_served s{{}, [&](const io::http_exchange& e) {
                  e.begin({200, "text/plain", {}, {}});
                  s.server->post([&next, e] { next(e, 1); });
                }};
  // Each piece from the loop: a client that reads all would nest 1,600 calls otherwise.
  next = [&](io::http_exchange e, size_t n) {
    if (n > pieces)
      return e.end();
    e.write(std::string(size, 'x'), [&, e, n](bool alive) {
      if (alive)
        s.server->post([&next, e, n] { next(e, n + 1); });
    });
  };
  raw_client c{s.port()};
  c.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  std::this_thread::sleep_for(50ms); // The reader is slow: the buffers of the kernel fill.
  bool ended = false;
  while (!ended) {
    const auto end = c.read_until([](std::string_view r) { return r.size() > (1u << 20); }, 20s);
    ended = end != read_end::enough || c.received.ends_with("0\r\n\r\n");
    BOOST_TEST((end == read_end::enough || ended));
    c.received.erase(0, c.received.size() - std::min<size_t>(c.received.size(), 8));
    if (c.received_in_all >= pieces * size) {
      c.read_until([](std::string_view r) { return r.ends_with("\r\n0\r\n\r\n"); }, 20s);
      ended = true;
    }
  }
  BOOST_TEST(c.received.ends_with("\r\n0\r\n\r\n"));
  BOOST_TEST(c.received_in_all > pieces * size);
  const auto& n = s.stop();
  BOOST_TEST(n.unsent_peak > 0u);
  BOOST_TEST(n.unsent_peak <= size + 100);
}

BOOST_AUTO_TEST_CASE(a_writer_that_does_not_wait_is_cut_off) {
  io::http_server_options o;
  o.unsent_max = 1u << 20;
  std::atomic<bool> told{false};
  std::atomic<int> refused{0};
  http_served s{o, [&](const io::http_exchange& e) {
                  e.on_closed([&] { told = true; });
                  e.begin({200, "text/plain", {}, {}});
                  for (int i = 0; i < 1000; ++i)
                    e.write(std::string(64u << 10, 'x'), [&](bool alive) { refused += !alive; });
                }};
  raw_client c{s.port()};
  c.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  BOOST_TEST(comes_true([&] { return told.load(); }));
  BOOST_TEST(s.stop().unsent_peak <= (1u << 20));
  BOOST_TEST(refused > 0);
}

BOOST_AUTO_TEST_CASE(an_end_that_does_not_wait_for_its_last_piece_is_sent) {
  http_served s{{}, [](const io::http_exchange& e) {
                  e.begin({200, "text/plain", {}, {}});
                  e.write(std::string(20'000'000, 'x'), [](bool) {});
                  e.end();
                }};
  raw_client c{s.port()};
  for (int i = 0; i < 2; ++i) { // The connection goes on.
    c.received.clear();
    c.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    c.read_until([](std::string_view r) { return r.ends_with("\r\n0\r\n\r\n"); }, 20s);
    BOOST_TEST(c.received.size() > 20'000'000u);
  }
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_is_known_within_100_ms) {
  auto sink = std::make_shared<counting_sink>();
  sink->pause_each = 1;
  std::atomic<bool> here{false}, told{false};
  const auto watch = [&](const io::http_exchange& e) {
    e.on_closed([&] { told = true; });
    here = true;
  };
  http_served s{{}, watch, [&](const io::http_exchange& e) {
                  io::http_body_plan plan;
                  if (e.target() == "/paused") {
                    plan.sink = sink;
                    watch(e);
                  }
                  return plan;
                }};
  const std::string waits = http_post(""), waits_with_more = http_post("") + http_post("");
  // More than it reads ahead. The rest must fit into the buffers of the kernel: else the end of the
  // connection cannot arrive before the rest is read.
  const std::string full = http_post("") + std::string(300'000, 'x');
  const std::string paused = "POST /paused HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc";
  for (const auto& request : {waits, waits_with_more, full, paused}) {
    here = told = sink->paused = false;
    std::optional<raw_client> c;
    c.emplace(s.port());
    c->send(request);
    BOOST_TEST(comes_true([&] { return here.load(); }));
    if (request == paused)
      BOOST_TEST(comes_true([&] { return sink->paused.load(); }));
    c.reset();
    const auto begun = std::chrono::steady_clock::now();
    BOOST_TEST(comes_true([&] { return told.load(); }), request.substr(0, 20));
    const auto took = std::chrono::steady_clock::now() - begun;
    BOOST_TEST_MESSAGE("known after " << took / 1ms << " ms");
    BOOST_TEST((took < 1s)); // 100 ms and a busy machine.
  }
}

BOOST_AUTO_TEST_CASE(a_sink_learns_of_a_body_that_breaks) {
  auto sink = std::make_shared<counting_sink>();
  std::atomic<bool> told{false};
  http_served s{{},
                [](const io::http_exchange&) { BOOST_TEST(false); },
                [&](const io::http_exchange& e) {
                  e.on_closed([&] { told = true; });
                  return io::http_body_plan{0, sink};
                }};
  raw_client c{s.port()};
  c.send("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
  BOOST_TEST(http_status_of(c.read_answer()) == 400);
  BOOST_TEST(comes_true([&] { return told.load(); }));
  BOOST_TEST(sink->bytes == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
