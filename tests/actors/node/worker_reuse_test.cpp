#include "tests/support/worker_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;

namespace {

struct reuse_fixture : test::worker_fixture {
  actors::pooled_worker_actor aut;

  /// Runs the first request to its end.
  void run_first() {
    aut =
      spawn(actors::worker, std::shared_ptr<const actors::worker_setup>{setup}, task, wires, node);
    run();
    advance(100ms);
    BOOST_REQUIRE(log->reports.size() == 1u);
  }

  /// Gives the worker another request.
  void assign(uint64_t index) {
    task.request = {{7, index, 1}, test::make_request(index), 0, 0, {}, {}};
    ++task.id;
    caf::anon_send(aut, atom::assign_v, task);
    run();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(worker_reuse, reuse_fixture)

BOOST_AUTO_TEST_CASE(a_worker_takes_one_request_after_the_other_and_carries_nothing_over) {
  answer_in_turn(
    {test::answer_with(503, "busy"), test::answer_with(429, "{}"), test::completion("yes")});
  aut =
    spawn(actors::worker, std::shared_ptr<const actors::worker_setup>{setup}, task, wires, node);
  run();
  advance(10min);
  BOOST_REQUIRE(log->reports.size() == 1u);
  BOOST_TEST(log->reports[0].outcome->attempts == 3u);
  BOOST_TEST(log->reports[0].outcome->rate_limited == 1u);
  for (uint64_t index : {4, 5, 6}) {
    assign(index);
    advance(100ms);
    BOOST_REQUIRE(log->reports.size() == index - 2);
    const auto& r = log->reports.back();
    BOOST_TEST(r.key.index == index);
    BOOST_TEST((r.kind == report_kind::finished));
    BOOST_TEST((r.outcome->state == core::outcome_state::completed));
    BOOST_TEST(r.outcome->index == index);
    BOOST_TEST(r.outcome->attempts == 1u);
    BOOST_TEST(r.outcome->rate_limited == 0u);
    BOOST_TEST(!r.outcome->failure.has_value());
    BOOST_TEST((r.outcome->upstream == 10ms));
  }
  for (auto& call : upstream->calls)
    BOOST_TEST(lane->settlements(call.id) == 1u);
}

BOOST_AUTO_TEST_CASE(what_still_comes_for_the_last_request_does_not_touch_the_next) {
  run_first();
  const auto last = upstream->calls.back().id;
  upstream->script = [](auto&) { return test::completion("late", -1ms); }; // Never.
  assign(4);
  BOOST_REQUIRE(upstream->calls.size() == 2u);
  core::permit old;
  old.id = last;
  caf::anon_send(aut, atom::granted_v, old);
  caf::anon_send(aut, atom::refused_v, last, error{errc::quota_exhausted, "no"}, caf::timespan{});
  auto response = std::make_shared<core::http_response>();
  response->status = 500;
  caf::anon_send(aut, atom::reply_v, exchange_reply{last, response});
  caf::anon_send(aut, atom::hedge_v, last);
  caf::anon_send(aut, atom::lead_v, task.id - 1);
  run();
  BOOST_TEST(log->reports.size() == 1u);
  BOOST_TEST(upstream->calls.size() == 2u);
}

BOOST_AUTO_TEST_CASE(the_end_of_an_old_backoff_does_not_cut_a_new_one_short) {
  upstream->script = [](auto&) { return test::answer_with(503, "busy"); };
  aut =
    spawn(actors::worker, std::shared_ptr<const actors::worker_setup>{setup}, task, wires, node);
  run();
  advance(10ms); // The worker pauses before its next attempt.
  caf::anon_send(aut, atom::abort_v);
  run();
  BOOST_REQUIRE(log->reports.size() == 1u);
  BOOST_REQUIRE(next_timer().has_value());
  const auto old = *next_timer();
  upstream->script = [](auto&) { return test::answer_with(503, "busy", {{"retry-after", "50"}}); };
  assign(4);
  advance(10ms);
  BOOST_REQUIRE(upstream->calls.size() == 2u);
  advance(old - now() + 1s);
  BOOST_TEST(upstream->calls.size() == 2u);
  advance(60s);
  BOOST_TEST(upstream->calls.size() >= 3u);
}

BOOST_AUTO_TEST_CASE(a_worker_that_waits_holds_no_request_and_hears_what_does_not_concern_it) {
  std::weak_ptr<const core::request> body = task.request.what;
  run_first();
  task.request.what = nullptr;
  BOOST_TEST(body.expired());
  caf::anon_send(aut, atom::abort_v);
  caf::anon_send(aut, atom::drain_v);
  caf::anon_send(aut, atom::dead_v, uint32_t{0}, error{errc::billing, "no money"});
  caf::anon_send(aut, atom::hedge_v);
  caf::anon_send(aut, atom::wake_v);
  wires.limiters[0] = spawn(test::fake_limiter, lane);
  caf::anon_send(aut, atom::rewire_v, wires);
  run();
  BOOST_TEST(log->reports.size() == 1u);
  assign(4);
  advance(100ms);
  BOOST_TEST(log->reports.size() == 2u);
  BOOST_TEST((log->reports[1].outcome->state == core::outcome_state::completed));
}

BOOST_AUTO_TEST_SUITE_END()
