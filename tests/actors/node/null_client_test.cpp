#include "actors/node/null_client.hpp"

#include "tests/support/deterministic_system.hpp"

using namespace penstock;
using namespace std::chrono_literals;

namespace {

struct null_fixture : test::deterministic_system {
  http_client_actor client = spawn(actors::null_client, std::nullopt);

  void send(uint64_t id, duration latency) {
    auto what = std::make_shared<core::exchange>();
    what->id = id;
    what->request.url = core::null_base_url(latency) + "/v1/chat/completions";
    what->request.body = core::make_payload(R"({"messages":[]})");
    self->send(client, atom::send_v, exchange_call{std::move(what)});
    run();
  }

  /// The ids answered so far, with their elapsed time or the failure.
  std::vector<std::pair<uint64_t, std::string>> replies() {
    std::vector<std::pair<uint64_t, std::string>> out;
    while (self->has_next_message())
      self->receive([&](atom::reply, const exchange_reply& r) {
        const auto& said = *r.response;
        out.emplace_back(r.id, said.failure == core::transport_error::none
                                 ? std::to_string(said.elapsed / 1ms) + " ms"
                                 : std::string{to_string(said.failure)});
      });
    return out;
  }
};

using answers = std::vector<std::pair<uint64_t, std::string>>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(null_client_suite, null_fixture)

BOOST_AUTO_TEST_CASE(without_a_latency_the_answer_is_there_at_once) {
  send(7, {});
  BOOST_TEST((replies() == answers{{7, "0 ms"}}));
}

BOOST_AUTO_TEST_CASE(answers_come_when_their_latency_is_over) {
  send(1, 30ms);
  send(2, 10ms);
  send(3, 10ms);
  BOOST_TEST(replies().empty());
  advance(9ms);
  BOOST_TEST(replies().empty());
  advance(1ms);
  BOOST_TEST((replies() == answers{{2, "10 ms"}, {3, "10 ms"}}));
  send(4, 15ms);
  advance(15ms);
  BOOST_TEST((replies() == answers{{4, "15 ms"}}));
  advance(5ms);
  BOOST_TEST((replies() == answers{{1, "30 ms"}}));
}

BOOST_AUTO_TEST_CASE(what_is_aborted_is_answered_once) {
  send(1, 30ms);
  send(2, 30ms);
  self->send(client, atom::abort_v, uint64_t{1});
  self->send(client, atom::abort_v, uint64_t{99});
  run();
  BOOST_TEST((replies() == answers{{1, "cancelled"}}));
  advance(1s);
  BOOST_TEST((replies() == answers{{2, "30 ms"}}));
}

BOOST_AUTO_TEST_SUITE_END()
