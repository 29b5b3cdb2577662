#include "tests/support/breaking_store.hpp"
#include "tests/support/head_fixture.hpp"

using namespace penstock;
using test::head_fixture;

namespace {

const error full{errc::disk_full, "jobs.db: no space left; make room and start again"};

struct fixture {
  std::shared_ptr<test::breaking_store> store =
    std::make_shared<test::breaking_store>(io::make_memory_job_store());
  head_fixture head{store};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(engine_faults, fixture)

BOOST_AUTO_TEST_CASE(what_cannot_be_made_safe_is_not_acknowledged) {
  store->broken = full;
  const auto why = head.refusal<job_ticket>(atom::submit_v, head_fixture::make_job(1));
  BOOST_TEST((why.code == errc::disk_full));
  BOOST_TEST(why.context == full.context);
}

BOOST_AUTO_TEST_CASE(a_full_disk_ends_a_running_job_with_its_reason) {
  head.join(2);
  const auto job = head.submit(3);
  auto waiter = head.self->request(head.aut, caf::infinite, atom::wait_v, job);
  head.run();
  store->broken = full;
  head.complete(0, 2);
  job_progress end;
  waiter.receive([&](const job_progress& p) { end = p; },
                 [](const caf::error& e) { BOOST_FAIL(caf::to_string(e)); });
  BOOST_TEST((end.state == job_state::aborted));
  BOOST_TEST((end.cause.code == errc::disk_full));
  BOOST_TEST(end.cause.context == full.context);
  BOOST_TEST((head.status(job).cause.code == errc::disk_full));
  BOOST_TEST((head.work->aborted == std::vector{job})); // No more money is spent for it.
}

BOOST_AUTO_TEST_CASE(a_retry_that_cannot_be_made_safe_starts_nothing) {
  const auto job = head.submit(1);
  head.join(1);
  head.complete(0, 1, core::outcome_state::failed);
  store->broken = full;
  BOOST_TEST((head.refusal<uint64_t>(atom::retry_v, job).code == errc::disk_full));
  BOOST_TEST(head.handed_out(job) == 1u);
}

BOOST_AUTO_TEST_CASE(the_number_of_a_life_goes_round_without_harm) {
  store->lives_before = 4094;
  const auto job = head.submit(2);
  head.join(1);
  BOOST_TEST(life_of(head.work->requests().back().key.epoch) == 4095u);
  const auto late = head.work->requests().back();
  caf::anon_send_exit(head.work->from, caf::exit_reason::kill);
  head.run();
  store->lives_before = 0xFFFF'0000;
  BOOST_REQUIRE(head.handed_out(job) == 2u);
  BOOST_TEST(life_of(head.work->requests().back().key.epoch) == 1u);
  head.report(late.key, report_kind::finished, {}); // From the earlier life: refused.
  head.run();
  BOOST_TEST(head.status(job).completed == 0u);
  BOOST_TEST(head.status(job).in_flight == 1u);
  head.complete(1, 1);
  head.complete(2, 1);
  BOOST_TEST(head.outcomes(job) == "cc");
}

BOOST_AUTO_TEST_CASE(the_death_of_the_store_refuses_what_comes_after) {
  caf::anon_send_exit(head.writer, caf::exit_reason::kill);
  head.run();
  head.refusal<job_ticket>(atom::submit_v, head_fixture::make_job(1));
  caf::anon_send_exit(head.reader, caf::exit_reason::kill);
  head.run();
  head.refusal<job_info>(atom::info_v, uint64_t{1});
}

BOOST_AUTO_TEST_SUITE_END()
