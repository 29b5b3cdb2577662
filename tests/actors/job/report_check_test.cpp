#include "actors/job/report_check.hpp"

#include "tests/support/coordinator_fixture.hpp"

#include <cmath>
#include <limits>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

constexpr uint64_t our_node = 7;

core::window_entry entry() {
  core::request what;
  what.index = 3;
  what.custom_id = "row-3";
  core::window_entry e;
  e.what = std::make_shared<const core::request>(what);
  e.state = core::request_state::in_flight;
  e.node = our_node;
  e.epoch = 1;
  return e;
}

core::outcome completed() {
  core::outcome o;
  o.index = 3;
  o.custom_id = "row-3";
  o.state = core::outcome_state::completed;
  o.attempts = 1;
  o.cost = 0.25;
  return o;
}

core::outcome failed() {
  auto o = completed();
  o.state = core::outcome_state::failed;
  o.failure = error{errc::server_error, "500"};
  return o;
}

work_report report(report_kind kind, std::optional<core::outcome> o) {
  work_report r;
  r.key = {1, 3, 1};
  r.kind = kind;
  if (o)
    r.outcome = make_shared_value(std::move(*o));
  return r;
}

std::string fault(const work_report& r, uint64_t node = our_node) {
  return actors::report_fault(r, entry(), node, false);
}

/// The fault of a finished report whose outcome was changed by `change`.
template <class F>
std::string fault_of(F change, core::outcome o = completed()) {
  change(o);
  return fault(report(report_kind::finished, std::move(o)));
}

} // namespace

BOOST_AUTO_TEST_SUITE(report_check)

BOOST_AUTO_TEST_CASE(reports_of_honest_nodes_pass) {
  BOOST_TEST(fault(report(report_kind::finished, completed())) == "");
  for (auto kind : {report_kind::finished, report_kind::degraded, report_kind::aborting,
                    report_kind::held, report_kind::given_back, report_kind::lost})
    BOOST_TEST(fault(report(kind, failed())) == "");
  BOOST_TEST(fault(report(report_kind::lost, {})) == "");
  BOOST_TEST(fault(report(report_kind::given_back, {})) == "");
}

BOOST_AUTO_TEST_CASE(kind_and_outcome_must_agree) {
  BOOST_TEST(fault(report(report_kind::finished, {})) != "");
  for (auto kind : {report_kind::degraded, report_kind::aborting, report_kind::held}) {
    BOOST_TEST(fault(report(kind, {})) != "");
    BOOST_TEST(fault(report(kind, completed())) != "");
  }
  BOOST_TEST(fault(report(static_cast<report_kind>(99), failed())) != "");
  BOOST_TEST(fault_of([](auto& o) { o.failure = error{errc::timeout, "x"}; }) != "");
  BOOST_TEST(fault_of([](auto& o) { o.failure.reset(); }, failed()) != "");
  BOOST_TEST(fault_of([](auto& o) { o.state = static_cast<core::outcome_state>(9); }) != "");
  BOOST_TEST(fault_of([](auto& o) { o.ran_as = static_cast<core::mode>(9); }) != "");
}

BOOST_AUTO_TEST_CASE(a_report_is_about_the_request_that_its_node_has) {
  BOOST_TEST(fault(report(report_kind::finished, completed()), our_node + 1) != "");
  BOOST_TEST(fault_of([](auto& o) { o.index = uint64_t{1} << 60; }) != "");
  BOOST_TEST(fault_of([](auto& o) { o.custom_id = "row-4"; }) != "");
  // The hand-out of a pack has its own id.
  auto pack = completed();
  pack.custom_id = "pack";
  BOOST_TEST(actors::report_fault(report(report_kind::finished, pack), entry(), our_node, true) ==
             "");
}

BOOST_AUTO_TEST_CASE(numbers_are_finite_and_within_bounds) {
  using limits = std::numeric_limits<double>;
  for (double cost : {-0.01, limits::infinity(), -limits::infinity(), limits::quiet_NaN()}) {
    auto o = completed();
    o.cost = cost;
    const auto bad = report(report_kind::finished, o);
    BOOST_TEST(fault(bad) != "");
    BOOST_TEST(actors::cost_in(bad) == 0);
  }
  BOOST_TEST(actors::cost_in(report(report_kind::finished, completed())) == 0.25);
  BOOST_TEST(actors::cost_in(report(report_kind::lost, {})) == 0);
  BOOST_TEST(fault_of([](auto& o) { o.attempts = UINT32_MAX; }) != "");
  BOOST_TEST(fault_of([](auto& o) { o.rate_limited = UINT32_MAX; }) != "");
  BOOST_TEST(fault_of([](auto& o) { o.used.output_tokens = UINT64_MAX; }) != "");
  BOOST_TEST(fault_of([](auto& o) { o.queued = -1ns; }) != "");
  BOOST_TEST(fault_of([](auto& o) { o.upstream = duration::max(); }) != "");
  BOOST_TEST(fault_of([](auto& o) { o.status_code = -1; }) != "");
  BOOST_TEST(fault_of([](auto& o) { o.lane.resize(2u << 20); }) != "");
  auto r = report(report_kind::held, failed());
  r.resume_in = -1s;
  BOOST_TEST(fault(r) != "");
  r.resume_in = caf::timespan::max();
  BOOST_TEST(fault(r) != "");
  r.resume_in = 1h;
  r.lanes.resize(10'000);
  BOOST_TEST(fault(r) != "");
  r = report(report_kind::finished, completed());
  r.excused = UINT32_MAX;
  BOOST_TEST(fault(r) != "");
}

// The same through a coordinator: it counts the hand-out as lost, and tells the engine.
BOOST_FIXTURE_TEST_CASE(a_false_report_does_not_end_a_request, test::coordinator_fixture) {
  input(2);
  start();
  give(2);
  auto o = outcome(0, core::outcome_state::completed, errc::internal);
  o.index = uint64_t{1} << 60;
  report(work_report{handed_out(0).key, report_kind::finished, make_shared_value(o), {}, {}});
  BOOST_REQUIRE(head->doubted.size() == 1u);
  BOOST_TEST(head->doubted[0].first == 1u);
  report(work_report{handed_out(1).key, report_kind::finished, {}, {}, {}});
  BOOST_TEST(head->doubted.size() == 2u);
  give(2);
  complete(0);
  complete(1);
  BOOST_REQUIRE(head->finished);
  BOOST_TEST(head->finished->completed == 2u);
  BOOST_TEST(head->doubted.size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(an_actor_that_is_no_node_of_the_job_reports_nothing,
                        test::coordinator_fixture) {
  input(1);
  start();
  give(1);
  auto o = outcome(0, core::outcome_state::completed, errc::internal);
  self->send(aut, atom::report_v,
             report_batch{1, {{handed_out(0).key, report_kind::finished, make_shared_value(o)}}});
  run();
  BOOST_TEST(!head->finished);
  complete(0);
  BOOST_TEST(head->finished.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
