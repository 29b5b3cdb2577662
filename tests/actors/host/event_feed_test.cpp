#include "actors/host/event_feed.hpp"
#include "messages/system_config.hpp"

#include <caf/all.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>

using namespace penstock;
using namespace penstock::actors;
using namespace std::chrono_literals;

namespace {

/// Answers a subscription with one event of job `first`, and each credit with the next job.
caf::behavior event_source(caf::event_based_actor* self, uint64_t first) {
  auto next = std::make_shared<uint64_t>(first);
  const auto tell = [=] {
    job_event event;
    event.job = event.info.id = (*next)++;
    event.number = 1;
    event.changes = job_change::snapshot;
    self->send(caf::actor_cast<caf::actor>(self->current_sender()), atom::events_v,
               std::vector{event});
  };
  return {
    [=](atom::subscribe, const event_query&) { tell(); },
    [=](atom::credit, uint32_t) { tell(); },
  };
}

struct feed_fixture {
  system_config config;
  caf::actor_system sys{config};
  caf::actor engine = sys.spawn(event_source, uint64_t{1});
  head_session head{sys, [this](duration) -> result<engine_actor> { return handle(); }, "here"};

  ~feed_fixture() { kill(); }
  void kill() const { caf::anon_send_exit(engine, caf::exit_reason::kill); }
  engine_actor handle() const { return caf::actor_cast<engine_actor>(engine); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(event_feed_suite, feed_fixture)

BOOST_AUTO_TEST_CASE(taking_events_gives_credit_for_more) {
  BOOST_REQUIRE(head.connect(1s).has_value());
  event_feed feed{head, {}};
  for (uint64_t job = 1; job <= 100; ++job) {
    const auto events = feed.next(10s);
    BOOST_REQUIRE(events.has_value());
    BOOST_REQUIRE(events->size() == 1u);
    BOOST_TEST(events->front().job == job);
  }
}

BOOST_AUTO_TEST_CASE(after_a_reconnect_the_feed_subscribes_again) {
  BOOST_REQUIRE(head.connect(1s).has_value());
  event_feed feed{head, {}};
  BOOST_REQUIRE(feed.next(10s).has_value());
  BOOST_REQUIRE(feed.next(10s).has_value()); // Only the answer to our credit is on its way.
  const auto seen = head.generation();
  kill();
  result<std::vector<job_event>> broken = std::vector<job_event>{};
  while (broken)
    broken = feed.next(10s);
  BOOST_TEST((broken.error().code == errc::connection_failed));
  engine = sys.spawn(event_source, uint64_t{1000});
  BOOST_REQUIRE(head.reconnect(broken.error(), seen).has_value());
  const auto again = feed.next(10s);
  BOOST_REQUIRE(again.has_value());
  BOOST_REQUIRE(again->size() == 1u);
  BOOST_TEST(again->front().job == 1000u);
}

BOOST_AUTO_TEST_CASE(without_a_connection_it_says_so_at_once) {
  event_feed feed{head, {}};
  const auto events = feed.next(1h);
  BOOST_REQUIRE(!events);
  BOOST_TEST((events.error().code == errc::connection_failed));
}

BOOST_AUTO_TEST_SUITE_END()
