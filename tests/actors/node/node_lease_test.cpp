#include "actors/node/node.hpp"

#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_limiter.hpp"
#include "tests/support/fake_node.hpp"

#include "messages/errors.hpp"

#include <set>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

/// The actor that assigned work; it records the reports.
report_taker_actor::behavior_type taker(std::shared_ptr<std::vector<work_report>> log) {
  return {[=](atom::report, const report_batch& batch) {
    log->insert(log->end(), batch.reports.begin(), batch.reports.end());
  }};
}

/// A node of another process; the test acts as its head.
struct fixture : test::deterministic_system {
  static constexpr uint64_t number = (uint64_t{0xABCD} << 16) | 5000;
  std::shared_ptr<test::fake_upstream> upstream = std::make_shared<test::fake_upstream>();
  std::shared_ptr<test::limiter_log> lane = std::make_shared<test::limiter_log>();
  std::shared_ptr<test::engine_log> head = std::make_shared<test::engine_log>();
  std::shared_ptr<std::vector<work_report>> reports = std::make_shared<std::vector<work_report>>();
  engine_actor engine = spawn(test::fake_engine, head);
  rate_limiter_actor limiter = spawn(test::fake_limiter, lane);
  http_client_actor http = spawn(test::fake_http, upstream);
  report_taker_actor to = spawn(taker, reports);
  std::shared_ptr<actors::worker_setup> setup = std::make_shared<actors::worker_setup>();
  node_actor aut;
  size_t answered = 0;

  fixture() {
    setup->upstreams.emplace_back();
    setup->upstreams[0].protocol = core::find_protocol("openai");
    setup->upstreams[0].base_url = "http://upstream";
    setup->routes = core::route_table{{{"default", 0, {}}}};
    upstream->script = [](auto&) { return test::completion("late", 1h); };
    start();
  }

  void start() {
    node_welcome welcome;
    welcome.node = number;
    welcome.neighbours.limiters = {limiter};
    welcome.heartbeat = 500ms;
    welcome.lost_after = 3s;
    aut = spawn(actors::remote_node, welcome, engine,
                std::shared_ptr<const actors::worker_setup>{setup}, http);
    self->monitor(aut);
    run();
  }

  /// Answers all new heartbeats.
  void answer() {
    for (; answered < head->beats.size(); ++answered)
      self->send(aut, atom::heartbeat_v, head->beats[answered].number);
    run();
  }

  void live(duration span) {
    for (const auto end = now() + span; now() < end;) {
      advance(std::min<caf::timespan>(100ms, end - now()));
      answer();
    }
  }

  void assign(uint64_t job, uint64_t first, uint64_t count) {
    assignment work;
    work.job = job;
    for (auto i = first; i < first + count; ++i)
      work.requests.push_back({{job, i, 1}, test::make_request(i), 0, 0, {}, {}});
    caf::send_as(caf::actor_cast<caf::actor>(to), aut, atom::assign_v, work);
    run();
  }

  actors::node_state& state() {
    return caf::actor_cast<node_actor::stateful_pointer<actors::node_state>>(aut)->state;
  }

