#include "core/io/store/stored_json.hpp"
#include "core/job/job_counters.hpp"
#include "tests/support/job_rows.hpp"

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

BOOST_AUTO_TEST_SUITE(stored_json_suite)

BOOST_AUTO_TEST_CASE(options_come_back_as_they_were) {
  core::job_options o;
  o.tenant = "t\"\n";
  o.priority = core::priority::bulk;
  o.mode = core::mode::sequential;
  o.in_flight_max = 1;
  o.attempts_max = 2;
  o.window_requests = 3;
  o.window_bytes = UINT64_MAX;
  o.deadline = duration{5};
  o.grace_period = duration{6};
  o.outage_patience = duration{INT64_MAX};
  o.first_patience = duration{8};
  o.seed = UINT64_MAX - 1;
  o.client_id = "id";
  o.cache = core::cache_mode::write;
  o.budget = 0.1;
  o.prices = {{{"gpt-*", "m"}, 1.25, 0.5, 2, 3}};
  o.pack = false;
  o.pack_entries_max = 9;
  o.pack_tokens_max = 10;
  o.pack_canary = 0.05;
  const auto text = stored_json(o);
  const auto back = must(stored_options(text));
  BOOST_TEST(stored_json(back) == text);
  BOOST_TEST(back.tenant == o.tenant);
  BOOST_TEST((back.priority == o.priority && back.mode == o.mode && back.cache == o.cache));
  BOOST_TEST(back.window_bytes == UINT64_MAX);
  BOOST_TEST(back.seed == UINT64_MAX - 1);
  BOOST_TEST((back.outage_patience == o.outage_patience));
  BOOST_TEST(back.budget == 0.1);
  BOOST_REQUIRE(back.prices.size() == 1u);
  BOOST_TEST(back.prices[0].models[1] == "m");
  BOOST_TEST(back.prices[0].reasoning == 3);
  BOOST_TEST(!back.pack);
}

BOOST_AUTO_TEST_CASE(progress_comes_back_with_all_counters) {
  core::job_progress p;
  uint64_t n = 1;
  for (auto& counter : core::job_counters)
    p.*(counter.member) = n++;
  p.cost = 1.5;
  p.upstream_time = duration{77};
  p.mode_used = "parallel";
  p.cause = {errc::billing, "no \xff money"};
  p.changes = {{core::mode::parallel, core::mode::batch, errc::server_error, "why", 3, 4}};
  for (size_t state = 0; state < core::job_state_names.size(); ++state) {
    p.state = static_cast<core::job_state>(state);
    const auto text = stored_json(p);
    const auto back = must(stored_progress(text));
    BOOST_TEST(stored_json(back) == text);
    BOOST_TEST((back.state == p.state));
    for (auto& counter : core::job_counters)
      BOOST_TEST((back.*(counter.member) == p.*(counter.member)), counter.name);
    BOOST_TEST((back.cause.code == errc::billing && back.cause.context == p.cause.context));
    BOOST_REQUIRE(back.changes.size() == 1u);
    BOOST_TEST((back.changes[0].to == core::mode::batch && back.changes[0].degraded == 4u));
  }
}

// A text in a store of this release: it must be readable for ever.
BOOST_AUTO_TEST_CASE(the_text_of_this_release_stays_readable) {
  const auto o = must(stored_options(
    R"({"version":1,"tenant":"first","priority":"bulk","mode":"auto","deadline_ns":1000,)"
    R"("cache":"on","prices":[{"models":["m"],"input":1}],"pack":false,"new_member":[1]})"));
  BOOST_TEST(o.tenant == "first");
  BOOST_TEST((o.priority == core::priority::bulk && o.mode == core::mode::automatic));
  BOOST_TEST((o.deadline == duration{1000} && o.cache == core::cache_mode::on));
  BOOST_TEST(o.prices.at(0).input == 1.0);
  BOOST_TEST(!o.pack);
  BOOST_TEST(o.attempts_max == core::job_options{}.attempts_max);
  const auto p = must(stored_progress(
    R"({"version":1,"state":"aborted","completed":3,"cause":{"code":22,"context":"x"}})"));
  BOOST_TEST((p.state == core::job_state::aborted && p.cause.code == errc::corrupt));
  BOOST_TEST(p.completed == 3u);
}

BOOST_AUTO_TEST_CASE(anything_else_is_refused) {
  for (auto text : {"", "{}", "[]", "options", R"({"version":0})", R"({"version":"1"})",
                    R"({"version":1,"attempts_max":-1})", R"({"version":1,"mode":"fast"})",
                    R"({"version":1,"tenant":7})", R"({"version":1,"prices":{}})"})
    BOOST_TEST((refused(stored_options(text)) == errc::corrupt), text);
  const auto newer = stored_options(R"({"version":2,"tenant":"t"})");
  BOOST_TEST((refused(newer) == errc::incompatible));
  BOOST_TEST(newer.error().context.find("newer penstock") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
