#include "tests/support/fake_job.hpp"
#include "tests/support/head_fixture.hpp"

#include <boost/test/data/test_case.hpp>

using namespace penstock;
using namespace std::chrono_literals;
using test::head_fixture;
using test::kept_store;

namespace data = boost::unit_test::data;

namespace {

const auto durable_or_not = data::make({false, true});

/// Whether whoever waits has been answered, and with what state.
template <class Pending>
std::optional<job_state> ended(Pending& pending) {
  std::optional<job_state> state;
  pending.receive([&](const job_progress& p) { state = p.state; }, [](const caf::error&) {});
  return state;
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_jobs)

BOOST_DATA_TEST_CASE(a_job_by_value_gives_its_outcomes_in_order, durable_or_not) {
  kept_store store{sample};
  head_fixture head{store.open()};
  const auto job = head.submit(5);
  BOOST_TEST(head.work->requests().empty());
  head.join(5);
  BOOST_REQUIRE(head.handed_out(job) == 5u);
  head.complete(3, 2);
  BOOST_TEST(head.outcomes(job) == "");
  head.complete(0, 3);
  BOOST_TEST(head.outcomes(job) == "ccccc");
  const auto page = head.results(job, 5);
  BOOST_TEST(page.end);
  BOOST_TEST((page.state == job_state::completed));
  BOOST_TEST(head.status(job).completed == 5u);
}

BOOST_DATA_TEST_CASE(a_job_runs_once_all_of_it_is_there, durable_or_not) {
  kept_store store{sample};
  head_fixture head{store.open()};
  head.join(10);
  auto first = head_fixture::make_job(2);
  first.complete = false;
  const auto job = head.ask<job_ticket>(head.aut, atom::submit_v, first).job;
  BOOST_TEST((head.info(job).progress.state == job_state::receiving));
  BOOST_TEST(head.info(job).waits_for == "the rest of its requests");
  BOOST_TEST(head.add(job, 2, 3, false).accepted == 5u);
  BOOST_TEST(head.add(job, 2, 3, false).accepted == 5u); // Once more: skipped.
  BOOST_TEST(head.work->requests().empty());
  submission_part gap;
  gap.job = job;
  gap.first = 7;
  gap.requests = head_fixture::make_requests(7, 1);
  BOOST_TEST((head.refusal<job_ticket>(atom::add_v, gap).code == errc::invalid_input));
  BOOST_TEST(head.add(job, 5, 1, true).complete);
  head.run();
  BOOST_TEST(head.handed_out(job) == 6u);
  BOOST_TEST(head.add(job, 5, 1, true).complete); // The last part once more starts nothing.
  head.run();
  BOOST_TEST(head.handed_out(job) == 6u);
  head.complete(0, 6);
  BOOST_TEST(head.add(job, 5, 1, true).complete);
  head.run();
  BOOST_TEST(head.handed_out(job) == 6u);
  BOOST_TEST(head.outcomes(job) == "cccccc");
}

BOOST_DATA_TEST_CASE(the_same_key_is_the_same_job, durable_or_not) {
  kept_store store{sample};
  uint64_t job = 0;
  {
    head_fixture head{store.open()};
    head.join(10);
    job = head.submit(3, "t", "monday");
    const auto again = head.ask<job_ticket>(head.aut, atom::submit_v,
                                            head_fixture::make_job(3, "t", "monday"));
    BOOST_TEST(again.job == job);
    BOOST_TEST(again.existed);
    head.run();
    BOOST_TEST(head.work->requests().size() == 3u);
    head.complete(0, 3);
    BOOST_TEST(head.submit(3, "u", "monday") != job); // Another tenant's.
  }
  head_fixture head{store.open()};
  head.join(10);
  const auto again = head.ask<job_ticket>(head.aut, atom::submit_v,
                                          head_fixture::make_job(3, "t", "monday"));
  head.run();
  BOOST_TEST(again.job == job);
  BOOST_TEST(head.handed_out(job) == 0u); // It has ended.
  BOOST_TEST((head.status(job).state == job_state::completed));
}

BOOST_AUTO_TEST_CASE(an_empty_job_ends_at_once) {
  kept_store store{false};
  head_fixture head{store.open()};
  const auto job = head.submit(0);
  head.run();
  BOOST_TEST((head.status(job).state == job_state::completed));
  BOOST_TEST(head.results(job).end);
}

BOOST_DATA_TEST_CASE(a_head_goes_on_where_the_one_before_it_died, durable_or_not) {
  kept_store store{sample};
  uint64_t job = 0, receiving = 0;
  uint32_t epoch = 0;
  {
    head_fixture head{store.open()};
    job = head.submit(6);
    auto part = head_fixture::make_job(2);
    part.complete = false;
    receiving = head.ask<job_ticket>(head.aut, atom::submit_v, part).job;
    head.join(4);
    head.complete(0, 1);
    head.complete(2, 1);
    epoch = head.work->requests().back().key.epoch;
  }
  head_fixture head{store.open()};
  BOOST_TEST((head.info(receiving).progress.state == job_state::receiving));
  BOOST_TEST(head.outcomes(job) == "c");
  BOOST_TEST(head.status(job).resumed == 2u);
  head.join(10);
  BOOST_REQUIRE(head.handed_out(job) == 4u); // Not those that have their outcome.
  for (auto& r : head.work->requests()) {
    BOOST_TEST((r.key.index != 0 && r.key.index != 2));
    BOOST_TEST(r.key.epoch > epoch);
  }
  head.complete(0, 4);
  BOOST_TEST(head.outcomes(job) == "cccccc");
  const auto p = head.status(job);
  BOOST_TEST((p.state == job_state::completed));
  BOOST_TEST(p.completed == 6u);
  BOOST_TEST(p.read == 6u);
  BOOST_TEST(p.attempts == 6u);
  head.add(receiving, 2, 1, true);
  head.run();
  BOOST_TEST(head.handed_out(receiving) == 3u);
}

BOOST_DATA_TEST_CASE(a_cancelled_job_stops_what_is_being_sent, durable_or_not) {
  kept_store store{sample};
  head_fixture head{store.open()};
  const auto job = head.submit(6);
  head.join(3);
  head.complete(0, 1);
  auto waiter = head.self->request(head.aut, caf::infinite, atom::wait_v, job);
  BOOST_TEST(head.ask<bool>(head.aut, atom::cancel_v, job));
  BOOST_TEST((head.work->aborted == std::vector{job}));
  BOOST_TEST(head.ask<bool>(head.aut, atom::cancel_v, job)); // It is still at it.
  head.give_back(job);
  BOOST_TEST((ended(waiter) == job_state::cancelled));
  BOOST_TEST(head.outcomes(job) == "cxxxxx");
  BOOST_TEST(head.handed_out(job) == 4u);
  BOOST_TEST(!head.ask<bool>(head.aut, atom::cancel_v, job));
  BOOST_TEST((head.refusal<bool>(atom::cancel_v, uint64_t{99}).code == errc::not_found));
}

BOOST_DATA_TEST_CASE(a_cancel_outlives_the_head, durable_or_not) {
  kept_store store{sample};
  uint64_t job = 0;
  {
    head_fixture head{store.open()};
    job = head.submit(3);
    head.join(2);
    BOOST_TEST(head.ask<bool>(head.aut, atom::cancel_v, job));
  }
  head_fixture head{store.open()};
  head.join(2);
  BOOST_TEST(head.work->requests().empty());
  BOOST_TEST((head.status(job).state == job_state::cancelled));
  BOOST_TEST(head.outcomes(job) == "xxx");
}

BOOST_DATA_TEST_CASE(a_job_that_is_still_received_can_be_cancelled, durable_or_not) {
  kept_store store{sample};
  head_fixture head{store.open()};
  head.join(2);
  auto part = head_fixture::make_job(2);
  part.complete = false;
  const auto job = head.ask<job_ticket>(head.aut, atom::submit_v, part).job;
  auto waiter = head.self->request(head.aut, caf::infinite, atom::wait_v, job);
  BOOST_TEST(head.ask<bool>(head.aut, atom::cancel_v, job));
  head.run();
  BOOST_TEST((ended(waiter) == job_state::cancelled));
  BOOST_TEST(head.outcomes(job) == "xx");
  submission_part late;
  late.job = job;
  late.first = 2;
  late.requests = head_fixture::make_requests(2, 1);
  BOOST_TEST((head.refusal<job_ticket>(atom::add_v, late).code == errc::invalid_input));
  BOOST_TEST(head.work->requests().empty());
}

BOOST_DATA_TEST_CASE(a_retry_runs_what_did_not_complete_and_keeps_the_order, durable_or_not) {
  kept_store store{sample};
  uint64_t job = 0;
  {
    head_fixture head{store.open()};
    job = head.submit(4);
    head.join(4);
    BOOST_TEST((head.refusal<uint64_t>(atom::retry_v, job).code == errc::invalid_input));
    head.complete(0, 1);
    head.complete(1, 2, core::outcome_state::failed);
    head.complete(3, 1);
    BOOST_TEST(head.outcomes(job) == "cffc");
    BOOST_TEST(head.ask<uint64_t>(head.aut, atom::retry_v, job) == 2u);
    head.run();
    BOOST_TEST(head.outcomes(job) == "c");
    BOOST_REQUIRE(head.handed_out(job) == 6u);
    head.complete(5, 1);
  }
  head_fixture head{store.open()}; // In the middle of the retry.
  head.join(4);
  BOOST_REQUIRE(head.handed_out(job) == 1u);
  BOOST_TEST(head.work->requests().front().key.index == 1u);
  head.complete(0, 1, core::outcome_state::failed);
  BOOST_TEST(head.outcomes(job) == "cfcc");
  BOOST_TEST((head.status(job).state == job_state::completed));
  BOOST_TEST(head.status(job).failed == 1u);
  BOOST_TEST(head.ask<uint64_t>(head.aut, atom::retry_v, job) == 1u);
  head.run();
  head.complete(1, 1);
  BOOST_TEST(head.outcomes(job) == "cccc");
  BOOST_TEST(head.ask<uint64_t>(head.aut, atom::retry_v, job) == 0u); // Nothing is left to do.
  head.run();
  BOOST_TEST((head.status(job).state == job_state::completed));
  BOOST_TEST((head.refusal<uint64_t>(atom::retry_v, uint64_t{99}).code == errc::not_found));
}

BOOST_DATA_TEST_CASE(aborted_and_cancelled_jobs_can_be_retried, durable_or_not) {
  kept_store store{sample};
  head_fixture head{store.open()};
  head.join(2);
  const auto job = head.submit(3);
  head.run();
  const auto second = head.work->requests().at(1);
  head.report(second.key, report_kind::aborting,
              head_fixture::failed(second, {errc::unauthorized, "the key is wrong"}));
  head.run();
  head.complete(0, 1);
  BOOST_TEST((head.status(job).state == job_state::aborted));
  BOOST_TEST((head.status(job).cause.code == errc::unauthorized));
  BOOST_TEST(head.results(job).end);
  BOOST_TEST(head.ask<uint64_t>(head.aut, atom::retry_v, job) == 2u);
  head.run();
  BOOST_REQUIRE(head.handed_out(job) == 4u);
  BOOST_TEST(head.ask<bool>(head.aut, atom::cancel_v, job));
  head.give_back(job);
  BOOST_TEST(head.outcomes(job) == "cxx");
  BOOST_TEST(head.ask<uint64_t>(head.aut, atom::retry_v, job) == 2u);
  head.run();
  BOOST_REQUIRE(head.handed_out(job) == 6u);
  head.complete(4, 2);
  BOOST_TEST(head.outcomes(job) == "ccc");
  BOOST_TEST((head.status(job).state == job_state::completed));
}

BOOST_AUTO_TEST_CASE(a_deadline_counts_the_time_that_the_head_was_down) {
  kept_store store{false};
  io::unix_ms wall = 1'000'000;
  const auto clock = [&] { return wall; };
  uint64_t job = 0;
  {
    head_fixture head{store.open(), {}, clock};
    auto wanted = head_fixture::make_job(3);
    wanted.options.deadline = 60s;
    job = head.ask<job_ticket>(head.aut, atom::submit_v, wanted).job;
    head.join(1);
    head.complete(0, 1);
  }
  wall += 50'000;
  {
    head_fixture head{store.open(), {}, clock};
    head.advance(9s);
    BOOST_TEST((head.status(job).state == job_state::running));
    head.advance(2s);
    BOOST_TEST((head.status(job).state == job_state::completed));
    BOOST_TEST(head.outcomes(job) == "cee");
    BOOST_TEST(head.ask<uint64_t>(head.aut, atom::retry_v, job) == 2u); // With all of its time again.
    head.advance(30s);
    BOOST_TEST((head.status(job).state == job_state::running));
  }
  wall += 3'600'000;
  head_fixture head{store.open(), {}, clock};
  head.advance(1ms);
  BOOST_TEST(head.outcomes(job) == "cee");
}

BOOST_DATA_TEST_CASE(a_job_whose_actors_die_is_taken_up_again, durable_or_not) {
  kept_store store{sample};
  head_fixture head{store.open()};
  head.join(4);
  const auto job = head.submit(4);
  head.run();
  head.complete(1, 1);
  caf::anon_send_exit(head.work->from, caf::exit_reason::kill);
  head.run();
  BOOST_TEST((head.work->aborted == std::vector{job}));
  BOOST_REQUIRE(head.handed_out(job) == 7u);
  head.complete(4, 3);
  BOOST_TEST(head.outcomes(job) == "cccc");
  BOOST_TEST(head.status(job).restarts == 1u);
}

BOOST_AUTO_TEST_CASE(a_job_that_keeps_dying_ends_in_the_store) {
  kept_store store{false};
  uint64_t job = 0;
  {
    head_fixture head{store.open()};
    head.join(1);
    job = head.submit(2);
    head.run();
    for (int i = 0; i < 6; ++i) {
      caf::anon_send_exit(head.work->from, caf::exit_reason::kill);
      head.run();
    }
    BOOST_TEST((head.status(job).state == job_state::aborted));
  }
  head_fixture head{store.open()};
  head.join(1);
  BOOST_TEST(head.work->requests().empty());
  BOOST_TEST((head.status(job).cause.code == errc::internal));
}

BOOST_DATA_TEST_CASE(a_head_that_stops_leaves_its_jobs_to_the_next, durable_or_not) {
  kept_store store{sample};
  uint64_t job = 0;
  {
    head_fixture head{store.open()};
    job = head.submit(4);
    head.join(2);
    auto idle = head.self->request(head.aut, caf::infinite, atom::wait_v, uint64_t{0});
    head.self->send(head.aut, atom::drain_v, uint64_t{0});
    head.run();
    BOOST_TEST((head.info(job).progress.state == job_state::draining));
    BOOST_TEST((head.refusal<job_ticket>(atom::submit_v, head_fixture::make_job(1)).code
                == errc::unavailable));
    head.complete(0, 2);
    BOOST_TEST((ended(idle) == job_state::interrupted));
    BOOST_TEST(head.handed_out(job) == 2u);
  }
  head_fixture head{store.open()};
  head.join(2);
  head.complete(0, 2);
  BOOST_TEST(head.outcomes(job) == "cccc");
  BOOST_TEST((head.status(job).state == job_state::completed));
}

BOOST_AUTO_TEST_CASE(a_head_without_jobs_has_stopped_at_once) {
  kept_store store{false};
  head_fixture head{store.open()};
  auto idle = head.self->request(head.aut, caf::infinite, atom::wait_v, uint64_t{0});
  head.run();
  BOOST_TEST((ended(idle) == job_state::interrupted));
}

BOOST_DATA_TEST_CASE(a_job_that_somebody_stopped_can_be_cancelled_or_retried, durable_or_not) {
  kept_store store{sample};
  head_fixture head{store.open()};
  head.join(1);
  const auto first = head.submit(2), second = head.submit(2);
  head.run();
  for (auto job : {first, second})
    head.self->send(head.aut, atom::abort_v, job);
  head.run();
  head.give_back(first);
  BOOST_TEST((head.status(first).state == job_state::interrupted));
  BOOST_TEST((head.status(second).state == job_state::interrupted));
  BOOST_TEST(head.ask<bool>(head.aut, atom::cancel_v, first));
  head.run();
  BOOST_TEST(head.outcomes(first) == "xx");
  BOOST_TEST((head.status(first).state == job_state::cancelled));
  BOOST_TEST(head.ask<uint64_t>(head.aut, atom::retry_v, second) == 2u);
  head.run();
  BOOST_TEST(head.handed_out(second) == 1u);
}

BOOST_AUTO_TEST_CASE(a_bad_request_fails_in_its_place) {
  kept_store store{true};
  head_fixture head{store.open()};
  auto wanted = head_fixture::make_job(3);
  auto bad = *wanted.requests[1];
  bad.body = nullptr;
  wanted.requests[1] = make_shared_value(bad);
  const auto job = head.ask<job_ticket>(head.aut, atom::submit_v, wanted).job;
  head.join(3);
  head.complete(0, 2);
  BOOST_TEST(head.outcomes(job) == "cfc");
  wanted.options.attempts_max = 0;
  const auto why = head.refusal<job_ticket>(atom::submit_v, wanted);
  BOOST_TEST((why.code == errc::invalid_input));
  BOOST_TEST(why.context == "attempts_max must be from 1 to 100, is 0");
}

BOOST_AUTO_TEST_CASE(whoever_waits_for_a_job_that_is_still_received_hears_of_its_end) {
  kept_store store{false};
  head_fixture head{store.open()};
  auto part = head_fixture::make_job(1);
  part.complete = false;
  const auto job = head.ask<job_ticket>(head.aut, atom::submit_v, part).job;
  auto waiter = head.self->request(head.aut, caf::infinite, atom::wait_v, job);
  head.run();
  head.add(job, 1, 1, true);
  head.join(2);
  head.complete(0, 2);
  BOOST_TEST((ended(waiter) == job_state::completed));
  auto late = head.self->request(head.aut, caf::infinite, atom::wait_v, job);
  head.run();
  BOOST_TEST((ended(late) == job_state::completed));
  BOOST_TEST((head.refusal<job_progress>(atom::wait_v, uint64_t{99}).code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_subscriber_gets_outcomes_as_it_gives_credit) {
  kept_store store{false};
  head_fixture head{store.open()};
  head.join(4);
  const auto job = head.submit(4);
  auto pages = std::make_shared<std::vector<results_page>>();
  head.spawn([=, aut = head.aut](outcome_taker_actor::pointer me) -> outcome_taker_actor::behavior_type {
    me->send(aut, atom::subscribe_v, subscription{job, 0, 3});
    return {[=](atom::outcomes, const results_page& page) {
      pages->push_back(page);
      me->send(aut, atom::credit_v, job, uint32_t{1});
    }};
  });
  head.run();
  BOOST_TEST(pages->empty());
  head.complete(0, 4);
  uint64_t next = 0;
  for (auto& page : *pages) {
    BOOST_TEST(page.from == next);
    next += page.items.size();
  }
  BOOST_TEST(next == 4u);
  BOOST_REQUIRE(pages->size() >= 2u); // Its credit was for three.
  BOOST_TEST(pages->front().items.size() <= 3u);
  BOOST_TEST(pages->back().end);
}

BOOST_AUTO_TEST_CASE(jobs_over_files_have_numbers_of_their_own_beside_a_store) {
  kept_store store{false};
  head_fixture head{store.open()};
  auto files = std::make_shared<test::memory_files>();
  files->input = head_fixture::make_requests(0, 1);
  local_submission local;
  local.launcher = std::make_shared<test::memory_launcher>(files);
  const auto first = head.ask<uint64_t>(head.aut, atom::submit_v, local);
  BOOST_TEST(first >= actors::engine_state::local_jobs_begin);
  BOOST_TEST(head.submit(1) < first);
  head.run();
  const auto all = head.ask<std::vector<job_info>>(head.aut, atom::jobs_v, job_filter{});
  BOOST_REQUIRE(all.size() == 2u);
  BOOST_TEST(all[0].id == first);
  job_filter rest;
  rest.before = first;
  BOOST_TEST(head.ask<std::vector<job_info>>(head.aut, atom::jobs_v, rest).size() == 1u);
  BOOST_TEST((head.refusal<uint64_t>(atom::retry_v, first).code == errc::invalid_input));
  *files = {}; // Its handles would keep the actors.
}

BOOST_AUTO_TEST_CASE(a_small_job_does_not_wait_for_a_large_one_of_another_tenant) {
  kept_store store{false};
  head_fixture head{store.open()};
  head.join(100);
  auto part = head_fixture::make_job(0, "big");
  part.complete = false;
  const auto big = head.ask<job_ticket>(head.aut, atom::submit_v, part).job;
  for (uint64_t first = 0; first < 100'000; first += 10'000)
    head.add(big, first, 10'000, first == 90'000);
  head.run();
  BOOST_TEST(head.handed_out(big) == 100u);
  const auto small = head.submit(10, "small");
  head.run();
  head.complete(0, 20); // The slots of one turn each.
  BOOST_TEST(head.handed_out(small) == 10u);
  BOOST_TEST(head.handed_out(big) == 110u);
}

BOOST_AUTO_TEST_SUITE_END()
