// Exchanges with a faulty server: U6, U7, U8 of the fault list.
#include "tests/support/exchanges.hpp"
#include "tests/support/raw_server.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <filesystem>
#include <future>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace penstock;
using core::transport_error;
using test::exchanges;
using test::ok_reply;
using test::raw_reply;
using test::raw_request;
using test::raw_server;
using ending = test::raw_reply::ending;

namespace {

/// A listening socket with a full backlog that never accepts: connects to it hang.
class full_backlog {
public:
  full_backlog() {
    auto* raw = reinterpret_cast<sockaddr*>(&address_);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockets_[0] = ::socket(AF_INET, SOCK_STREAM, 0);
    socklen_t size = sizeof address_;
    ::bind(sockets_[0], raw, size);
    ::listen(sockets_[0], 0);
    ::getsockname(sockets_[0], raw, &size);
    for (size_t i = 1; i < sockets_.size(); ++i) {
      sockets_[i] = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      ::connect(sockets_[i], raw, size);
    }
  }
  ~full_backlog() {
    for (const int fd : sockets_)
      ::close(fd);
  }
  full_backlog(const full_backlog&) = delete;
  full_backlog& operator=(const full_backlog&) = delete;
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/";
  }

private:
  sockaddr_in address_{};
  std::array<int, 8> sockets_{};
};

/// The end of one POST to a server that always answers `reply`.
core::http_response answer_to(const raw_reply& reply, uint64_t body_max = 1u << 20) {
  raw_server server{[&](const raw_request&) { return reply; }};
  exchanges client;
  core::exchange x = exchanges::post(1, server.url());
  x.request.headers.emplace_back("Authorization", "Bearer secret-key");
  x.body_max = body_max;
  auto r = client.run(std::move(x));
  BOOST_TEST(server.requests() == 1u);
  BOOST_TEST(r.failure_text.find("secret-key") == std::string::npos);
  if (r.failure != transport_error::none)
    BOOST_TEST(r.failure_text.starts_with("127.0.0.1:"));
  return r;
}

raw_reply raw(std::string bytes, ending after = ending::close) {
  return {.bytes = std::move(bytes), .after = after};
}

/// The epoll descriptors of this process.
std::set<int> epoll_descriptors() {
  std::set<int> found;
  std::error_code gone; // The descriptor of the listing itself is closed already.
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"})
    if (std::filesystem::read_symlink(entry.path(), gone) == "anon_inode:[eventpoll]")
      found.insert(std::stoi(entry.path().filename().string()));
  return found;
}

BOOST_AUTO_TEST_SUITE(curl_loop_fault)

BOOST_AUTO_TEST_CASE(a_request_on_a_connection_that_dies_is_sent_exactly_once) {
  // The server reads the second request of each connection and closes it without an answer.
  raw_server server{[](const raw_request& r) {
    return r.on_connection == 0 ? ok_reply("ok")
                                : raw_reply{.after = r.index % 2 ? ending::close : ending::reset};
  }};
  exchanges client;
  constexpr size_t total = 1000;
  size_t ok = 0, stale = 0;
  for (uint64_t id = 0; id < total; ++id) {
    const auto r = client.run(exchanges::post(id, server.url()));
    BOOST_TEST_CONTEXT("id " << id << ": " << r.failure_text)
    BOOST_REQUIRE(
      (r.failure == transport_error::none || r.failure == transport_error::stale_connection));
    BOOST_REQUIRE(r.sent);
    ++(r.failure == transport_error::none ? ok : stale);
  }
  BOOST_TEST(server.requests() == total);
  BOOST_TEST(ok == total / 2);
  BOOST_TEST(stale == total / 2);
  // There was no connection for a second send.
  BOOST_TEST(server.connections() == total / 2);
}

