#include "apps/penstock/map/map_hints.hpp"
#include "apps/penstock/map/map_summary.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::cli;

namespace {

core::output_record answer(uint64_t tokens, double cost) {
  core::output_record r;
  r.state = core::outcome_state::completed;
  r.attempts = 1;
  r.upstream_ms = 2000;
  r.used = {tokens, 0, tokens, 0, true};
  r.cost = cost;
  return r;
}

/// Two groups of ten rows, two stages; five rows of the first are done.
map_view view() {
  map_view v;
  v.recipe = "grade";
  v.output = "out.csv";
  v.stages = {"a", "b"};
  v.rows = v.rows_in_input = 20;
  v.priced = true;
  v.elapsed = std::chrono::seconds{2};
  v.jobs.resize(4);
  for (auto* name : {"north", "south"}) {
    map_group_status g;
    g.name = name;
    g.rows = 10;
    g.unread = 10;
    g.done = core::make_map_totals(1, 2)[0];
    g.stages.resize(2);
    v.status.groups.push_back(g);
  }
  auto& north = v.status.groups[0];
  for (int i = 0; i < 5; ++i) {
    north.done.add_row(i == 0 ? core::outcome_state::failed : core::outcome_state::completed);
    north.done.stages[0].requests.add(answer(10, 0.5));
    north.done.stages[1].requests.add(answer(20, 0.25));
  }
  north.done.stages[0].corrections = 1;
  north.stages = {{north.done.stages[0], 2, 3}, {north.done.stages[1], 0, 0}};
  v.jobs[0].in_flight = 2;
  v.jobs[0].mode_used = "parallel";
  return v;
}

} // namespace

BOOST_AUTO_TEST_SUITE(map_summary)

