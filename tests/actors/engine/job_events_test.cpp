#include "tests/support/head_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;
using test::head_fixture;

namespace {

struct event_log {
  std::vector<job_event> all;
  uint8_t changes() const {
    uint8_t bits = 0;
    for (auto& e : all)
      bits |= e.changes;
    return bits;
  }
};

event_taker_actor::behavior_type event_listener(std::shared_ptr<event_log> log) {
  return {[=](atom::events, const std::vector<job_event>& events) {
    log->all.insert(log->all.end(), events.begin(), events.end());
  }};
}

struct events_fixture : head_fixture {
  events_fixture() : head_fixture{io::make_memory_job_store(), {"fast"}} {}

  struct listener {
    std::shared_ptr<event_log> log = std::make_shared<event_log>();
    event_taker_actor actor;
  };

  listener listen(event_query query) {
    listener one;
    one.actor = spawn(event_listener, one.log);
    subscribe(one, query);
    return one;
  }
  void subscribe(const listener& one, const event_query& query) {
    caf::send_as(caf::actor_cast<caf::actor>(one.actor), aut, atom::subscribe_v, query);
    run();
  }
  void give_credit(const listener& one, uint32_t more) {
    caf::send_as(caf::actor_cast<caf::actor>(one.actor), aut, atom::credit_v, more);
    run();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(job_events_suite, events_fixture)

BOOST_AUTO_TEST_CASE(a_subscriber_gets_a_snapshot_changes_and_the_end) {
  join(2);
  const auto job = submit(3, "a");
  run();
  const auto me = listen({job, "", 100});
  BOOST_REQUIRE(me.log->all.size() == 1u);
  BOOST_TEST(me.log->all[0].has(job_change::snapshot));
  BOOST_TEST(me.log->all[0].job == job);
  BOOST_TEST(me.log->all[0].info.tenant == "a");
  BOOST_TEST(me.log->all[0].info.progress.in_flight == 2u);
  complete(0, 1);
  advance(250ms);
  BOOST_REQUIRE(me.log->all.size() == 2u);
  BOOST_TEST(me.log->all[1].has(job_change::first_outcome));
  BOOST_TEST(me.log->all[1].has(job_change::counts));
  BOOST_TEST(me.log->all[1].info.progress.completed == 1u);
  BOOST_TEST(me.log->all[1].number == me.log->all[0].number + 1);
  complete(1, 2); // The end is sent at once.
  const auto& last = me.log->all.back();
  BOOST_TEST(last.has(job_change::end));
  BOOST_TEST((last.info.progress.state == job_state::completed));
  BOOST_TEST(last.info.progress.completed == 3u);
  const auto count = me.log->all.size();
  advance(10s);
  BOOST_TEST(me.log->all.size() == count);
}

BOOST_AUTO_TEST_CASE(counts_come_at_most_four_times_a_second_and_nothing_comes_without_a_change) {
  join(50);
  const auto job = submit(50);
  run();
  const auto me = listen({job, "", 1000});
  for (size_t i = 0; i < 40; ++i) {
    complete(i, 1);
    advance(25ms);
  }
  BOOST_TEST(me.log->all.size() >= 4u);
  BOOST_TEST(me.log->all.size() <= 6u);
  advance(250ms);
  const auto count = me.log->all.size();
  advance(5s);
  BOOST_TEST(me.log->all.size() == count);
}

BOOST_AUTO_TEST_CASE(without_credit_changes_become_one_event_that_keeps_the_end) {
  join(2);
  const auto job = submit(3);
  run();
  const auto me = listen({job, "", 1});
  BOOST_REQUIRE(me.log->all.size() == 1u);
  complete(0, 1);
  advance(1s);
  complete(1, 2);
  advance(1s);
  BOOST_TEST(me.log->all.size() == 1u);
  give_credit(me, 1);
  BOOST_REQUIRE(me.log->all.size() == 2u);
  const auto& last = me.log->all.back();
  BOOST_TEST(last.has(job_change::end));
  BOOST_TEST(last.has(job_change::first_outcome));
  BOOST_TEST(!last.has(job_change::snapshot));
  BOOST_TEST(last.info.progress.completed == 3u);
  BOOST_TEST(last.number > me.log->all.front().number);
}

BOOST_AUTO_TEST_CASE(a_subscription_names_one_job_a_tenant_or_all) {
  const auto a = submit(1, "a");
  run();
  const auto all = listen({0, "", 100}), of_b = listen({0, "b", 100}), of_a = listen({a, "", 100});
  const auto b = submit(1, "b");
  run();
  advance(250ms);
  const auto jobs_of = [](const listener& one) {
    std::set<uint64_t> jobs;
    for (auto& e : one.log->all)
      jobs.insert(e.job);
    return jobs;
  };
  BOOST_TEST((jobs_of(all) == std::set<uint64_t>{a, b}));
  BOOST_TEST((jobs_of(of_b) == std::set<uint64_t>{b}));
  BOOST_TEST((jobs_of(of_a) == std::set<uint64_t>{a}));
}

BOOST_AUTO_TEST_CASE(few_credits_are_spent_on_all_jobs_in_turn) {
  for (int i = 0; i < 3; ++i)
    submit(1);
  run();
  const auto me = listen({0, "", 1});
  give_credit(me, 1);
  give_credit(me, 1);
  std::set<uint64_t> jobs;
  for (auto& e : me.log->all)
    jobs.insert(e.job);
  BOOST_TEST(jobs.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_second_subscription_begins_with_a_snapshot_again) {
  join(1);
  const auto job = submit(2);
  run();
  const auto me = listen({job, "", 100});
  complete(0, 1);
  advance(250ms);
  const auto seen = me.log->all.back().number;
  subscribe(me, {job, "", 100});
  BOOST_TEST(me.log->all.back().has(job_change::snapshot));
  BOOST_TEST(me.log->all.back().number == seen);
  BOOST_TEST(me.log->all.back().info.progress.completed == 1u);
}

BOOST_AUTO_TEST_CASE(an_ended_job_gives_a_snapshot_and_an_unknown_one_a_reason) {
  join(1);
  const auto job = submit(1);
  run();
  complete(0, 1);
  const auto me = listen({job, "", 100});
  BOOST_REQUIRE(me.log->all.size() == 1u);
  BOOST_TEST(me.log->all[0].has(job_change::snapshot));
  BOOST_TEST(me.log->all[0].has(job_change::end));
  const auto nobody = listen({99, "", 100});
  BOOST_REQUIRE(nobody.log->all.size() == 1u);
  BOOST_TEST(nobody.log->all[0].has(job_change::end));
  BOOST_TEST((nobody.log->all[0].info.progress.cause.code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(subscribers_come_and_go_while_a_job_runs) {
  join(2);
  const auto job = submit(2);
  run();
  auto gone = listen({job, "", 100});
  const auto stays = listen({job, "", 100});
  caf::anon_send_exit(gone.actor, caf::exit_reason::kill);
  gone.actor = nullptr;
  run();
  const auto count = gone.log->all.size();
  complete(0, 2);
  BOOST_TEST(gone.log->all.size() == count);
  BOOST_TEST((stays.log->changes() & job_change::end) != 0);
}

BOOST_AUTO_TEST_SUITE_END()
