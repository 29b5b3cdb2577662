#include "actors/node.hpp"

#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_limiter.hpp"
#include "tests/support/fake_node.hpp"

using namespace penstock;
using namespace std::chrono_literals;

namespace {

/// Whoever assigned work: writes down the batches.
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

  fixture() {
    auto setup = std::make_shared<actors::worker_setup>();
    setup->protocol = core::find_protocol("openai");
    setup->base_url = "http://upstream";
    setup->routes.push_back({"default", {}});
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
  sched.advance_time(10ms); // All answers come at one moment.
  run();
  BOOST_TEST(reports->size() == 1u);
  BOOST_TEST(head->freed.size() == 1u);
  BOOST_TEST(reports->at(0).node == 5u);
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
