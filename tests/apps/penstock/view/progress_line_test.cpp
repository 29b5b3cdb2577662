#include "apps/penstock/view/summary.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::cli;
using namespace std::chrono_literals;

namespace {

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

run_view under_way() {
  run_view v;
  v.total = 100;
  v.job.completed = 40;
  v.job.failed = 2;
  v.lanes.push_back({"default", {}});
  v.lanes[0].state.granted = 42;
  v.lanes[0].state.in_flight = 3;
  return v;
}

} // namespace

BOOST_AUTO_TEST_SUITE(progress_line_suite)

BOOST_AUTO_TEST_CASE(a_line_tells_counts_rate_and_the_time_left) {
  const auto line = progress_line(under_way(), 2, 1000, 0);
  for (auto part : {"42/100 done, 2 failed", "3 in flight", "2.0 req/s, 1,000 tok/min", "ETA 29"})
    BOOST_TEST(says(line, part), line);
  BOOST_TEST(!says(line, "cancelled"), line);
}

BOOST_AUTO_TEST_CASE(nothing_is_foretold_when_nothing_moves) {
  const auto line = progress_line(under_way(), 0, 0, 0);
  BOOST_TEST(!says(line, "ETA"), line);
  BOOST_TEST(!says(line, "req/s"), line);
}

BOOST_AUTO_TEST_CASE(an_open_breaker_is_told_with_its_end) {
  auto v = under_way();
  const core::moment at{time_point{} + 100s, {}};
  v.lanes[0].state.in_flight = 0;
  v.lanes[0].state.breaker = core::lane_snapshot::breaker_state::open;
  v.lanes[0].state.paused_until = at.now + 20s;
  const auto line = progress_line(v, 2, 1000, 0, at);
  BOOST_TEST(says(line, "20"), line);
  BOOST_TEST(says(line, "breaker"), line);
  BOOST_TEST(!says(line, "ETA"), line);
  BOOST_TEST(!says(line, "req/s"), line);
}

BOOST_AUTO_TEST_CASE(eighty_columns_show_why_nothing_moves_and_until_when) {
  auto v = under_way();
  const core::moment at{time_point{} + 100s, {}};
  v.lanes[0].state.in_flight = 0;
  v.lanes[0].state.limit[0] = 100;
  v.lanes[0].state.rate_limited = 1;
  v.lanes[0].state.refusal = "Slow down";
  v.lanes[0].state.paused_until = at.now + 20s;
  auto line = progress_line(v, 2, 1000, 80, at);
  BOOST_TEST(says(line, ":20, "), line);
  BOOST_TEST(progress_line(v, 2, 1000, 300, at).ends_with("(Slow down)"));
  line = progress_line(under_way(), 2, 1000, 80);
  BOOST_TEST(says(line, "ETA 29 s"), line);
}

BOOST_AUTO_TEST_CASE(packs_of_the_fallback_chain_are_announced) {
  auto v = under_way();
  v.job.changes.push_back({core::mode::parallel, core::mode::batch, errc::server_error, "x", 8, 8});
  BOOST_TEST(says(progress_line(v, 1, 1, 0), "mode batch (several requests in one prompt)"));
}

BOOST_AUTO_TEST_CASE(a_cancelled_request_is_no_failure) {
  auto v = under_way();
  v.job.cancelled = 5;
  BOOST_TEST(says(progress_line(v, 1, 1, 0), "47/100 done, 2 failed, 5 cancelled"));
}

BOOST_AUTO_TEST_CASE(a_line_fits_its_terminal) {
  for (size_t width : {20u, 80u, 200u})
    BOOST_TEST(progress_line(under_way(), 2, 1000, width).size() < width);
}

BOOST_AUTO_TEST_CASE(a_proposal_is_in_both_summaries_unless_packs_were_sent) {
  auto v = under_way();
  v.pack_proposal = "about 4 prompts instead of 40 with --pack allow";
  BOOST_TEST(says(summary_text(v), "proposal     about 4 prompts"));
  BOOST_TEST(says(summary_json(v), R"("pack_proposal":"about 4 prompts)"));
  v.job.packs = 1;
  BOOST_TEST(!says(summary_text(v), "proposal"));
}

BOOST_AUTO_TEST_CASE(a_job_of_a_head_tells_its_failures_too) {
  auto v = under_way();
  v.job_id = 7;
  v.failures.add("a", "bad_request", 404, "no such model");
  const auto o = boost::json::parse(summary_json(v)).as_object();
  BOOST_TEST(o.at("failures").as_array().size() == 1u);
  BOOST_TEST(says(summary_text(v), "remedy: check the model's name"));
}

BOOST_AUTO_TEST_SUITE_END()
