#include "actors/host/head_session.hpp"
#include "messages/system_config.hpp"

#include <caf/all.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <thread>

using namespace penstock;
using namespace penstock::actors;
using namespace std::chrono_literals;

namespace {

/// Answers numbers of retried requests in the order of the questions. Does not answer for jobs
/// above 1,000.
caf::behavior fake_engine(caf::event_based_actor* self) {
  auto asked = std::make_shared<uint64_t>(0);
  return {
    [=](atom::retry, uint64_t job) -> caf::result<uint64_t> {
      if (job > 1000)
        return self->make_response_promise<uint64_t>();
      if (job == 0)
        return to_caf({errc::not_found, "no job 0"});
      return ++*asked;
    },
  };
}

struct session_fixture {
  system_config config;
  caf::actor_system sys{config};
  caf::actor engine = sys.spawn(fake_engine);
  std::atomic<int> finds{0};

  ~session_fixture() { kill(); }
  void kill() const { caf::anon_send_exit(engine, caf::exit_reason::kill); }
  engine_actor handle() const { return caf::actor_cast<engine_actor>(engine); }
  engine_finder finder() {
    return [this](duration) -> result<engine_actor> {
      if (++finds <= 2) // The head is on its way.
        return error{errc::connection_failed, "nobody there"};
      engine = sys.spawn(fake_engine);
      return handle();
    };
  }
};

template <class T>
errc code_of(const result<T>& r) {
  return r ? errc{} : r.error().code;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(head_session_suite, session_fixture)

BOOST_AUTO_TEST_CASE(answers_and_errors_of_the_engine_come_through) {
  head_session head{sys, handle()};
  BOOST_TEST(head.ask<uint64_t>(10s, atom::retry_v, uint64_t{5}).value() == 1u);
  const auto wrong = head.ask<uint64_t>(10s, atom::retry_v, uint64_t{0});
  BOOST_TEST((code_of(wrong) == errc::not_found));
  BOOST_TEST(wrong.error().context == "no job 0");
}

BOOST_AUTO_TEST_CASE(questions_arrive_in_their_order) {
  head_session head{sys, handle()};
  std::vector<pending_answer<uint64_t>> all;
  for (uint64_t i = 1; i <= 1000; ++i)
    all.push_back(head.start<uint64_t>(60s, atom::retry_v, i));
  for (uint64_t i = 1; i <= 1000; ++i)
    if (all[i - 1].wait().value() != i)
      BOOST_FAIL("question " << i << " was overtaken");
}

BOOST_AUTO_TEST_CASE(a_dead_engine_ends_what_waits_and_what_comes) {
  head_session head{sys, handle()};
  auto waiting = head.start<uint64_t>(1h, atom::retry_v, uint64_t{2000});
  BOOST_TEST(head.ask<uint64_t>(10s, atom::retry_v, uint64_t{1}).has_value());
  kill();
  BOOST_TEST((code_of(waiting.wait()) == errc::connection_failed));
  BOOST_TEST(
    (code_of(head.ask<uint64_t>(10s, atom::retry_v, uint64_t{1})) == errc::connection_failed));
}

BOOST_AUTO_TEST_CASE(silence_is_a_broken_connection) {
  head_session head{sys, handle()};
  BOOST_TEST(
    (code_of(head.ask<uint64_t>(10ms, atom::retry_v, uint64_t{2000})) == errc::connection_failed));
}

BOOST_AUTO_TEST_CASE(an_interruption_ends_all_waiting) {
  head_session head{sys, handle()};
  auto waiting = head.start<uint64_t>(1h, atom::retry_v, uint64_t{2000});
  std::thread other{[&] { head.interrupt(); }};
  BOOST_TEST((code_of(waiting.wait()) == errc::cancelled));
  other.join();
  BOOST_TEST(!head.pause(1h));
  BOOST_TEST((code_of(head.persist([&]() -> result<int> {
                return error{errc::connection_failed, "gone"};
              })) == errc::cancelled));
}

BOOST_AUTO_TEST_CASE(a_head_is_found_again) {
  head_session head{sys, finder(), "somewhere"};
  std::vector<std::string> told;
  head.on_change([&](const std::string& text) { told.push_back(text); });
  BOOST_TEST((code_of(head.connect(1s)) == errc::connection_failed));
  finds = 2;
  BOOST_REQUIRE(head.connect(1s).has_value());
  finds = 0;
  kill();
  const auto before = head.generation();
  const auto answer =
    head.persist([&] { return head.ask<uint64_t>(10s, atom::retry_v, uint64_t{1}); });
  BOOST_TEST(answer.value() == 1u);
  BOOST_TEST(head.generation() == before + 1);
  BOOST_REQUIRE(told.size() == 2u); // One line when the head was lost, one when it was found.
  BOOST_TEST(told[0].find("trying again") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(patience_has_an_end) {
  head_session head{sys,
                    [](duration) -> result<engine_actor> {
                      return error{errc::connection_failed, "nobody there"};
                    },
                    "somewhere"};
  head.set_patience(50ms);
  const auto end = head.reconnect({errc::connection_failed, "gone"});
  BOOST_TEST((code_of(end) == errc::connection_failed));
  BOOST_TEST(end.error().context == "nobody there");
  // An error that another try cannot repair ends it at once.
  head_session other{sys,
                     [](duration) -> result<engine_actor> {
                       return error{errc::incompatible, "protocol 2"};
                     },
                     "somewhere"};
  BOOST_TEST((code_of(other.reconnect({errc::connection_failed, "gone"})) == errc::incompatible));
}

BOOST_AUTO_TEST_CASE(a_session_may_end_with_questions_open) {
  for (int i = 0; i < 20; ++i) {
    head_session head{sys, handle()};
    auto one = head.start<uint64_t>(1h, atom::retry_v, uint64_t{2000});
    auto two = head.start<uint64_t>(1h, atom::retry_v, uint64_t{3});
    if (i % 2)
      BOOST_TEST(two.wait().has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
