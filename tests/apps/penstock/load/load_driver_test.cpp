#include "apps/penstock/load/load_driver.hpp"

#include "core/load/load_verdict.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/load_engine.hpp"

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;
using core::load_message;

namespace {

/// A load in virtual time.
struct driver_fixture : deterministic_system {
  driver_fixture() {
    script->tenants.emplace_back();
    script->tenants.back().requests = {core::load_shape::constant, 3, 0, 1, 100'000};
    script->phases = {{.name = "p", .length = 2s, .rate = 10}};
  }

  void start() {
    driver = spawn(cli::load_driver, cli::load_driver_setup{script, board, "run"});
    engine = spawn(load_engine, log);
    caf::anon_send(driver, atom::engine_v, engine);
    run();
  }

  /// Advances the time and wakes the driver, as a pacer does.
  void pass(duration span) {
    constexpr auto step = 10ms;
    for (duration passed{}; passed < span; passed += step) {
      advance(step);
      caf::anon_send(driver, atom::wake_v);
      run();
    }
  }

  /// The engine answers the kept questions.
  void speak() {
    caf::anon_send(engine, atom::wake_v);
    run();
  }

  core::load_record& record() {
    BOOST_REQUIRE(board->record.has_value());
    return *board->record;
  }

  std::shared_ptr<core::load_script> script = std::make_shared<core::load_script>();
  std::shared_ptr<cli::load_board> board = std::make_shared<cli::load_board>();
  std::shared_ptr<load_engine_log> log = std::make_shared<load_engine_log>();
  cli::load_driver_actor driver;
  engine_actor engine;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(load_driver_suite, driver_fixture)

BOOST_AUTO_TEST_CASE(every_job_is_followed_to_its_last_outcome) {
  start();
  pass(3s);
  const auto& r = record();
  BOOST_TEST(r.messages(load_message::submit).arrived == 20u);
  BOOST_TEST(r.messages(load_message::submit).answered == 20u);
  BOOST_TEST(r.all().jobs_ended == 20u);
  BOOST_TEST(r.all().completed == 60u);
  BOOST_TEST(r.span(core::load_span_queue_wait).count() == 60u);
  BOOST_TEST(r.exactness.lost + r.exactness.duplicates + r.exactness.order_violations == 0u);
  BOOST_TEST((r.elapsed() >= 2s && r.elapsed() < 3s), "it ends when all is done");
}

BOOST_AUTO_TEST_CASE(a_slow_engine_slows_no_arrival_and_hides_no_time) {
  script->mix = {0, 1, 0, 0, 0};
  script->phases.insert(
    script->phases.begin(),
    {.name = "one job", .length = 1s, .rate = 1, .mix = core::load_mix{1, 0, 0, 0, 0}});
  start();
  pass(990ms);
  log->mute = true;
  pass(1s);
  BOOST_TEST(log->statuses == 10u, "they arrive while none is answered");
  pass(1s);
  BOOST_TEST(log->statuses == 20u);
  speak();
  pass(100ms);
  const auto& r = record();
  BOOST_TEST(r.messages(load_message::status).answered == 20u);
  const auto longest = to_seconds(r.span(static_cast<size_t>(load_message::status)).max());
  BOOST_TEST(longest == 2.0, boost::test_tools::tolerance(0.03));
  const auto middle = to_seconds(r.span(static_cast<size_t>(load_message::status)).percentile(50));
  BOOST_TEST(middle == 1.0, boost::test_tools::tolerance(0.1));
}

BOOST_AUTO_TEST_CASE(beyond_the_bound_arrivals_are_overruns) {
  script->outstanding_max = 5;
  log->mute = true;
  start();
  pass(2s);
  speak();
  pass(1s);
  const auto& r = record();
  BOOST_TEST(r.messages(load_message::submit).arrived == 20u);
  BOOST_TEST(r.messages(load_message::submit).overrun == 15u);
  BOOST_TEST(r.all().jobs_ended == 5u);
}

BOOST_AUTO_TEST_CASE(messages_without_a_job_to_be_about_are_skipped) {
  script->mix = {0, 1, 1, 1, 1};
  start();
  pass(3s);
  uint64_t skipped = 0;
  for (size_t i = 1; i < core::load_messages; ++i)
    skipped += record().messages(static_cast<load_message>(i)).skipped;
  BOOST_TEST(skipped == 20u);
}

BOOST_AUTO_TEST_CASE(large_jobs_go_in_parts) {
  script->tenants[0].requests.value = 2500;
  script->phases = {{.name = "p", .length = 1s, .rate = 1}};
  start();
  pass(2s);
  BOOST_TEST(log->submissions == 1u);
  BOOST_TEST(log->parts == 2u);
  BOOST_TEST(record().all().completed == 2500u);
}

BOOST_AUTO_TEST_CASE(doubled_outcomes_are_seen) {
  script->phases = {{.name = "p", .length = 1s, .rate = 1}};
  log->spoil = [](results_page& page) {
    if (!page.items.empty())
      page.items.push_back(page.items.front());
  };
  start();
  pass(2s);
  BOOST_TEST(record().exactness.duplicates == 1u);
  BOOST_TEST(record().all().completed == 3u);
}

BOOST_AUTO_TEST_CASE(lost_outcomes_are_seen) {
  script->phases = {{.name = "p", .length = 1s, .rate = 1}};
  log->spoil = [](results_page& page) {
    if (!page.items.empty())
      page.items.pop_back();
  };
  start();
  pass(2s);
  BOOST_TEST(record().exactness.lost == 1u);
  BOOST_TEST(record().exactness.unfinished == 0u);
  BOOST_TEST(record().all().jobs_ended == 0u);
}

BOOST_AUTO_TEST_CASE(gaps_and_exchanged_outcomes_are_seen) {
  script->phases = {{.name = "p", .length = 1s, .rate = 1}};
  log->spoil = [](results_page& page) {
    if (page.items.size() == 3) // The middle one is missing.
      page.items.erase(page.items.begin() + 1);
  };
  start();
  pass(2s);
  BOOST_TEST(record().exactness.order_violations == 1u);
  BOOST_TEST(record().exactness.lost == 1u);
}

BOOST_AUTO_TEST_CASE(an_outcome_of_another_request_is_seen) {
  script->phases = {{.name = "p", .length = 1s, .rate = 1}};
  log->spoil = [](results_page& page) {
    if (page.items.size() < 2)
      return;
    std::swap(page.items[0].outcome, page.items[1].outcome);
  };
  start();
  pass(2s);
  BOOST_TEST(record().exactness.order_violations == 2u);
}

BOOST_AUTO_TEST_CASE(a_lost_engine_is_awaited_and_nothing_is_submitted_twice) {
  log->mute = true;
  start();
  pass(500ms);
  BOOST_TEST(log->submissions == 6u);
  // It stored the first two, and died before it could answer.
  log->speak_max = 2;
  caf::anon_send(engine, atom::wake_v);
  self->send_exit(engine, caf::exit_reason::kill);
  run();
  log->speak_max = SIZE_MAX;
  BOOST_TEST(board->engines_lost == 1u);
  pass(1s);
  engine = spawn(load_engine, log);
  caf::anon_send(driver, atom::engine_v, engine);
  pass(2s);
  const auto& r = record();
  BOOST_TEST(r.messages(load_message::submit).answered == 20u);
  BOOST_TEST(log->jobs.size() == 20u);
  BOOST_TEST(r.all().completed == 60u);
  BOOST_TEST(r.errors() == 0u);
  const auto longest = to_seconds(r.span(0).max());
  BOOST_TEST(longest > 1.2, "times count through it: " << longest);
}

BOOST_AUTO_TEST_CASE(a_submission_without_an_answer_is_asked_again_with_its_key) {
  script->timeout = 200ms;
  script->phases = {{.name = "p", .length = 1s, .rate = 1}};
  log->mute = true;
  start();
  pass(500ms);
  BOOST_TEST(log->submissions == 3u);
  log->speak_max = 0; // The questions so far are lost.
  speak();
  pass(2s);
  BOOST_TEST(log->jobs.size() == 1u);
  BOOST_TEST(record().errors() == 0u);
}

BOOST_AUTO_TEST_CASE(other_messages_without_an_answer_are_errors) {
  script->timeout = 200ms;
  script->mix = {0, 1, 0, 0, 0};
  script->phases = {
    {.name = "one job", .length = 1s, .rate = 1, .mix = core::load_mix{1, 0, 0, 0, 0}},
    {.name = "p", .length = 1s, .rate = 1}};
  start();
  pass(990ms);
  log->mute = true;
  pass(2s);
  BOOST_TEST(record().messages(load_message::status).failed == 1u);
  BOOST_TEST(record().causes().contains("status: no answer in time"));
}

BOOST_AUTO_TEST_CASE(jobs_that_do_not_end_in_time_are_unfinished) {
  log->run = false;
  script->drain = 1s;
  start();
  pass(4s);
  BOOST_TEST(record().exactness.unfinished == 60u);
  BOOST_TEST(record().exactness.lost == 60u);
  BOOST_TEST((record().elapsed() < 3100ms));
}

BOOST_AUTO_TEST_CASE(jobs_are_cancelled_at_the_end_if_the_script_wants_so) {
  log->run = false;
  script->at_end = core::load_end::cancel;
  start();
  pass(2100ms);
  BOOST_TEST(log->cancels == 20u);
  speak(); // The long polls end.
  pass(1s);
  BOOST_TEST(record().all().cancelled == 60u);
  BOOST_TEST(record().exactness.lost == 0u);
}

BOOST_AUTO_TEST_CASE(a_drain_ends_arrivals_and_cancels_what_runs) {
  log->run = false;
  start();
  pass(1s);
  const auto so_far = log->submissions;
  caf::anon_send(driver, atom::drain_v);
  pass(100ms);
  speak();
  pass(1s);
  BOOST_TEST(log->submissions == so_far);
  BOOST_TEST(log->cancels == so_far);
  BOOST_TEST((record().length() < 1100ms));
  BOOST_TEST(record().exactness.lost == 0u);
}

BOOST_AUTO_TEST_CASE(a_stop_ends_at_once_and_still_tells) {
  log->run = false;
  start();
  pass(1s);
  caf::anon_send(driver, atom::stop_v);
  run();
  BOOST_TEST(record().messages(load_message::submit).answered > 9u);
}

BOOST_AUTO_TEST_CASE(a_subscription_takes_until_its_first_outcomes_and_gives_credit_back) {
  log->run = false;
  script->phases = {
    {.name = "one job", .length = 1s, .rate = 1, .mix = core::load_mix{1, 0, 0, 0, 0}},
    {.name = "p", .length = 1s, .rate = 2, .mix = core::load_mix{0, 0, 0, 0, 1}}};
  start();
  pass(2s);
  BOOST_REQUIRE(log->subscriptions.size() == 1u);
  const auto id = log->subscriptions.front().job;
  const auto page = [&](uint64_t from) {
    caf::anon_send(driver, atom::outcomes_v, log->page_of(id, from, 256));
    run();
  };
  log->jobs.at(id).done = 2;
  page(0);
  BOOST_TEST(log->credits == 2u);
  log->run = true;
  speak();
  page(2);
  pass(1s);
  BOOST_TEST(record().messages(load_message::subscribe).answered == 1u);
  BOOST_TEST(record().exactness.order_violations == 0u);
  BOOST_TEST(record().messages(load_message::subscribe).skipped == 1u,
             "a job is subscribed to once");
}

BOOST_AUTO_TEST_CASE(an_action_submits_beside_the_schedule) {
  script->phases = {{.name = "p", .length = 1s, .rate = 0}};
  start();
  caf::anon_send(driver, atom::submit_v, uint32_t{0}, uint64_t{42});
  caf::anon_send(driver, atom::submit_v, uint32_t{7}, uint64_t{42}); // Nobody.
  pass(2s);
  BOOST_TEST(record().all().jobs == 1u);
  BOOST_TEST(record().all().completed == 42u);
}

BOOST_AUTO_TEST_SUITE_END()
