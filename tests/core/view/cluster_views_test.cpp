#include "core/job/job_counters.hpp"
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
  n.name = n.version = j.tenant;
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
  // JSON has the original text.
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

BOOST_AUTO_TEST_CASE(every_counter_stands_in_the_json_of_a_status) {
  auto j = job(3, 500, 0);
  uint64_t n = 0;
  for (auto& counter : job_counters)
    j.progress.*counter.member = ++n;
  const auto status = boost::json::parse(status_json(j, begun)).as_object();
  const auto listed = boost::json::parse(jobs_json({j}, begun)).at("jobs").at(0).as_object();
  n = 0;
  for (auto& counter : job_counters) {
    BOOST_TEST(status.at(counter.name).to_number<uint64_t>() == ++n, counter.name);
    BOOST_TEST(listed.contains(counter.name) == (counter.line == counter_line::requests),
               counter.name);
  }
  BOOST_TEST(status.at("requests").to_number<int>() == 500);
}

BOOST_AUTO_TEST_CASE(lines_of_counters_stand_where_they_say_something) {
  auto j = job(3, 500, 0);
  BOOST_TEST(contains(status_text(j, begun),
                      "attempts     0, 429s 0, lost 0, restarts 0, peak in flight 0\n"));
  for (auto* head : {"  cache ", "  packs ", "  lanes "})
    BOOST_TEST(!contains(status_text(j, begun), head), head);
  j.progress.attempts = 1234;
  j.progress.rate_limited = 5;
  j.progress.cached = 7;
  j.progress.joined = 2;
  j.progress.packs = 3;
  j.progress.packed = 40;
  j.progress.rerouted = 1;
  const auto text = status_text(j, begun);
  for (auto* part : {"attempts     1,234, 429s 5, lost 0, restarts 0, peak in flight 0\n",
                     "cache        7 answered without an attempt, 2 of them joined\n",
                     "packs        3 sent, 40 requests answered by them, 0 split\n",
                     "lanes        1 rerouted, 0 second attempts, 0 of them answered first\n"})
    BOOST_TEST(contains(text, part), part);
}

BOOST_AUTO_TEST_CASE(a_node_shows_its_state_by_name) {
  for (auto [state, name] : {std::pair{node_state::active, "active"},
                             {node_state::silent, "silent"},
                             {node_state::draining, "draining"}}) {
    node_info n;
    n.state = state;
    BOOST_TEST(boost::json::parse(nodes_json({n})).at("nodes").at(0).at("state").as_string() ==
               name);
    BOOST_TEST(contains(nodes_table({n}).lines().at(1), name));
  }
  BOOST_TEST(to_string(static_cast<node_state>(7)) == "unknown");
}

BOOST_AUTO_TEST_SUITE_END()
