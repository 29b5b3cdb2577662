#include "actors/lane/rate_limiter.hpp"
#include "tests/support/head_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;
using test::head_fixture;

namespace {

struct fixture : head_fixture {
  fixture() : head_fixture{io::make_memory_job_store(), {"fast", "slow"}} {
    for (auto& limiter : limiters)
      limiter = spawn(actors::rate_limiter, core::lane_limits{}, false);
    self->send(aut, atom::rewire_v, wiring{{}, {limiters[0], limiters[1]}});
    run();
  }

  /// The provider of a lane has asked for a pause.
  void pause(size_t lane, duration span) {
    core::settlement s;
    s.kind = core::reply_kind::rate_limited;
    s.retry_after = span;
    self->send(limiters[lane], atom::settle_v, s);
    run();
  }

  std::vector<job_info> jobs(job_filter filter = {}) {
    return ask<std::vector<job_info>>(aut, atom::jobs_v, filter);
  }

  static job_filter only(std::string tenant, bool active = false, uint64_t before = 0,
                         uint32_t count_max = 100) {
    return {std::move(tenant), active, before, count_max};
  }

  tenant_counts counts(const std::string& tenant) {
    for (auto& row : ask<std::vector<tenant_counts>>(aut, atom::tenants_v))
      if (row.tenant == tenant)
        return row;
    BOOST_FAIL("no tenant " << tenant);
    return {};
  }

  rate_limiter_actor limiters[2];
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(engine_views, fixture)

BOOST_AUTO_TEST_CASE(a_job_says_why_nothing_of_it_moves) {
  const auto first = submit(4, "a");
  run();
  BOOST_TEST(info(first).waits_for == "no node has joined");
  join(2);
  BOOST_TEST(info(first).waits_for == "");
  const auto second = submit(4, "b");
  run();
  BOOST_TEST(info(second).waits_for == "its turn: other jobs use all slots");
  pause(0, 12s);
  BOOST_TEST(info(first).waits_for == ""); // The other lane is open.
  pause(1, 30s);
  const auto why = info(first).waits_for;
  BOOST_TEST_CONTEXT(why)
  BOOST_TEST((why.starts_with("lane \"fast\" is paused for 1") && why.ends_with("s")));
  complete(0, 2);
  complete(2, 1);
  BOOST_TEST(info(first).progress.completed + info(second).progress.completed == 3u);
}

BOOST_AUTO_TEST_CASE(a_job_whose_requests_are_held_says_what_holds_them) {
  join(1);
  const auto job = submit(1);
  run();
  const auto first = work->requests().at(0);
  report(first.key, report_kind::held,
         failed(first, {errc::unavailable, "the breaker of fast is open"}));
  run();
  BOOST_TEST(info(job).waits_for == "held: the breaker of fast is open");
  BOOST_TEST(counts("t").scheduled == 1u);
  BOOST_TEST(counts("t").pending == 0u);
}

BOOST_AUTO_TEST_CASE(a_parked_job_says_when_it_goes_on) {
  join(1);
  const auto job = submit(1);
  run();
  const auto first = work->requests().at(0);
  report(first.key, report_kind::held,
         failed(first, {errc::quota_exhausted, "the daily quota of fast is used up"}), 2h);
  run();
  BOOST_TEST((info(job).progress.state == job_state::parked));
  BOOST_TEST(info(job).waits_for == "the daily quota of fast is used up; goes on in 2h");
}

BOOST_AUTO_TEST_CASE(lists_show_running_jobs_as_they_are_now) {
  const auto a = submit(3, "a"), b = submit(3, "b");
  join(4);
  complete(0, 1);
  auto all = jobs();
  BOOST_REQUIRE(all.size() == 2u);
  BOOST_TEST(all[0].id == b); // Newest first.
  BOOST_TEST(all[1].id == a);
  BOOST_TEST(all[0].tenant == "b");
  BOOST_TEST(all[0].requests == 3u);
  BOOST_TEST(all[0].created > 0);
  BOOST_TEST(all[0].progress.in_flight + all[1].progress.in_flight == 4u);
  BOOST_TEST(jobs(only("a")).size() == 1u);
  BOOST_TEST(jobs(only("nobody")).empty());
  BOOST_TEST(jobs(only("", false, 0, 1)).size() == 1u);
  BOOST_TEST(jobs(only("", false, 0, 0)).empty());
  BOOST_TEST(jobs(only("", false, b)).at(0).id == a);
  ask<bool>(aut, atom::cancel_v, a);
  ask<bool>(aut, atom::cancel_v, b);
  BOOST_TEST(jobs(only("", true)).size() == 2u);
  BOOST_TEST((refusal<job_info>(atom::info_v, uint64_t{99}).code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(lanes_are_named_and_say_how_long_they_pause) {
  pause(1, 12s);
  advance(2s);
  const auto lanes = ask<std::vector<lane_info>>(aut, atom::lanes_v);
  BOOST_REQUIRE(lanes.size() == 2u);
  BOOST_TEST(lanes[0].name == "fast");
  BOOST_TEST((lanes[0].paused_for == 0s));
  BOOST_TEST(lanes[1].name == "slow");
  BOOST_TEST((lanes[1].paused_for > 5s && lanes[1].paused_for <= 15s));
}

BOOST_AUTO_TEST_CASE(a_dead_lane_keeps_nobody_from_his_list) {
  caf::anon_send_exit(limiters[0], caf::exit_reason::kill);
  run();
  const auto lanes = ask<std::vector<lane_info>>(aut, atom::lanes_v);
  BOOST_REQUIRE(lanes.size() == 2u);
  BOOST_TEST(lanes[0].name == "fast");
}

BOOST_AUTO_TEST_CASE(tenants_are_counted_by_what_happens_to_their_requests) {
  submit(5, "a");
  join(2);
  complete(0, 1);
  const auto a = counts("a");
  BOOST_TEST(a.jobs == 1u);
  BOOST_TEST(a.completed == 1u);
  BOOST_TEST(a.processing == 2u);
  BOOST_TEST(a.pending == 2u);
  BOOST_TEST(a.scheduled == 0u);
}

BOOST_AUTO_TEST_CASE(a_head_without_a_node_of_a_remote_process_says_when_it_is_silent) {
  node_offer offer;
  offer.slots = 2;
  offer.lanes = {"slow", "fast"};
  const auto welcome = ask<node_welcome>(aut, atom::join_v, offer);
  self->send(aut, atom::join_v, node, welcome.node);
  const auto job = submit(1, "a");
  run();
  BOOST_TEST(info(job).progress.in_flight == 1u);
  advance(2s);
  BOOST_TEST(info(job).waits_for == "all nodes are silent");
  advance(2s);
  BOOST_TEST(info(job).waits_for == "no node has joined");
  BOOST_TEST(info(job).progress.in_flight == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
