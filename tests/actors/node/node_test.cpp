#include "actors/node/node.hpp"

#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_limiter.hpp"
#include "tests/support/fake_node.hpp"

#include <algorithm>
#include <set>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

/// The actor that assigned work; it records the batches.
report_taker_actor::behavior_type taker(std::shared_ptr<std::vector<report_batch>> log) {
  return {[=](atom::report, const report_batch& batch) { log->push_back(batch); }};
}

struct fixture : test::deterministic_system {
  std::shared_ptr<test::fake_upstream> upstream = std::make_shared<test::fake_upstream>();
  std::shared_ptr<test::limiter_log> lane = std::make_shared<test::limiter_log>();
  std::shared_ptr<test::engine_log> head = std::make_shared<test::engine_log>();
  std::shared_ptr<std::vector<report_batch>> reports =
    std::make_shared<std::vector<report_batch>>();
  wiring wires{spawn(test::fake_http, upstream), {spawn(test::fake_limiter, lane)}};
  report_taker_actor to = spawn(taker, reports);
  node_actor aut;
  std::shared_ptr<actors::worker_setup> node_setup = std::make_shared<actors::worker_setup>();

  fixture() {
    auto setup = node_setup;
    setup->upstreams.emplace_back();
    setup->upstreams[0].protocol = core::find_protocol("openai");
    setup->upstreams[0].base_url = "http://upstream";
    setup->routes = core::route_table{{{"default", 0, {}}}};
    aut = spawn(actors::node, uint64_t{5}, uint32_t{16}, spawn(test::fake_engine, head),
                std::shared_ptr<const actors::worker_setup>{setup}, wires);
    run();
  }

  void assign(uint64_t job, uint64_t first, uint64_t count) {
    assignment work;
    work.job = job;
    for (auto i = first; i < first + count; ++i)
      work.requests.push_back({{job, i, 1}, test::make_request(i), 0, 0, {}, {}});
    caf::send_as(caf::actor_cast<caf::actor>(to), aut, atom::assign_v, work);
    run();
  }