BOOST_AUTO_TEST_CASE(the_json_has_a_block_for_each_group_and_stage) {
  const auto o = boost::json::parse(map_summary_json(view())).as_object();
  BOOST_TEST(o.at("completed").as_int64() == 4);
  BOOST_TEST(o.at("failed").as_int64() == 1);
  BOOST_TEST(o.at("requests").at("attempts").as_int64() == 10);
  BOOST_TEST(o.at("requests").at("cost").as_double() == 3.75, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(o.at("sequential_seconds").as_double() == 20.0);
  BOOST_TEST(o.at("speedup").as_double() == 10.0, boost::test_tools::tolerance(1e-9));
  const auto& a = o.at("stages").at(0);
  BOOST_TEST(a.at("name").as_string() == "a");
  BOOST_TEST(a.at("corrections").as_int64() == 1);
  BOOST_TEST(a.at("queued").as_int64() == 3); // Two wait here, one of three in the job.
  BOOST_TEST(a.at("in_flight").as_int64() == 2);
  BOOST_TEST(a.at("mode_used").as_string() == "parallel");
  const auto& south = o.at("groups").at(1);
  BOOST_TEST(south.at("name").as_string() == "south");
  BOOST_TEST(south.at("unread").as_int64() == 10);
  BOOST_TEST(south.at("stages").at(1).at("completed").as_int64() == 0);
}

BOOST_AUTO_TEST_CASE(the_rest_is_expected_at_the_rate_so_far) {
  auto o = boost::json::parse(map_status_json(view())).as_object();
  BOOST_TEST(o.at("state").as_string() == "running");
  BOOST_TEST(o.at("eta_seconds").as_double() == 6.0, boost::test_tools::tolerance(1e-9));
  auto v = view();
  v.done_before = 5; // In an earlier run: the rate is unknown.
  o = boost::json::parse(map_status_json(v)).as_object();
  BOOST_TEST(o.at("eta_seconds").is_null());
}

BOOST_AUTO_TEST_CASE(failed_and_cancelled_rows_show_in_the_exit_code) {
  auto v = view();
  v.state = job_state::completed;
  BOOST_TEST((exit_code_of(v) == exit_code::some_failed));
  v.status.groups[0].done.failed = 0;
  BOOST_TEST((exit_code_of(v) == exit_code::completed));
  v.status.groups[1].done.cancelled = 1;
  BOOST_TEST((exit_code_of(v) == exit_code::some_failed));
  v.state = job_state::aborted;
  v.cause = {errc::billing, "no money"};
  BOOST_TEST((exit_code_of(v) == exit_code::aborted));
  BOOST_TEST(map_advice(v).find("bill") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(progress_never_takes_more_room_than_there_is) {
  auto v = view();
  for (int i = 0; i < 50; ++i) {
    v.status.groups.push_back(v.status.groups[1]);
    v.jobs.resize(v.jobs.size() + 2);
  }
  const auto lines = map_progress_lines(v, 9, 40);
  BOOST_TEST(lines.size() == 9u);
  for (auto& line : lines)
    BOOST_TEST(line.size() < 40u);
  v.status.groups.resize(1);
  BOOST_TEST(map_progress_lines(v, 9, 0).size() == 1u);
  const auto text = map_summary_text(view());
  BOOST_TEST(text.find("group        north: 5 of 10 rows, 4 completed, 1 failed") !=
               std::string::npos,
             text);
  BOOST_TEST(text.find("stage        a: 5 requests (0 failed, 1 correction,") != std::string::npos,
             text);
}

BOOST_AUTO_TEST_CASE(a_finished_map_with_failures_names_the_way_out) {
  auto v = view();
  BOOST_TEST(retry_hint(v).empty()); // It runs.
  v.state = job_state::completed;
  auto& north = v.status.groups[0].done;
  north.completed = 15;
  north.failed = north.cancelled = north.expired = 0;
  BOOST_TEST(retry_hint(v).empty());
  north.failed = 2;
  north.cancelled = 1;
  BOOST_TEST(retry_hint(v) == "3 rows were not completed: the same command with --retry-failed "
                              "sends only them again");
  v.unusable = 2;
  BOOST_TEST(retry_hint(v) == "1 row was not completed: the same command with --retry-failed sends "
                              "only it again; 2 rows cannot be used: mend them in the input, and "
                              "the same command sends only them");
  v.resumable = false;
  BOOST_TEST(retry_hint(v).empty());
}

BOOST_AUTO_TEST_CASE(a_replacement_that_stopped_says_that_the_output_is_the_earlier_one) {
  auto v = view();
  v.replacing = true;
  v.state = job_state::interrupted;
  BOOST_TEST(map_summary_text(v).find("out.csv is as it was") != std::string::npos);
  v.state = job_state::completed;
  BOOST_TEST(map_summary_text(v).find("is as it was") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(changes_of_the_input_are_counted) {
  auto v = view();
  BOOST_TEST(map_summary_text(v).find("as before") == std::string::npos);
  v.changes = io::map_changes{97, 1, 2, 3};
  v.status.changed_documents = 4;
  BOOST_TEST(map_summary_text(v).find("97 as before, 1 mended, 2 new, 3 gone; 4 with another "
                                      "document") != std::string::npos);
  BOOST_TEST(map_summary_json(v).find(R"("kept":97,"mended":1,"new":2,"gone":3,"documents":4)") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_map_that_is_held_tells_why_and_foretells_nothing) {
  auto v = view();
  v.recent_rate = 2;
  v.lanes.push_back({"default", {}});
  BOOST_TEST(map_progress_lines(v, 1, 0)[0].find("ETA 8 s") != std::string::npos,
             map_progress_lines(v, 1, 0)[0]);
  v.lanes[0].state.breaker = core::lane_snapshot::breaker_state::open;
  const auto line = map_progress_lines(v, 1, 80)[0];
  BOOST_TEST(line.find("breaker open") != std::string::npos, line);
  BOOST_TEST(line.find("ETA") == std::string::npos, line);
  BOOST_TEST(line.find("rows/s") == std::string::npos, line);
}

BOOST_AUTO_TEST_CASE(failures_of_a_map_are_grouped_in_text_and_json) {
  auto v = view();
  v.status.failures.add("row 3", "timeout", 0, "no answer in 600 s");
  BOOST_TEST(map_summary_text(v).find("remedy: raise --timeout") != std::string::npos);
  const auto o = boost::json::parse(map_summary_json(v)).as_object();
  BOOST_TEST(o.at("failures").as_array().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
