#include "tests/support/fake_job.hpp"
#include "tests/support/head_fixture.hpp"

#include <boost/test/data/test_case.hpp>

using namespace penstock;
using namespace std::chrono_literals;
using test::durable_or_not;
using test::ended;
using test::head_fixture;
using test::kept_store;

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
  BOOST_TEST(head.add(job, 2, 3, false).accepted == 5u); // Sent again: skipped.
  BOOST_TEST(head.work->requests().empty());
  submission_part gap;
  gap.job = job;
  gap.first = 7;
  gap.requests = head_fixture::make_requests(7, 1);
  BOOST_TEST((head.refusal<job_ticket>(atom::add_v, gap).code == errc::invalid_input));
  BOOST_TEST(head.add(job, 5, 1, true).complete);
  head.run();
  BOOST_TEST(head.handed_out(job) == 6u);
  BOOST_TEST(head.add(job, 5, 1, true).complete); // The last part again starts nothing.
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
    const auto again =
      head.ask<job_ticket>(head.aut, atom::submit_v, head_fixture::make_job(3, "t", "monday"));
    BOOST_TEST(again.job == job);
    BOOST_TEST(again.existed);
    head.run();
    BOOST_TEST(head.work->requests().size() == 3u);
    head.complete(0, 3);
    BOOST_TEST(head.submit(3, "u", "monday") != job); // Another tenant.
  }
  head_fixture head{store.open()};
  head.join(10);
  const auto again =
    head.ask<job_ticket>(head.aut, atom::submit_v, head_fixture::make_job(3, "t", "monday"));
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
  BOOST_REQUIRE(head.handed_out(job) == 4u); // Without the requests that have an outcome.
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
  BOOST_TEST(head.ask<bool>(head.aut, atom::cancel_v, job)); // The cancel still runs.
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
  head_fixture head{store.open()}; // During the retry.
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
  BOOST_TEST(head.ask<uint64_t>(head.aut, atom::retry_v, job) == 0u); // Nothing to do.
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

BOOST_AUTO_TEST_SUITE_END()