  std::vector<work_report> all() const {
    std::vector<work_report> result;
    for (auto& b : *reports)
      result.insert(result.end(), b.reports.begin(), b.reports.end());
    return result;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(node_suite, fixture)

BOOST_AUTO_TEST_CASE(a_node_joins_with_its_slots) {
  BOOST_REQUIRE(head->nodes.size() == 1u);
  BOOST_TEST(head->nodes[0].id == 5u);
  BOOST_TEST(head->nodes[0].slots == 16u);
}

BOOST_AUTO_TEST_CASE(every_assigned_request_is_reported_once_and_frees_its_slot) {
  assign(1, 0, 8);
  BOOST_TEST(upstream->calls.size() == 8u);
  advance(10ms);
  BOOST_TEST(all().size() == 8u);
  BOOST_TEST(head->freed_slots() == 8u);
}

BOOST_AUTO_TEST_CASE(reports_that_come_together_leave_in_one_message) {
  assign(1, 0, 8);
  sched.advance_time(10ms); // All answers come at the same moment.
  run();
  BOOST_TEST(reports->size() == 1u);
  BOOST_TEST(head->freed.size() == 1u);
  BOOST_TEST(reports->at(0).node == 5u);
}

// A head accepts messages up to a limit.
BOOST_AUTO_TEST_CASE(reports_with_long_answers_leave_in_several_messages) {
  upstream->script = [](auto&) { return test::completion(std::string(9u << 20, 'x'), 1ms); };
  assign(1, 0, 3);
  sched.advance_time(10ms);
  run();
  BOOST_TEST(all().size() == 3u);
  BOOST_TEST(reports->size() == 3u);
  BOOST_TEST(head->freed_slots() == 3u);
}

BOOST_AUTO_TEST_CASE(permits_of_different_workers_have_different_ids) {
  assign(1, 0, 8);
  assign(2, 0, 8);
  std::set<uint64_t> ids;
  for (auto& asked : lane->asked)
    ids.insert(asked.id);
  BOOST_TEST(ids.size() == 16u);
}

BOOST_AUTO_TEST_CASE(an_abort_ends_one_job_and_leaves_the_others) {
  upstream->script = [](auto&) { return test::completion("late", 1h); };
  assign(1, 0, 3);
  assign(2, 0, 3);
  self->send(aut, atom::abort_v, uint64_t{1});
  run();
  BOOST_TEST(all().size() == 3u);
  for (auto& r : all()) {
    BOOST_TEST(r.key.job == 1u);
    BOOST_TEST((r.kind == report_kind::given_back));
  }
  BOOST_TEST(head->freed_slots() == 3u);
  advance(2h);
  BOOST_TEST(all().size() == 6u);
}

BOOST_AUTO_TEST_CASE(a_drain_gives_back_what_waits_and_lets_the_rest_finish) {
  assign(1, 0, 2);
  lane->grants = false;
  assign(1, 2, 2);
  assign(2, 0, 1);
  self->send(aut, atom::drain_v, uint64_t{1});
  run();
  BOOST_TEST(all().size() == 2u);
  for (auto& r : all())
    BOOST_TEST((r.kind == report_kind::given_back && r.key.job == 1u && r.key.index >= 2));
  advance(1s);
  BOOST_TEST(all().size() == 4u);
  BOOST_TEST((all().back().outcome->state == core::outcome_state::completed));
}

BOOST_AUTO_TEST_CASE(a_rewire_reaches_the_workers_and_those_to_come) {
  lane->grants = false;
  assign(1, 0, 2);
  auto lane2 = std::make_shared<test::limiter_log>();
  self->send(aut, atom::rewire_v, wiring{wires.http, {spawn(test::fake_limiter, lane2)}});
  run();
  assign(1, 2, 2);
  BOOST_TEST(lane->asked.size() == 2u);
  BOOST_TEST(lane2->asked.size() == 4u);
  advance(10ms);
  BOOST_TEST(all().size() == 4u);
}

// A single 403 may come from a firewall that refused one prompt.
BOOST_AUTO_TEST_CASE(a_key_is_lost_after_several_refusals_without_a_success) {
  for (bool works : {false, true}) {
    const uint64_t job = works ? 2 : 1;
    upstream->script = [](auto&) { return test::completion("yes", 10s); };
    assign(job, 200, 1); // Keeps running, so that the node remembers the job.
    upstream->script = [](auto&) { return test::completion("yes", 1ms); };
    if (works) {
      assign(job, 100, 1);
      advance(20ms);
    }
    upstream->script = [](auto&) { return test::answer_with(403, "<html>blocked</html>"); };
    const auto before = upstream->calls.size();
    for (uint64_t i = 0; i < 6; ++i) {
      assign(job, i, 1);
      advance(20ms);
    }
    BOOST_TEST(upstream->calls.size() - before == (works ? 6u : 3u));
  }
}

BOOST_AUTO_TEST_CASE(a_lost_lane_is_known_to_all_requests_of_its_job_and_to_no_other) {
  const auto bad = test::answer_with(402, R"({"error":{"message":"no money"}})");
  upstream->script = [bad](auto&) { return bad; };
  assign(1, 0, 1);
  lane->grants = false;
  assign(1, 1, 3);
  assign(2, 0, 1);
  advance(20ms); // The first worker is refused; the others are told while they wait.
  BOOST_TEST(upstream->calls.size() == 1u);
  BOOST_TEST(lane->withdrawn.size() == 3u);
  BOOST_REQUIRE(all().size() == 4u);
  for (auto& r : all())
    BOOST_TEST((r.kind == report_kind::aborting && r.key.job == 1u));
  const auto asked = lane->asked.size();
  assign(1, 4, 2);
  BOOST_TEST(lane->asked.size() == asked);
  BOOST_TEST(all().size() == 6u);
  assign(2, 1, 1);
  BOOST_TEST(lane->asked.size() == asked + 1);
}

BOOST_AUTO_TEST_CASE(leave_for_second_attempts_keeps_to_the_share_of_the_attempts) {
  auto setup = std::make_shared<actors::worker_setup>(*node_setup);
  setup->upstreams.push_back(setup->upstreams[0]);
  setup->routes =
    core::route_table{{{"a", 0, {}}, {"b", 1, {}}}, {{{"*"}, false, {{0, ""}, {1, ""}}}}};
  setup->hedging = {.budget = 0.1, .samples_min = 20};
  wires.limiters.push_back(spawn(test::fake_limiter, std::make_shared<test::limiter_log>()));
  aut = spawn(actors::node, uint64_t{6}, uint32_t{16}, spawn(test::fake_engine, head),
              std::shared_ptr<const actors::worker_setup>{setup}, wires);
  run();
  for (uint64_t i = 0; i < 50; i += 10) {
    assign(1, i, 10);
    advance(1s);
  }
  BOOST_TEST(upstream->calls.size() == 50u);
  upstream->script = [](auto&) { return test::completion("late", 1h); };
  assign(1, 50, 10);
  advance(1s); // The p95 is about 10 ms, and 50 attempts have ended.
  BOOST_TEST(upstream->calls.size() == 50u + 10 + 5);
}

BOOST_AUTO_TEST_CASE(workers_are_kept_for_the_next_requests_and_a_dead_one_loses_nothing) {
  assign(1, 0, 3);
  const auto before =
    caf::actor_cast<node_actor::stateful_pointer<actors::node_state>>(aut)->state.workers();
  advance(1s);
  BOOST_REQUIRE(all().size() == 3u);
  assign(1, 3, 3);
  auto& state = caf::actor_cast<node_actor::stateful_pointer<actors::node_state>>(aut)->state;
  for (auto& worker : state.workers())
    BOOST_TEST((std::find(before.begin(), before.end(), worker) != before.end()));
  advance(1s);
  BOOST_REQUIRE(all().size() == 6u);
  // Two idle workers die: the node learns of one in time, and not of the other.
  caf::anon_send_exit(before[0], caf::exit_reason::kill);
  run();
  assign(1, 6, 3);
  advance(1s);
  BOOST_REQUIRE(all().size() == 9u);
  for (auto& r : all())
    BOOST_TEST((r.kind == report_kind::finished));
  for (auto& worker : before)
    caf::anon_send_exit(worker, caf::exit_reason::kill);
  assign(1, 9, 3);
  advance(1s);
  std::set<uint64_t> indexes;
  for (auto& r : all())
    indexes.insert(r.key.index);
  BOOST_TEST(all().size() == 12u);
  BOOST_TEST(indexes.size() == 12u);
}

BOOST_AUTO_TEST_CASE(the_death_of_a_node_takes_its_workers_and_frees_their_permits) {
  upstream->script = [](auto&) { return test::completion("late", 1h); };
  assign(1, 0, 4);
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  run();
  BOOST_TEST(upstream->open.empty());
  for (auto& call : upstream->calls) {
    BOOST_TEST(call.aborted);
    BOOST_TEST(lane->settlements(call.id) == 1u);
  }
  advance(2h);
  BOOST_TEST(reports->empty());
}

BOOST_AUTO_TEST_SUITE_END()
