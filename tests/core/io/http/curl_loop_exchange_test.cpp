// Exchanges with a healthy server: requests, headers, reuse, many at once, TLS.
#include "tests/support/exchanges.hpp"
#include "tests/support/raw_server.hpp"

#include <boost/test/unit_test.hpp>

#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <future>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace penstock;
using core::transport_error;
using test::exchanges;
using test::ok_reply;
using test::raw_request;
using test::raw_server;

namespace {

test::raw_reply echo(const raw_request& r) { return ok_reply(r.head + r.body); }

/// `size` zero bytes as gzip, which is about a thousandth of the size.
std::string gzip_of_zeros(size_t size) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string zeros(size, '\0');
  std::string out(deflateBound(&z, size), '\0');
  z.next_in = reinterpret_cast<Bytef*>(zeros.data());
  z.avail_in = static_cast<uInt>(zeros.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

/// A PEM file that is removed after the test.
struct ca_file {
  explicit ca_file(const std::string& pem) : path{std::tmpnam(nullptr)} {
    std::ofstream{path} << pem;
  }
  ~ca_file() { std::remove(path.c_str()); }
  std::string path;
};

BOOST_AUTO_TEST_SUITE(curl_loop_exchange)

BOOST_AUTO_TEST_CASE(a_request_arrives_as_given_and_its_answer_comes_back_whole) {
  raw_server server{
    [](const raw_request& r) { return ok_reply(r.head + r.body, "X-Request-ID:  abc \r\n"); }};
  exchanges client;
  core::exchange x = exchanges::post(7, server.url("/v1/x?y=1"), "{\"a\":1}");
  x.request.headers.emplace_back("Authorization", "Bearer key");
  x.request.headers.emplace_back("X-Empty", "");
  const auto r = client.run(std::move(x));
  BOOST_TEST_CONTEXT(r.failure_text) BOOST_REQUIRE((r.failure == transport_error::none));
  BOOST_TEST(r.status == 200);
  BOOST_TEST(r.sent);
  BOOST_TEST((r.elapsed > 0ns && r.elapsed < 30s));
  BOOST_TEST(core::header(r, "x-request-id") == "abc");
  BOOST_TEST(r.body.starts_with("POST /v1/x?y=1 HTTP/1.1\r\n"));
  BOOST_TEST(r.body.ends_with("\r\n\r\n{\"a\":1}"));
  for (const char* wanted : {"Content-Type: application/json\r\n", "Authorization: Bearer key\r\n",
                             "X-Empty:", "Content-Length: 7\r\n", "User-Agent: penstock\r\n",
                             "Accept-Encoding: gzip, deflate\r\n"})
    BOOST_TEST(r.body.find(wanted) != std::string::npos, "missing: " << wanted);
  BOOST_TEST(r.body.find("Expect") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_handle_serves_all_methods_in_turn) {
  raw_server server{echo};
  exchanges client;
  uint64_t id = 0;
  for (const char* method : {"POST", "GET", "DELETE", "PUT", "GET", "POST", "DELETE", "POST"}) {
    core::exchange x = exchanges::post(++id, server.url());
    x.request.method = method;
    const bool has_body = x.request.method == "POST" || x.request.method == "PUT";
    x.request.body = core::make_payload(has_body ? "body" : "");
    const auto r = client.run(std::move(x));
    BOOST_TEST_CONTEXT(method << ": " << r.failure_text << r.body) {
      BOOST_TEST(r.body.starts_with(std::string{method} + " /v1"));
      BOOST_TEST(r.body.ends_with("\r\n\r\nbody") == has_body);
    }
  }
  BOOST_TEST(server.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(a_large_body_is_sent_without_waiting_for_100_continue) {
  raw_server server{[](const raw_request& r) { return ok_reply(std::to_string(r.body.size())); }};
  exchanges client;
  const auto r = client.run(exchanges::post(1, server.url(), std::string(5u << 20, 'x')));
  BOOST_TEST(r.body == std::to_string(5u << 20));
  BOOST_TEST((r.elapsed < 900ms)); // libcurl would wait 1 s for a 100 if it asked for one.
}

BOOST_AUTO_TEST_CASE(redirects_and_errors_are_answers) {
  raw_server server{[](const raw_request& r) {
    return test::raw_reply{
      .bytes = r.index == 0 ? "HTTP/1.1 302 Found\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n"
                            : "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 429 "
                              "Slow\r\nContent-Length: 2\r\n\r\nno"};
  }};
  exchanges client;
  BOOST_TEST(client.run(exchanges::post(1, server.url())).status == 302);
  const auto r = client.run(exchanges::post(2, server.url()));
  BOOST_TEST(r.status == 429);
  BOOST_TEST(r.body == "no");
  BOOST_TEST(core::header(r, "a").empty());
  BOOST_TEST(server.requests() == 2u);
}

BOOST_AUTO_TEST_CASE(bad_requests_fail_without_a_connection) {
  raw_server server{echo};
  exchanges client;
  core::exchange smuggler = exchanges::post(1, server.url());
  smuggler.request.headers.emplace_back("X-A", "b\r\nX-C: d");
  core::exchange method = exchanges::post(2, server.url());
  method.request.method = "BREW";
  const core::exchange scheme = exchanges::post(3, "file:///etc/hostname");
  const core::exchange empty = exchanges::post(4, "");
  for (const core::exchange& x : {smuggler, method, scheme, empty}) {
    const auto r = client.run(x);
    BOOST_TEST_CONTEXT(x.id) {
      BOOST_TEST((r.failure == transport_error::other));
      BOOST_TEST(!r.failure_text.empty());
      BOOST_TEST(!r.sent);
      BOOST_TEST(r.status == 0);
    }
  }
  BOOST_TEST(server.connections() == 0u);
  BOOST_TEST(client.run(exchanges::post(5, server.url())).status == 200);
}

BOOST_AUTO_TEST_CASE(thousands_of_exchanges_complete_exactly_once_on_few_connections) {
  constexpr size_t total = 2000, width = 256;
  for (const uint32_t loops : {1u, 3u}) {
    raw_server server{echo};
    std::atomic<size_t> submitted{width}, done{0}, good{0}, deliveries{0};
    std::vector<std::atomic<int>> seen(total);
    std::promise<void> finished;
    io::curl_loop* self = nullptr;
    auto make = [&](size_t id) {
      return exchanges::post(id, server.url(), "body " + std::to_string(id) + ".");
    };
    auto on_batch = [&](std::vector<core::completion> batch) {
      ++deliveries;
      std::vector<core::exchange> next;
      for (const auto& c : batch) {
        ++seen[c.id];
        good += c.response.body.ends_with("\nbody " + std::to_string(c.id) + ".") ? 1 : 0;
        if (const size_t id = submitted++; id < total)
          next.push_back(make(id));
      }
      const size_t count = batch.size();
      self->submit(std::move(next));
      if (done.fetch_add(count) + count == total)
        finished.set_value();
    };
    io::curl_loop loop{{.loops = loops}, on_batch};
    self = &loop;
    std::vector<core::exchange> first;
    for (size_t id = 0; id < width; ++id)
      first.push_back(make(id));
    loop.submit(std::move(first));
    BOOST_REQUIRE((finished.get_future().wait_for(30s) == std::future_status::ready));
    BOOST_TEST(good == total);
    BOOST_TEST(std::ranges::all_of(seen, [](const auto& n) { return n == 1; }));
    BOOST_TEST(server.requests() == total);
    // On a busy machine one loop may have all exchanges in flight for some time.
    BOOST_TEST(server.connections() <= loops * width);
    BOOST_TEST(deliveries < total);
    BOOST_TEST(loop.in_flight() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(an_id_in_flight_is_refused_a_second_time) {
  raw_server server{[](const raw_request& r) {
    return r.body == "hang" ? test::raw_reply{.after = test::raw_reply::ending::hang}
                            : ok_reply("ok");
  }};
  exchanges client;
  client.loop.submit({exchanges::post(1, server.url(), "hang"), exchanges::post(1, server.url())});
  const auto r = client.wait_for(1);
  BOOST_TEST((r.failure == transport_error::other));
  client.loop.cancel(1);
  BOOST_TEST((client.wait_for(1).failure == transport_error::cancelled));
}

BOOST_AUTO_TEST_CASE(a_gzip_answer_is_unpacked_and_a_gzip_bomb_is_cut_off) {
  const std::string packed = gzip_of_zeros(8u << 20);
  BOOST_REQUIRE(packed.size() < 64u << 10);
  raw_server server{
    [&](const raw_request&) { return ok_reply(packed, "Content-Encoding: gzip\r\n"); }};
  exchanges client;
  const auto whole = client.run(exchanges::post(1, server.url()));
  BOOST_TEST_CONTEXT(whole.failure_text) BOOST_TEST(whole.body.size() == 8u << 20);
  core::exchange bomb = exchanges::post(2, server.url());
  bomb.body_max = 1u << 20;
  const auto cut = client.run(bomb);
  BOOST_TEST((cut.failure == transport_error::body_too_large));
  BOOST_TEST(cut.body.empty());
}

BOOST_AUTO_TEST_CASE(a_certificate_is_trusted_only_through_the_given_ca) {
  const auto identity = test::make_tls_identity();
  const ca_file ca{identity.certificate};
  raw_server server{echo, identity};
  exchanges stranger;
  const auto refused = stranger.run(exchanges::post(1, server.url()));
  BOOST_TEST((refused.failure == transport_error::tls));
  BOOST_TEST(!refused.sent);
  exchanges friendly{{.ca_file = ca.path}};
  const auto r = friendly.run(exchanges::post(1, server.url()));
  BOOST_TEST_CONTEXT(r.failure_text) BOOST_TEST((r.failure == transport_error::none));
  exchanges careless{{.verify_certificates = false}};
  BOOST_TEST((careless.run(exchanges::post(1, server.url())).failure == transport_error::none));
  BOOST_TEST(server.requests() == 2u);
}

BOOST_AUTO_TEST_CASE(many_start_at_once_without_waiting_for_each_other) {
  // The server answers only when all requests have come. If one waited for the answer to another,
  // there would be no answer.
  constexpr size_t width = 200;
  const auto identity = test::make_tls_identity();
  const ca_file ca{identity.certificate};
  auto last_only = [](const raw_request& r) {
    return (r.index + 1) % width == 0 ? ok_reply("last")
                                      : test::raw_reply{.after = test::raw_reply::ending::hang};
  };
  raw_server plain{last_only};
  raw_server secure{last_only, identity};
  for (const raw_server* server : {&plain, &secure}) {
    exchanges client{{.ca_file = ca.path}};
    std::vector<core::exchange> batch;
    for (size_t id = 0; id < width; ++id)
      batch.push_back(exchanges::post(id, server->url()));
    client.loop.submit(std::move(batch));
    client.wait_for_count(1);
    BOOST_TEST(server->requests() == width);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