BOOST_AUTO_TEST_CASE(dying_connections_with_many_in_flight_cost_no_second_send) {
  raw_server server{[](const raw_request& r) {
    return r.on_connection % 3 < 2 ? ok_reply("ok") : raw_reply{.after = ending::close};
  }};
  exchanges client;
  constexpr size_t total = 1000, width = 50;
  for (size_t start = 0; start < total; start += width) {
    std::vector<core::exchange> batch;
    for (size_t id = start; id < start + width; ++id)
      batch.push_back(exchanges::post(id, server.url()));
    client.loop.submit(std::move(batch));
    client.wait_for_count(start + width);
  }
  size_t stale = 0, unsent = 0;
  for (const auto& [id, r] : client.take_all()) {
    BOOST_TEST_CONTEXT(r.failure_text)
    BOOST_TEST(
      (r.failure == transport_error::none || r.failure == transport_error::stale_connection));
    stale += r.failure == transport_error::stale_connection ? 1 : 0;
    unsent += r.sent ? 0 : 1;
  }
  BOOST_TEST((client.counts() == std::pair<size_t, size_t>{total, 0}));
  BOOST_TEST(stale > 0u);
  BOOST_TEST(server.requests() == total - unsent);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_closed_by_the_server_is_not_used_again) {
  raw_server server{[](const raw_request&) {
    return raw_reply{.bytes = ok_reply("ok").bytes, .after = ending::close};
  }};
  exchanges client;
  for (uint64_t id = 0; id < 20; ++id) {
    const auto r = client.run(exchanges::post(id, server.url()));
    // The close may come before or during the next send. The report must be true in both cases.
    BOOST_TEST(
      (r.failure == transport_error::none || r.failure == transport_error::stale_connection));
  }
  BOOST_TEST(server.requests() <= 20u);
}

BOOST_AUTO_TEST_CASE(a_fresh_connection_that_breaks_before_the_answer_is_a_reset) {
  for (const ending how : {ending::close, ending::reset}) {
    const auto r = answer_to(raw("", how));
    BOOST_TEST((r.failure == transport_error::reset));
    BOOST_TEST(r.sent);
  }
}

