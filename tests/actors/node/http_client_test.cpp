#include "actors/node/http_client.hpp"

#include "messages/system_config.hpp"
#include "tests/support/raw_server.hpp"

#include <caf/all.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

/// Sends `count` exchanges and completes the promise when all are answered.
struct sender_state {
  std::vector<exchange_reply> replies;
};

reply_taker_actor::behavior_type
sender(reply_taker_actor::stateful_pointer<sender_state> self, http_client_actor client,
       std::string url, uint64_t count, bool abort,
       std::shared_ptr<std::promise<std::vector<exchange_reply>>> all) {
  for (uint64_t id = 1; id <= count; ++id) {
    auto call = std::make_shared<core::exchange>();
    call->id = id;
    call->request.url = url;
    call->request.body = core::make_payload("{}");
    call->timeout = 20s;
    self->send(client, atom::send_v, exchange_call{std::move(call)});
    if (abort)
      self->send(client, atom::abort_v, id);
  }
  return {[=](atom::reply, const exchange_reply& reply) {
    auto& got = self->state.replies;
    got.push_back(reply);
    if (got.size() == count)
      all->set_value(got);
  }};
}

// These cases wait for a real loop and a real socket, in real time, without sleeping.
struct fixture {
  system_config config;
  caf::actor_system sys{config};
  http_client_actor client = sys.spawn(actors::http_client, io::curl_loop_settings{});
  std::vector<caf::actor> senders;

  ~fixture() {
    for (auto& s : senders)
      caf::anon_send_exit(s, caf::exit_reason::kill);
    caf::anon_send_exit(client, caf::exit_reason::kill);
  }

  std::vector<exchange_reply> exchange(const std::string& url, uint64_t count, bool abort = false) {
    auto all = std::make_shared<std::promise<std::vector<exchange_reply>>>();
    auto replies = all->get_future();
    senders.push_back(
      caf::actor_cast<caf::actor>(sys.spawn(sender, client, url, count, abort, all)));
    BOOST_REQUIRE((replies.wait_for(30s) == std::future_status::ready));
    return replies.get();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(http_client_suite, fixture)

BOOST_AUTO_TEST_CASE(every_exchange_gets_its_own_answer_once) {
  test::raw_server server{[](const test::raw_request&) { return test::ok_reply("yes"); }};
  auto replies = exchange(server.url(), 50);
  std::set<uint64_t> ids;
  for (auto& r : replies) {
    ids.insert(r.id);
    BOOST_TEST(r.response->body == "yes");
  }
  BOOST_TEST(ids.size() == 50u);
  BOOST_TEST(server.requests() == 50u);
}

BOOST_AUTO_TEST_CASE(an_aborted_exchange_says_so) {
  test::raw_server server{[](const test::raw_request&) {
    return test::raw_reply{.after = test::raw_reply::ending::hang};
  }};
  auto replies = exchange(server.url(), 1, true);
  BOOST_TEST((replies[0].response->failure == core::transport_error::cancelled));
}

BOOST_AUTO_TEST_CASE(a_refused_connection_is_an_answer_too) {
  uint16_t port = 0;
  {
    test::raw_server gone{[](const test::raw_request&) { return test::ok_reply(""); }};
    port = gone.port();
  }
  auto replies = exchange("http://127.0.0.1:" + std::to_string(port) + "/", 3);
  for (auto& r : replies)
    BOOST_TEST((r.response->failure == core::transport_error::connect));
}

BOOST_AUTO_TEST_CASE(a_client_killed_with_exchanges_under_way_ends_at_once) {
  std::atomic<int> arrived{0};
  test::raw_server server{[&](const test::raw_request&) {
    ++arrived;
    return test::raw_reply{.after = test::raw_reply::ending::hang};
  }};
  caf::scoped_actor self{sys, true};
  for (uint64_t id = 1; id <= 8; ++id) {
    auto call = std::make_shared<core::exchange>();
    call->id = id;
    call->request.url = server.url();
    self->send(client, atom::send_v, exchange_call{std::move(call)});
  }
  self->monitor(client);
  caf::anon_send_exit(client, caf::exit_reason::kill);
  bool down = false;
  self->receive([&](const caf::down_msg&) { down = true; }, caf::after(20s) >> [] {});
  BOOST_TEST(down);
}

BOOST_AUTO_TEST_SUITE_END()