  /// Why the node ended, if it did.
  std::optional<caf::error> end() {
    std::optional<caf::error> why;
    self->receive([&](const caf::down_msg& msg) { why = msg.reason; }, caf::after(0s) >> [] {});
    return why;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(node_lease_suite, fixture)

BOOST_AUTO_TEST_CASE(a_node_gives_a_sign_of_life_at_once_and_then_each_heartbeat) {
  BOOST_REQUIRE(head->beats.size() == 1u);
  answer();
  assign(1, 0, 3);
  live(2s);
  BOOST_TEST(head->beats.size() == 5u);
  const auto last = head->beats.back();
  BOOST_TEST(last.node == number);
  BOOST_TEST(last.number == 5u);
  BOOST_TEST(last.running == 3u);
  BOOST_TEST(!last.draining);
}

BOOST_AUTO_TEST_CASE(a_node_that_is_answered_works_on) {
  assign(1, 0, 3);
  live(1min);
  BOOST_TEST(!end().has_value());
  BOOST_TEST(upstream->open.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_node_that_hears_nothing_aborts_everything_and_quits) {
  assign(1, 0, 3);
  lane->grants = false;
  assign(1, 3, 2);
  live(1s);
  const auto heard = now(); // The last beat that is answered was sent now.
  advance(2999ms);
  BOOST_TEST(upstream->open.size() == 3u);
  advance(1ms);
  BOOST_TEST((now() - heard == 3s));
  const auto why = end();
  BOOST_REQUIRE(why.has_value());
  BOOST_TEST((from_caf(*why).code == errc::unavailable));
  BOOST_TEST(from_caf(*why).context.find("not heard for 3s") != std::string::npos);
  BOOST_TEST(upstream->open.empty());
  for (auto& call : upstream->calls)
    BOOST_TEST(call.aborted);
  // No request waits at the lane, either.
  BOOST_TEST(lane->withdrawn.size() == 2u);
  BOOST_TEST(lane->settled.size() >= 3u);
}

BOOST_AUTO_TEST_CASE(a_broken_connection_ends_a_node_at_once) {
  answer();
  assign(1, 0, 3);
  caf::anon_send_exit(engine, caf::exit_reason::kill);
  run();
  const auto why = end();
  BOOST_REQUIRE(why.has_value());
  BOOST_TEST((from_caf(*why).code == errc::unavailable));
  BOOST_TEST(upstream->open.empty());
}

BOOST_AUTO_TEST_CASE(answers_to_old_signs_prolong_nothing) {
  answer();
  advance(2s); // Beats 2 to 5 are sent and not answered.
  self->send(aut, atom::heartbeat_v, uint64_t{2});
  run();
  advance(1499ms); // Beat 2 was sent 500 ms after the start.
  self->send(aut, atom::heartbeat_v, uint64_t{1});
  run();
  BOOST_TEST(!end().has_value());
  advance(1ms);
  BOOST_TEST(end().has_value());
}

BOOST_AUTO_TEST_CASE(a_permit_that_a_stopped_process_finds_in_its_mailbox_is_not_used) {
  lane->grants = false;
  assign(1, 0, 2);
  live(1s);
  // Stopped for ten seconds; then the messages come before the timers.
  sched.clock().current_time += 10s;
  for (auto& asked : lane->asked)
    self->send(lane->askers[asked.id], atom::granted_v, core::permit{asked.id, 1, 1, false});
  run();
  BOOST_TEST(upstream->calls.empty());
  BOOST_TEST(lane->settlements(lane->asked[0].id) == 1u);
  BOOST_TEST(!lane->settled.at(0).sent);
  BOOST_REQUIRE(reports->size() == 2u);
  BOOST_TEST((reports->at(0).kind == report_kind::given_back));
  advance(0s);
  BOOST_TEST(end().has_value());
}

BOOST_AUTO_TEST_CASE(a_drained_node_finishes_what_is_sent_gives_back_the_rest_and_goes) {
  upstream->script = [](auto&) { return test::completion("yes", 2s); };
  assign(1, 0, 2);
  lane->grants = false;
  assign(1, 2, 2);
  self->send(aut, atom::leave_v, caf::timespan{30s});
  run();
  BOOST_TEST(head->beats.back().draining);
  BOOST_TEST(reports->size() == 2u); // The requests that waited for a permit.
  assign(1, 4, 3);                   // This assignment was on its way.
  BOOST_TEST(reports->size() == 5u);
  for (auto& report : *reports)
    BOOST_TEST((report.kind == report_kind::given_back));
  BOOST_TEST(head->left.empty());
  live(2s);
  BOOST_REQUIRE(reports->size() == 7u);
  BOOST_TEST((reports->back().outcome->state == core::outcome_state::completed));
  BOOST_TEST(head->freed_slots() == 7u);
  BOOST_TEST((head->left == std::vector<uint64_t>{number}));
  const auto why = end();
  BOOST_REQUIRE(why.has_value());
  BOOST_TEST(!*why);
}

BOOST_AUTO_TEST_CASE(a_drain_ends_with_its_grace_period) {
  assign(1, 0, 2);
  self->send(aut, atom::leave_v, caf::timespan{5s});
  live(4900ms);
  BOOST_TEST(upstream->open.size() == 2u);
  live(200ms);
  BOOST_TEST(upstream->open.empty());
  BOOST_TEST(reports->size() == 2u);
  BOOST_TEST((head->left == std::vector<uint64_t>{number}));
  BOOST_TEST(end().has_value());
}

BOOST_AUTO_TEST_CASE(a_second_request_to_leave_takes_effect_at_once) {
  assign(1, 0, 2);
  self->send(aut, atom::leave_v, caf::timespan{30s});
  run();
  self->send(aut, atom::leave_v, caf::timespan{});
  run();
  BOOST_TEST(upstream->open.empty());
  BOOST_TEST(reports->size() == 2u);
  BOOST_TEST(head->left.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_idle_node_leaves_at_once) {
  self->send(aut, atom::leave_v, caf::timespan{30s});
  run();
  BOOST_TEST(head->left.size() == 1u);
  BOOST_TEST(end().has_value());
}

BOOST_AUTO_TEST_CASE(a_drained_node_that_loses_its_head_stops_all_the_same) {
  answer();
  assign(1, 0, 2);
  self->send(aut, atom::leave_v, caf::timespan{1min});
  run();
  advance(4s);
  BOOST_TEST(upstream->open.empty());
  BOOST_TEST(head->left.empty());
}

BOOST_AUTO_TEST_CASE(neighbours_that_are_left_out_stay) {
  auto lane2 = std::make_shared<test::limiter_log>();
  auto limiter2 = spawn(test::fake_limiter, lane2);
  self->send(aut, atom::rewire_v, wiring{{}, {limiter2}, {}}); // From the head.
  run();
  assign(1, 0, 1);
  BOOST_TEST(lane->asked.empty());
  BOOST_TEST(lane2->asked.size() == 1u);
  BOOST_TEST(upstream->calls.size() == 1u);
  auto upstream2 = std::make_shared<test::fake_upstream>();
  self->send(aut, atom::rewire_v,
             wiring{spawn(test::fake_http, upstream2), {}, {}}); // From its host.
  run();
  assign(1, 1, 1);
  BOOST_TEST(upstream2->calls.size() >= 1u);
  BOOST_TEST(lane->asked.empty());
}

BOOST_AUTO_TEST_CASE(jobs_that_have_nothing_here_are_forgotten) {
  upstream->script = [](auto&) { return test::completion("yes", 10ms); };
  for (uint64_t job = 1; job <= 500; ++job) {
    assign(job, 0, 2);
    live(100ms);
  }
  BOOST_TEST(reports->size() == 1000u);
  BOOST_TEST(state().notes() == 0u);
  // Jobs with a closed lane are remembered for some time.
  upstream->script = [](auto&) {
    return test::answer_with(402, R"({"error":{"message":"no money"}})");
  };
  for (uint64_t job = 1001; job <= 1200; ++job) {
    assign(job, 0, 1);
    live(100ms);
  }
  BOOST_TEST(state().notes() == actors::node_state::idle_notes_max);
  const auto asked = lane->asked.size();
  assign(1200, 1, 1);
  BOOST_TEST(lane->asked.size() == asked);
}

BOOST_AUTO_TEST_CASE(a_remote_node_reports_lanes_by_the_numbers_of_the_head) {
  node_welcome welcome;
  welcome.node = number + 1;
  welcome.neighbours.limiters = {limiter};
  welcome.heartbeat = 500ms;
  welcome.lost_after = 3s;
  welcome.lanes = {7};
  upstream->script = [](auto&) { return test::completion("soon", 10ms); };
  aut = spawn(actors::remote_node, welcome, engine,
              std::shared_ptr<const actors::worker_setup>{setup}, http);
  run();
  reports->clear();
  assign(2, 0, 1);
  live(1s);
  BOOST_REQUIRE(reports->size() == 1u);
  BOOST_TEST(reports->front().lanes == std::vector<uint32_t>{7});
}

BOOST_AUTO_TEST_CASE(permits_of_two_nodes_differ_also_when_their_numbers_are_large) {
  assign(1, 0, 3);
  node_welcome welcome;
  welcome.node = number + 1;
  welcome.neighbours.limiters = {limiter};
  welcome.heartbeat = 500ms;
  welcome.lost_after = 3s;
  aut = spawn(actors::remote_node, welcome, engine,
              std::shared_ptr<const actors::worker_setup>{setup}, http);
  run();
  assign(2, 0, 3);
  std::set<uint64_t> ids;
  for (auto& asked : lane->asked)
    ids.insert(asked.id);
  BOOST_TEST(ids.size() == 6u);
  BOOST_TEST(lane->asked.back().owner == number + 1);
}

BOOST_AUTO_TEST_SUITE_END()
