// Answers in parts: credits, pauses, ends in the middle.
#include "tests/support/exchanges.hpp"
#include "tests/support/raw_server.hpp"

#include <boost/test/unit_test.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using namespace penstock;
using core::transport_error;
using test::exchanges;
using test::ok_reply;
using test::raw_request;
using test::raw_server;

namespace {

/// Keeps the parts, and can wait for them.
class part_log final : public core::part_taker {
public:
  void head(uint64_t, int status, const std::vector<core::http_header>& headers) override {
    const std::lock_guard lock{mutex_};
    ++heads_;
    status_ = status;
    for (auto& [name, value] : headers)
      if (name == "content-type")
        type_ = value;
    changed_.notify_all();
  }
  void part(uint64_t, std::string_view bytes) override {
    const std::lock_guard lock{mutex_};
    BOOST_TEST(heads_ == 1);
    body_ += bytes;
    largest_ = std::max(largest_, bytes.size());
    changed_.notify_all();
  }
  template <class Predicate>
  bool wait(Predicate is_enough) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, 30s, [&] { return is_enough(); });
  }
  std::string body() {
    const std::lock_guard lock{mutex_};
    return body_;
  }
  size_t size() const { return body_.size(); } ///< Only in a predicate.
  int heads() const { return heads_; }         ///< The same.
  int status() {
    const std::lock_guard lock{mutex_};
    return status_;
  }
  size_t largest() {
    const std::lock_guard lock{mutex_};
    return largest_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int heads_ = 0, status_ = 0;
  std::string type_, body_;
  size_t largest_ = 0;
};

std::string numbered(size_t size) {
  std::string text;
  while (text.size() < size)
    text += std::to_string(text.size()) + "\n";
  text.resize(size);
  return text;
}

core::exchange in_parts(uint64_t id, const raw_server& server, std::shared_ptr<part_log> log,
                        uint64_t credit, std::string body = "{}") {
  auto x = exchanges::post(id, server.url(), std::move(body));
  x.parts = std::move(log);
  x.credit = credit;
  return x;
}

BOOST_AUTO_TEST_SUITE(curl_loop_parts)