BOOST_AUTO_TEST_CASE(a_cut_answer_is_a_reset) {
  for (const ending how : {ending::close, ending::reset}) {
    const auto sized = answer_to(raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", how));
    BOOST_TEST_CONTEXT(sized.failure_text) BOOST_TEST((sized.failure == transport_error::reset));
    BOOST_TEST(sized.status == 200);
    BOOST_TEST(sized.body.empty());
    const auto chunked =
      answer_to(raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf", how));
    BOOST_TEST_CONTEXT(chunked.failure_text)
    BOOST_TEST((chunked.failure == transport_error::reset));
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_a_protocol_error) {
  for (const char* bytes :
       {"SSH-2.0-OpenSSH_9.2\r\n", "\x16\x03\x01garbage without an end of line",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnot hex\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip."}) {
    const auto r = answer_to(raw(bytes));
    BOOST_TEST_CONTEXT(bytes << " -> " << r.failure_text)
    BOOST_TEST((r.failure == transport_error::protocol));
  }
}

BOOST_AUTO_TEST_CASE(too_many_headers_are_a_protocol_error) {
  std::string bytes = "HTTP/1.1 200 OK\r\n";
  while (bytes.size() < 70'000)
    bytes += "X-Filler: " + std::string(900, 'x') + "\r\n";
  const auto r = answer_to(raw(bytes + "Content-Length: 2\r\n\r\nok", ending::keep));
  BOOST_TEST((r.failure == transport_error::protocol));
}

BOOST_AUTO_TEST_CASE(an_answer_above_the_cap_is_cut_off) {
  BOOST_TEST(answer_to(ok_reply(std::string(1000, 'x')), 1000).body.size() == 1000u);
  // With Content-Length it fails before the first byte of the body, which never comes.
  const auto announced =
    answer_to(raw("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", ending::hang), 1000);
  BOOST_TEST((announced.failure == transport_error::body_too_large));
  raw_reply endless = raw("HTTP/1.1 200 OK\r\n\r\n" + std::string(8192, 'x'));
  endless.endless = true;
  const auto streamed = answer_to(endless, 3u << 20);
  BOOST_TEST((streamed.failure == transport_error::body_too_large));
  BOOST_TEST(streamed.body.empty());
}

BOOST_AUTO_TEST_CASE(a_refused_connection_and_an_unknown_host_are_told_apart) {
  std::string closed_url;
  {
    raw_server gone{[](const raw_request&) { return ok_reply(""); }};
    closed_url = gone.url();
  }
  exchanges client;
  const auto refused = client.run(exchanges::post(1, closed_url));
  BOOST_TEST_CONTEXT(refused.failure_text)
  BOOST_TEST((refused.failure == transport_error::connect));
  BOOST_TEST(!refused.sent);
  const auto unknown = client.run(exchanges::post(2, "http://user:pw@does-not-exist.invalid/v1"));
  BOOST_TEST_CONTEXT(unknown.failure_text) BOOST_TEST((unknown.failure == transport_error::dns));
  BOOST_TEST(!unknown.sent);
  BOOST_TEST(unknown.failure_text.starts_with("does-not-exist.invalid: "));
}

BOOST_AUTO_TEST_CASE(a_connection_that_nobody_accepts_ends_with_the_connect_timeout) {
  const full_backlog deaf;
  exchanges client{{.connect_timeout = 100ms}};
  const auto r = client.run(exchanges::post(1, deaf.url()));
  BOOST_TEST_CONTEXT(r.failure_text) BOOST_TEST((r.failure == transport_error::connect));
  BOOST_TEST(!r.sent);
  BOOST_TEST((r.elapsed >= 95ms && r.elapsed < 5s));
}

BOOST_AUTO_TEST_CASE(silence_ends_with_the_idle_timeout_and_a_drip_with_the_total_one) {
  raw_server server{[](const raw_request& r) {
    raw_reply reply = ok_reply(std::string(10'000, 'x'));
    if (r.body == "drip")
      reply.drip_interval_ms = 10;
    else
      reply = {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nxx", .after = ending::hang};
    return reply;
  }};
  exchanges client;
  core::exchange silent = exchanges::post(1, server.url(), "silence");
  silent.idle_timeout = 100ms;
  const auto idle = client.run(silent);
  BOOST_TEST((idle.failure == transport_error::idle_timeout));
  BOOST_TEST((idle.elapsed >= 100ms && idle.elapsed < 5s));
  BOOST_TEST(idle.sent);
  core::exchange drip = exchanges::post(2, server.url(), "drip");
  drip.idle_timeout = 2s; // Long, because a busy machine may delay a byte.
  drip.timeout = 200ms;
  const auto total = client.run(drip);
  BOOST_TEST((total.failure == transport_error::timeout));
  BOOST_TEST((total.elapsed >= 200ms && total.elapsed < 5s));
}

BOOST_AUTO_TEST_CASE(before_the_first_byte_only_the_timeout_counts) {
  // A model that thinks, and one that never answers. The pauses between bytes count.
  raw_server server{[](const raw_request& r) {
    if (r.body == "never")
      return raw("", ending::hang);
    std::this_thread::sleep_for(400ms); // A part of the behaviour of the server.
    return r.body == "late" ? ok_reply("late")
                            : raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nxx", ending::hang);
  }};
  exchanges client;
  core::exchange x = exchanges::post(1, server.url(), "late");
  x.idle_timeout = 50ms;
  const auto late = client.run(x);
  BOOST_TEST_CONTEXT(late.failure_text) BOOST_TEST((late.failure == transport_error::none));
  BOOST_TEST(late.body == "late");
  x = exchanges::post(2, server.url(), "late and half");
  x.idle_timeout = 50ms;
  const auto half = client.run(x);
  BOOST_TEST((half.failure == transport_error::idle_timeout));
  BOOST_TEST((half.elapsed >= 450ms && half.elapsed < 5s));
  x = exchanges::post(3, server.url(), "never");
  x.idle_timeout = 50ms;
  x.timeout = 300ms;
  const auto never = client.run(x);
  BOOST_TEST((never.failure == transport_error::timeout));
  BOOST_TEST((never.elapsed >= 300ms && never.elapsed < 5s));
}

BOOST_AUTO_TEST_CASE(bytes_hold_off_the_idle_timeout) {
  raw_server server{[](const raw_request&) {
    raw_reply reply = ok_reply(std::string(10, 'x'));
    reply.drip_interval_ms = 5;
    return reply;
  }};
  exchanges client;
  core::exchange x = exchanges::post(1, server.url());
  x.idle_timeout = 300ms;
  const auto r = client.run(x); // About 90 bytes, 5 ms each.
  BOOST_TEST_CONTEXT(r.failure_text) BOOST_TEST((r.failure == transport_error::none));
  BOOST_TEST((r.elapsed > 300ms));
}

BOOST_AUTO_TEST_CASE(cancel_ends_what_is_in_flight_and_nothing_else) {
  raw_server server{
    [](const raw_request& r) { return r.body == "hang" ? raw("", ending::hang) : ok_reply("ok"); }};
  exchanges client;
  client.loop.cancel(99);
  client.loop.submit(
    {exchanges::post(1, server.url(), "hang"), exchanges::post(2, server.url(), "hang")});
  client.loop.cancel(1);
  client.loop.cancel(1);
  client.loop.cancel(77);
  BOOST_TEST((client.wait_for(1).failure == transport_error::cancelled));
  BOOST_TEST((client.run(exchanges::post(1, server.url())).failure == transport_error::none));
  BOOST_TEST(client.loop.in_flight() == 1u);
  client.loop.cancel(2);
  BOOST_TEST((client.wait_for(2).failure == transport_error::cancelled));
  BOOST_TEST((client.counts() == std::pair<size_t, size_t>{3, 0}));
}

BOOST_AUTO_TEST_CASE(a_loop_with_transfers_in_flight_stops_at_once) {
  raw_server server{[](const raw_request&) { return raw("", ending::hang); }};
  const full_backlog deaf;
  const auto begin = std::chrono::steady_clock::now();
  {
    exchanges client;
    std::vector<core::exchange> batch;
    for (uint64_t id = 0; id < 300; ++id)
      batch.push_back(exchanges::post(id, id % 10 == 0   ? deaf.url()
                                          : id % 10 == 1 ? "http://does-not-exist.invalid/"
                                                         : server.url()));
    batch.push_back(exchanges::post(999, "")); // Fails at once; the others have begun before.
    client.loop.submit(std::move(batch));
    client.wait_for(999);
    BOOST_TEST(client.loop.in_flight() >= 200u);
  }
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 5s));
}

BOOST_AUTO_TEST_CASE(what_deliver_throws_does_not_stop_the_loop) {
  raw_server server{[](const raw_request&) { return ok_reply("ok"); }};
  std::atomic<int> calls{0};
  std::promise<void> second;
  io::curl_loop loop{{}, [&](std::vector<core::completion>) {
                       if (++calls == 2)
                         return second.set_value();
                       loop.submit({exchanges::post(2, server.url())});
                       throw std::runtime_error{"a bug of the caller"};
                     }};
  loop.submit({exchanges::post(1, server.url())});
  BOOST_TEST((second.get_future().wait_for(30s) == std::future_status::ready));
}

BOOST_AUTO_TEST_CASE(a_broken_loop_fails_every_exchange_with_the_reason) {
  raw_server server{
    [](const raw_request& r) { return r.body == "hang" ? raw("", ending::hang) : ok_reply("ok"); }};
  const std::set<int> before = epoll_descriptors();
  exchanges client;
  BOOST_REQUIRE((client.run(exchanges::post(1, server.url())).failure == transport_error::none));
  client.loop.submit({exchanges::post(2, server.url(), "hang"), exchanges::post(5, server.url())});
  client.wait_for(5); // So 2 has begun.
  // Replaces the epoll descriptor by another file, so that the next wait fails.
  const int null = ::open("/dev/null", O_RDONLY);
  for (const int fd : epoll_descriptors())
    if (!before.contains(fd))
      ::dup2(null, fd);
  ::close(null);
  std::vector<core::http_response> ends;
  for (const uint64_t id : {3, 4})
    ends.push_back(client.run(exchanges::post(id, server.url(), "hang")));
  ends.push_back(client.wait_for(2));
  for (const auto& r : ends)
    BOOST_TEST_CONTEXT(r.failure_text) {
      BOOST_TEST((r.failure == transport_error::other));
      BOOST_TEST(r.failure_text.find("epoll_wait: Invalid argument") != std::string::npos);
    }
  BOOST_TEST(!ends[1].sent);
  BOOST_TEST(ends[2].sent); // It may have been answered.
  BOOST_TEST(client.loop.in_flight() == 0u);
  BOOST_TEST((client.counts() == std::pair<size_t, size_t>{5, 0}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
