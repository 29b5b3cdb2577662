#include "core/view/cluster_views.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

constexpr int64_t begun = 1'700'000'000'000;

bool contains(std::string_view text, std::string_view what) { return text.find(what) != text.npos; }

job_info job(uint64_t id, uint64_t requests, uint64_t completed,
             job_state state = job_state::running) {
  job_info j;
  j.id = id;
  j.name = "in.jsonl";
  j.tenant = "a";
  j.requests = requests;
  j.created = begun;
  j.progress.state = state;
  j.progress.read = j.progress.completed = completed;
  return j;
}

lane_info lane(std::string name, double rpm) {
  lane_info l;
  l.name = std::move(name);
  l.now.limit[0] = rpm;
  l.now.used_last_minute[0] = rpm / 2;
  l.now.headroom = 0.8;
  return l;
}

} // namespace

BOOST_AUTO_TEST_SUITE(cluster_views)

BOOST_AUTO_TEST_CASE(tables_line_up_by_characters) {
  text_table table{"NAME", ">N"};
  table.add({"\xC3\xBC\xC3\xBC", "1"});
  table.add({"abc", "22"});
  const auto lines = table.lines();
  BOOST_TEST(lines.at(0) == "NAME   N");
  BOOST_TEST(lines.at(1) == "\xC3\xBC\xC3\xBC     1");
  BOOST_TEST(lines.at(2) == "abc   22");
  BOOST_TEST(text_table{"A"}.text("none") == "none\n");
  BOOST_TEST(cut_to("\xC3\xBC\xC3\xBC", 1) == "\xC3\xBC");
  BOOST_TEST(cut_to("ab", 9) == "ab");
  BOOST_TEST(cut_to("ab", 0) == "");
}

BOOST_AUTO_TEST_CASE(names_from_elsewhere_cannot_drive_a_terminal) {
  auto j = job(1, 2, 1);
  j.tenant = "a\033[2Jb\r\n\xC2\x9B"
             "31m\x07";
  j.name = j.waits_for = j.progress.cause.context = j.idempotency_key = j.tenant;
  node_info n;
  n.name = n.version = n.state = j.tenant;
  tenant_counts t;
  t.tenant = j.tenant;
  for (auto& text : {status_text(j, begun), jobs_table({j}, begun).text(""),
                     nodes_table({n}).text(""), tenants_table({t}).text(""),
                     lanes_table({lane(j.tenant, 1)}).text(""), printable(j.tenant)}) {
    BOOST_TEST(!contains(text, "\033"));
    BOOST_TEST(!contains(text, "\r"));
    BOOST_TEST(!contains(text, "\xC2\x9B"));
    BOOST_TEST(!contains(text, "\x07"));
  }
  BOOST_TEST(printable("a\nb\xFF") == "a\nb\xEF\xBF\xBD");
  // Machines get what it is.
  BOOST_TEST(boost::json::parse(jobs_json({j}, begun)).at("jobs").at(0).at("tenant").as_string() ==
             j.tenant.c_str());
}

BOOST_AUTO_TEST_CASE(a_row_says_how_fast_a_job_is_or_what_it_waits_for) {
  auto rows = jobs_table({job(7, 1000, 100)}, begun + 10'000).lines();
  BOOST_TEST(contains(rows.at(1), "10.0/s"));
  BOOST_TEST(contains(rows.at(1), "90.00 s left"));
  rows = jobs_table({job(7, 1000, 100)}, begun + 10'000, {{7, 450.0}}).lines();
  BOOST_TEST(contains(rows.at(1), "450.0/s, 2.00 s left"));
  auto waiting = job(8, 5, 0);
  waiting.waits_for = "no node has joined";
  rows = jobs_table({waiting}, begun).lines();
  BOOST_TEST(contains(rows.at(1), "no node has joined"));
  auto ended = job(9, 5, 5, job_state::completed);
  ended.ended = begun + 2500;
  BOOST_TEST(contains(jobs_table({ended}, begun + 99'000).lines().at(1), "took 2.50 s"));
}

BOOST_AUTO_TEST_CASE(a_status_tells_everything_that_is_known) {
  auto j = job(3, 500, 120);
  j.progress.failed = 2;
  j.progress.in_flight = 40;
  j.progress.held = 3;
  j.progress.mode_asked = "auto";
  j.progress.mode_used = "batch_fallback";
  j.progress.changes.push_back(
    {core::mode::parallel, core::mode::batch, errc::rate_limited, "half failed", 8, 4});
  j.progress.cost = 1.25;
  j.progress.cause = {errc::billing, "no money"};
  const auto text = status_text(j, begun + 60'000);
  for (auto* part : {"job 3 (in.jsonl): running", "500: 120 completed, 2 failed",
                     "40 in flight, 3 held back, 335 waiting",
                     "parallel -> batch after 8 finished (4 carried over): half failed",
                     "1.2500 dollars", "billing: no money", "2023-11-14 22:13:20 UTC (60.00 s ago)",
                     "batch_fallback, asked for auto"})
    BOOST_TEST(contains(text, part), part);
  const auto json = boost::json::parse(status_json(j, begun + 60'000)).as_object();
  BOOST_TEST(json.at("done").to_number<int>() == 122);
  BOOST_TEST(json.at("age_seconds").to_number<double>() == 60.0);
  BOOST_TEST(json.at("mode_changes").at(0).at("to").as_string() == "batch");
  BOOST_TEST(json.at("error").at("code").as_string() == "billing");
}

BOOST_AUTO_TEST_CASE(a_lane_shows_its_limits_and_why_it_is_closed) {
  auto l = lane("gpt", 600);
  l.paused_for = 12s;
  l.now.in_flight = 3;
  l.now.in_flight_limit = 40;
  l.now.breaker = core::lane_snapshot::breaker_state::open;
  const auto row = lanes_table({l}).lines().at(1);
  for (auto* part : {"rpm 600", "rpm 50 %", "3 of 40", "12.00 s", "open"})
    BOOST_TEST(contains(row, part), part);
  const auto json = boost::json::parse(lanes_json({l}));
  BOOST_TEST(json.at("lanes").at(0).at("limits").at("rpm").at("share").to_number<double>() == 0.5);
}

BOOST_AUTO_TEST_SUITE_END()
