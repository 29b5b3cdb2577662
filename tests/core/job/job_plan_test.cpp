#include "core/job/job_plan.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;

BOOST_AUTO_TEST_SUITE(job_plan_suite)

BOOST_AUTO_TEST_CASE(auto_chooses_by_the_number_of_requests) {
  BOOST_TEST((job_plan{mode::automatic, 1}.current() == mode::sequential));
  BOOST_TEST((job_plan{mode::automatic, 3}.current() == mode::parallel));
  BOOST_TEST((job_plan{mode::automatic, std::nullopt}.current() == mode::parallel));
  // Two requests share no prompt unless somebody allows packs.
  job_plan two{mode::automatic, 2};
  BOOST_TEST((two.current() == mode::parallel));
  BOOST_TEST(!two.packs());
  job_plan allowed{mode::automatic, 2, true};
  BOOST_TEST((allowed.current() == mode::batch));
  BOOST_TEST(allowed.packs());
  BOOST_TEST(allowed.mode_used() == "batch");
}

BOOST_AUTO_TEST_CASE(a_mode_is_left_when_half_of_at_least_eight_failed) {
  job_plan plan{mode::parallel};
  for (int i = 0; i < 7; ++i)
    plan.finished(true, errc::server_error);
  BOOST_TEST(!plan.leave_early());
  plan.finished(false, errc::internal);
  BOOST_TEST(plan.leave_early());
  for (int i = 0; i < 7; ++i)
    plan.finished(false, errc::internal);
  BOOST_TEST(!plan.leave_early());
}

BOOST_AUTO_TEST_CASE(an_early_leave_is_for_good_and_keeps_its_reason) {
  job_plan plan{mode::parallel};
  for (int i = 0; i < 8; ++i)
    plan.finished(true, errc::timeout);
  plan.step_down(true);
  BOOST_TEST((plan.current() == mode::batch));
  BOOST_TEST(plan.mode_used() == "batch_fallback");
  for (int i = 0; i < 8; ++i)
    plan.finished(true, errc::server_error);
  BOOST_TEST(plan.leave_early());
  plan.step_down(true);
  BOOST_TEST(plan.one_at_a_time());
  BOOST_TEST(plan.is_last());
  BOOST_TEST(!plan.on_detour());
  plan.step_back();
  BOOST_TEST((plan.current() == mode::sequential));
  BOOST_REQUIRE(plan.changes().size() == 2u);
  BOOST_TEST((plan.changes()[0].to == mode::batch));
  BOOST_TEST((plan.changes()[0].code == errc::timeout));
  BOOST_TEST(plan.changes()[0].degraded == 8u);
  BOOST_TEST((plan.changes()[1].code == errc::server_error));
  BOOST_TEST(plan.changes()[1].text == "left early: 8 of 8 requests failed after all attempts");
  BOOST_TEST(plan.mode_used() == "sequential_fallback");
}

BOOST_AUTO_TEST_CASE(a_detour_returns_to_the_mode_it_left) {
  job_plan plan{mode::parallel};
  for (int i = 0; i < 20; ++i)
    plan.finished(i == 3, errc::server_error);
  BOOST_TEST(!plan.leave_early());
  plan.step_down(false);
  BOOST_TEST(plan.on_detour());
  BOOST_TEST((plan.current() == mode::batch));
  plan.skipped();
  plan.step_down(false);
  BOOST_TEST(plan.on_detour());
  BOOST_TEST(plan.one_at_a_time());
  BOOST_TEST((plan.changes()[1].code == errc::not_packable));
  plan.step_back();
  BOOST_TEST((plan.current() == mode::parallel));
  BOOST_TEST(!plan.on_detour());
  BOOST_TEST(plan.mode_used() == "sequential_fallback");
}

BOOST_AUTO_TEST_CASE(batch_is_left_when_most_packs_come_back_wrong) {
  job_plan plan{mode::batch};
  for (int i = 0; i < 7; ++i) {
    plan.finished(false, errc::internal);
    plan.pack_answered(i % 2 == 0);
  }
  BOOST_TEST(!plan.leave_early());
  plan.pack_answered(false);
  BOOST_TEST(plan.leave_early());
  plan.step_down(true);
  BOOST_TEST((plan.changes()[0].code == errc::pack_mismatch));
  BOOST_TEST(plan.changes()[0].text == "left early: 4 of 8 packs came back wrong");
  BOOST_TEST(!plan.packs());
}

BOOST_AUTO_TEST_CASE(batch_is_left_when_it_can_pack_none_of_eight) {
  job_plan plan{mode::batch};
  for (int i = 0; i < 8; ++i)
    plan.skipped();
  BOOST_TEST(plan.leave_early());
  job_plan other{mode::batch};
  other.finished(false, errc::internal); // One pack was sent: the rest may take a detour.
  for (int i = 0; i < 8; ++i)
    other.skipped();
  BOOST_TEST(!other.leave_early());
}

BOOST_AUTO_TEST_CASE(auto_packs_in_parallel_for_a_reason_and_stops_for_another) {
  job_plan plan{mode::automatic, 100, true, "requests bind"};
  BOOST_TEST((plan.current() == mode::parallel));
  BOOST_TEST(plan.packs());
  BOOST_TEST(plan.mode_used() == "parallel_packed");
  BOOST_REQUIRE(plan.changes().size() == 1u);
  BOOST_TEST(plan.changes()[0].text == "packed: requests bind");
  for (int i = 0; i < 8; ++i)
    plan.pack_answered(true);
  BOOST_TEST(plan.packs_fail());
  BOOST_TEST(!plan.leave_early());
  plan.stop_packing();
  BOOST_TEST(!plan.packs());
  BOOST_TEST(!plan.packs_fail());
  BOOST_TEST((plan.current() == mode::parallel));
  BOOST_TEST((plan.changes()[1].code == errc::pack_mismatch));
  // Asked for, parallel mode is what was asked for.
  BOOST_TEST((!job_plan{mode::parallel, 100, true, "requests bind"}.packs()));
  BOOST_TEST((job_plan{mode::automatic, 2}.mode_used() == "parallel"));
}

BOOST_AUTO_TEST_CASE(a_job_without_trouble_reports_its_mode_plainly) {
  BOOST_TEST(job_plan{mode::parallel}.mode_used() == "parallel");
  BOOST_TEST(job_plan{mode::sequential}.mode_used() == "sequential");
}

BOOST_AUTO_TEST_CASE(kept_changes_are_bounded_and_counted) {
  job_plan plan{mode::parallel};
  for (int i = 0; i < 300; ++i) {
    plan.finished(true, errc::server_error);
    plan.step_down(false);
    plan.step_back();
  }
  BOOST_TEST(plan.changes().size() == 100u);
  BOOST_TEST(plan.changes_total() == 300u);
}

BOOST_AUTO_TEST_SUITE_END()