BOOST_AUTO_TEST_CASE(head_and_parts_come_before_the_completion) {
  const auto text = numbered(200'000);
  raw_server server{[&](const raw_request&) { return ok_reply(text); }};
  exchanges client;
  auto log = std::make_shared<part_log>();
  const auto r = client.run(in_parts(1, server, log, ~uint64_t{0}));
  BOOST_TEST_CONTEXT(r.failure_text) BOOST_TEST((r.failure == transport_error::none));
  BOOST_TEST(r.status == 200);
  BOOST_TEST(r.body.empty());
  BOOST_TEST(log->status() == 200);
  BOOST_TEST((log->body() == text));
  // The handle is used for a whole answer next.
  const auto whole = client.run(exchanges::post(2, server.url()));
  BOOST_TEST((whole.body == text));
}

BOOST_AUTO_TEST_CASE(without_credit_nothing_comes_and_nothing_is_lost) {
  const auto text = numbered(300'000);
  raw_server server{[&](const raw_request&) { return ok_reply(text); }};
  exchanges client;
  auto log = std::make_shared<part_log>();
  auto x = in_parts(1, server, log, 0);
  x.idle_timeout = 50ms; // Does not count while we give no credit.
  client.loop.submit({x});
  BOOST_REQUIRE(log->wait([&] { return log->heads() == 1; }));
  size_t granted = 0;
  while (granted < text.size()) {
    const size_t before = log->body().size();
    BOOST_TEST(before <= granted + 16'384); // At most one part more.
    if (before == 0)
      std::this_thread::sleep_for(200ms); // Four idle timeouts.
    granted += 50'000;
    client.loop.grant(1, 50'000);
    BOOST_REQUIRE(log->wait([&] { return log->size() >= std::min(granted, text.size()); }));
  }
  const auto r = client.wait_for(1);
  BOOST_TEST_CONTEXT(r.failure_text) BOOST_TEST((r.failure == transport_error::none));
  BOOST_TEST((log->body() == text));
  BOOST_TEST(log->largest() <= 16'384u);
  client.loop.grant(1, 1); // Its exchange has ended.
}

BOOST_AUTO_TEST_CASE(an_upstream_that_falls_silent_after_a_grant_is_idle) {
  raw_server server{[](const raw_request&) {
    return test::raw_reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nxx",
                           .after = test::raw_reply::ending::hang};
  }};
  exchanges client;
  auto log = std::make_shared<part_log>();
  auto x = in_parts(1, server, log, 0);
  x.idle_timeout = 100ms;
  client.loop.submit({x});
  BOOST_REQUIRE(log->wait([&] { return log->heads() == 1; }));
  client.loop.grant(1, 1000);
  const auto r = client.wait_for(1);
  BOOST_TEST((r.failure == transport_error::idle_timeout));
  BOOST_TEST(r.status == 200);
  BOOST_TEST(log->body() == "xx");
}

BOOST_AUTO_TEST_CASE(a_cancel_ends_a_paused_answer_and_leaves_the_handle_usable) {
  const auto text = numbered(500'000);
  raw_server server{[&](const raw_request&) { return ok_reply(text); }};
  exchanges client;
  for (uint64_t id = 1; id < 20; id += 2) {
    auto log = std::make_shared<part_log>();
    client.loop.submit({in_parts(id, server, log, 1)});
    BOOST_REQUIRE(log->wait([&] { return log->size() > 0; }));
    client.loop.cancel(id);
    client.loop.grant(id, 1000);
    BOOST_TEST((client.wait_for(id).failure == transport_error::cancelled));
    const auto seen = log->body();
    BOOST_TEST((text.starts_with(seen) && seen.size() <= 16'384));
    const auto whole = client.run(exchanges::post(id + 1, server.url()));
    BOOST_TEST_CONTEXT(whole.failure_text) BOOST_TEST((whole.body == text));
  }
}

BOOST_AUTO_TEST_CASE(the_cap_and_the_timeout_hold_for_parts_too) {
  const auto text = numbered(100'000);
  raw_server server{[&](const raw_request& r) {
    return r.body == "chunked" ? test::raw_reply{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                                                          "chunked\r\n\r\n186a0\r\n" +
                                                          text + "\r\n0\r\n\r\n"}
                               : ok_reply(text);
  }};
  exchanges client;
  auto log = std::make_shared<part_log>();
  auto x = in_parts(1, server, log, ~uint64_t{0}, "chunked");
  x.body_max = 50'000;
  BOOST_TEST((client.run(x).failure == transport_error::body_too_large));
  BOOST_TEST(log->body().size() <= 50'000u);
  log = std::make_shared<part_log>();
  x = in_parts(2, server, log, 0);
  x.timeout = 200ms; // Also without any credit.
  BOOST_TEST((client.run(x).failure == transport_error::timeout));
  BOOST_TEST(log->body().empty());
}

BOOST_AUTO_TEST_CASE(many_at_once_get_their_own_bytes) {
  raw_server server{[](const raw_request& r) { return ok_reply(r.body + numbered(40'000)); }};
  exchanges client{{.loops = 2}};
  std::vector<std::shared_ptr<part_log>> logs;
  std::vector<core::exchange> batch;
  for (uint64_t id = 0; id < 40; ++id) {
    logs.push_back(std::make_shared<part_log>());
    batch.push_back(in_parts(id, server, logs.back(), 0, "answer " + std::to_string(id) + "\n"));
  }
  client.loop.submit(std::move(batch));
  for (uint64_t id = 0; id < 40; ++id)
    client.loop.grant(id, 100'000);
  client.wait_for_count(40);
  for (uint64_t id = 0; id < 40; ++id)
    BOOST_TEST((logs[id]->body() == "answer " + std::to_string(id) + "\n" + numbered(40'000)));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
