#include "actors/supervisor/supervisor.hpp"

#include "messages/errors.hpp"
#include "tests/support/breaking_store.hpp"
#include "tests/support/deterministic_system.hpp"

#include <set>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

// The HTTP client is real. Without an exchange its thread never wakes.
struct fixture : test::deterministic_system {
  supervisor_actor aut;

  actors::supervisor_setup setup() {
    auto workers = std::make_shared<actors::worker_setup>();
    workers->upstreams.emplace_back();
    workers->upstreams[0].protocol = core::find_protocol("openai");
    workers->routes = core::route_table{{{"a", 0, {"a-*"}}, {"default", 0, {}}}};
    actors::supervisor_setup s;
    s.workers = std::move(workers);
    core::lane_limits lane;
    lane.limit[0] = 60;
    lane.adaptive = false;
    lane.headroom = 1;
    s.lanes = {lane, lane};
    s.slots = 4;
    s.own_threads = false;
    return s;
  }

  void start(std::shared_ptr<io::job_store> jobs = nullptr) {
    auto s = setup();
    s.jobs = std::move(jobs);
    aut = spawn(actors::supervisor, s);
    run();
  }

  wiring wires() { return ask<wiring>(aut, atom::rewire_v); }
  actors::supervisor_state& state() {
    return caf::actor_cast<supervisor_actor::stateful_pointer<actors::supervisor_state>>(aut)
      ->state;
  }
  void kill(const caf::actor& child) {
    caf::anon_send_exit(child, caf::exit_reason::kill);
    run();
  }
  template <class Handle>
  void kill(const Handle& child) {
    kill(caf::actor_cast<caf::actor>(child));
  }
  /// Why the supervisor ended, if it did.
  std::optional<caf::error> end() {
    std::optional<caf::error> reason;
    self->receive([&](const caf::down_msg& m) { reason = m.reason; }, caf::after(0s) >> [] {});
    return reason;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(supervisor_suite, fixture)

BOOST_AUTO_TEST_CASE(a_dead_http_client_is_replaced) {
  start();
  const auto before = wires();
  kill(before.http);
  const auto after = wires();
  BOOST_TEST((after.http != before.http));
  BOOST_TEST((after.limiters == before.limiters));
}

BOOST_AUTO_TEST_CASE(a_limiter_that_follows_a_dead_one_starts_empty) {
  start();
  const auto before = wires();
  const auto dim = static_cast<size_t>(core::dimension::requests_minute);
  BOOST_TEST(ask<core::lane_snapshot>(before.limiters[0], atom::snapshot_v).level[dim] > 50);
  kill(before.limiters[0]);
  const auto after = wires();
  BOOST_TEST((after.limiters[0] != before.limiters[0]));
  BOOST_TEST((after.limiters[1] == before.limiters[1]));
  BOOST_TEST(ask<core::lane_snapshot>(after.limiters[0], atom::snapshot_v).level[dim] < 1);
}

BOOST_AUTO_TEST_CASE(a_cache_is_there_if_it_is_wanted) {
  start();
  BOOST_TEST(!wires().cache);
}

BOOST_AUTO_TEST_CASE(a_dead_cache_is_replaced_and_adopts_before_it_answers) {
  auto with_cache = setup();
  with_cache.cache.emplace();
  with_cache.cache->open = [] {
    return result<std::unique_ptr<io::response_store>>{io::make_memory_store({})};
  };
  aut = spawn(actors::supervisor, with_cache);
  run();
  const auto before = wires();
  BOOST_REQUIRE(before.cache);
  kill(before.cache);
  const auto after = wires();
  BOOST_TEST((after.cache && after.cache != before.cache));
  BOOST_TEST((after.limiters == before.limiters));
  // A restarted cache must wait for the workers that lead.
  auto answers = 0;
  spawn([=, &answers](cache_taker_actor::pointer asker) -> cache_taker_actor::behavior_type {
    asker->send(after.cache, atom::look_up_v, cache_query{1, 1, core::cache_mode::on, "k"});
    return {[](atom::found, const cache_hit&) {}, [&answers](atom::lead, uint64_t) { ++answers; }};
  });
  run();
  BOOST_TEST(answers == 0);
  advance(actors::response_cache_state::adopt_for);
  BOOST_TEST(answers == 1);
}

BOOST_AUTO_TEST_CASE(restarts_wait_longer_each_time) {
  start();
  kill(wires().http);
  const auto second = wires().http;
  kill(second);
  BOOST_TEST((wires().http == second)); // Still the dead actor.
  advance(99ms);
  BOOST_TEST((wires().http == second));
  advance(2ms);
  BOOST_TEST((wires().http != second));
}

BOOST_AUTO_TEST_CASE(a_budget_used_up_ends_the_process_with_one_clear_error) {
  start();
  self->monitor(aut);
  for (int i = 0; i < 5; ++i) {
    kill(wires().limiters[1]);
    advance(5s);
    BOOST_REQUIRE(!end());
  }
  kill(wires().limiters[1]);
  const auto why = end();
  BOOST_REQUIRE(why.has_value());
  BOOST_TEST((why->category() == caf::atom("penstock")));
  BOOST_TEST(caf::to_string(*why).find("rate limiter died too often") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(calm_earns_a_new_budget) {
  start();
  self->monitor(aut);
  for (int i = 0; i < 20; ++i) {
    kill(wires().limiters[1]);
    advance(61s);
  }
  BOOST_TEST(!end());
}

BOOST_AUTO_TEST_CASE(the_death_of_the_engine_ends_the_process) {
  start();
  self->monitor(aut);
  const auto http = wires().http;
  kill(ask<engine_actor>(aut, atom::engine_v));
  const auto why = end();
  BOOST_REQUIRE(why.has_value());
  BOOST_TEST(caf::to_string(*why).find("the engine died") != std::string::npos);
  self->monitor(http);
  run();
  BOOST_TEST(end().has_value());
}

BOOST_AUTO_TEST_CASE(the_engine_takes_jobs_by_value_if_there_is_a_store) {
  start();
  auto refused = self->request(ask<engine_actor>(aut, atom::engine_v), caf::infinite,
                               atom::submit_v, submission{});
  run();
  refused.receive(
    [](const job_ticket&) { BOOST_FAIL("it was taken"); },
    [](const caf::error& e) { BOOST_TEST((from_caf(e).code == errc::invalid_config)); });
  start(io::make_memory_job_store());
  const auto engine = ask<engine_actor>(aut, atom::engine_v);
  BOOST_TEST(ask<job_ticket>(engine, atom::submit_v, submission{}).job == 1u);
  run();
  BOOST_TEST((ask<job_progress>(engine, atom::wait_v, uint64_t{1}).state == job_state::completed));
  const auto lanes = ask<std::vector<lane_info>>(engine, atom::lanes_v);
  BOOST_REQUIRE(lanes.size() == 2u);
  BOOST_TEST(lanes[0].name == "a");
  BOOST_TEST(lanes[0].now.headroom == 1);
}

BOOST_AUTO_TEST_CASE(the_engine_hears_of_restarted_limiters) {
  start(io::make_memory_job_store());
  kill(wires().limiters[1]);
  const auto lanes =
    ask<std::vector<lane_info>>(ask<engine_actor>(aut, atom::engine_v), atom::lanes_v);
  BOOST_TEST(lanes.at(1).now.headroom == 1); // A dead limiter would not answer.
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_go_on_ends_the_process_with_what_it_says) {
  auto store = std::make_shared<test::breaking_store>(io::make_memory_job_store());
  start(store);
  self->monitor(aut);
  store->broken = error{errc::disk_full, "jobs.db: no space left; make room and start again"};
  self->send(ask<engine_actor>(aut, atom::engine_v), atom::submit_v, submission{});
  run();
  const auto why = end();
  BOOST_REQUIRE(why.has_value());
  BOOST_TEST((from_caf(*why).code == errc::disk_full));
  BOOST_TEST(from_caf(*why).context == store->broken->context);
}

BOOST_AUTO_TEST_CASE(the_death_of_store_or_reader_ends_the_process) {
  for (const auto reader : {false, true}) {
    start(io::make_memory_job_store());
    self->monitor(aut);
    if (reader)
      kill(state().reader);
    else
      kill(state().store);
    const auto why = end();
    BOOST_REQUIRE(why.has_value());
    BOOST_TEST(
      from_caf(*why).context.starts_with(reader ? "the job reader died" : "the job writer died"));
  }
}

BOOST_AUTO_TEST_CASE(everybody_who_asks_for_a_stop_is_answered) {
  start(io::make_memory_job_store());
  auto first = self->request(aut, caf::infinite, atom::stop_v);
  auto second = self->request(aut, caf::infinite, atom::stop_v);
  run();
  auto stopped = 0;
  first.receive([&](bool ok) { stopped += ok; }, [](const caf::error&) {});
  second.receive([&](bool ok) { stopped += ok; }, [](const caf::error&) {});
  BOOST_TEST(stopped == 2);
}

BOOST_AUTO_TEST_CASE(a_stop_ends_the_children_from_the_last_to_the_first) {
  start();
  std::vector<caf::actor_addr> expected;
  const auto wires_now = wires();
  expected.push_back(ask<engine_actor>(aut, atom::engine_v).address());
  expected.push_back(wires_now.limiters[1].address());
  expected.push_back(wires_now.limiters[0].address());
  expected.push_back(wires_now.http.address());
  for (auto& a : expected)
    self->monitor(a);
  auto pending = self->request(aut, caf::infinite, atom::stop_v);
  run();
  std::vector<caf::actor_addr> order;
  for (size_t i = 0; i < expected.size(); ++i)
    self->receive([&](const caf::down_msg& m) { order.push_back(m.source); },
                  caf::after(0s) >> [] {});
  BOOST_TEST((order == expected));
  bool stopped = false;
  pending.receive([&](bool ok) { stopped = ok; }, [](const caf::error&) {});
  BOOST_TEST(stopped);
}

BOOST_AUTO_TEST_CASE(a_stop_does_not_wait_for_a_child_that_is_to_be_restarted) {
  start();
  kill(wires().http);
  kill(wires().http); // The next restart comes in 100 ms.
  auto pending = self->request(aut, caf::infinite, atom::stop_v);
  run();
  bool stopped = false;
  pending.receive([&](bool ok) { stopped = ok; }, [](const caf::error&) {});
  BOOST_TEST(stopped);
  advance(1s);
}

BOOST_AUTO_TEST_SUITE_END()
