#include "apps/penstock/run/dry_run.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <map>

using namespace penstock;
using namespace penstock::cli;
using namespace std::chrono_literals;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// 1,000 requests of 3,500 bytes (1,000 tokens) with at most 100 tokens of output each.
dry_run_input thousand() {
  return {
    .name = "in.jsonl",
    .loads = {
      {.model = "m", .requests = 1000, .input_bytes = 3'500'000, .output_tokens_max = 100'000}}};
}

const dry_run_bound& bound(const dry_run_report& report, const std::string& limit) {
  for (auto& b : report.bounds)
    if (b.limit == limit)
      return b;
  BOOST_FAIL("no bound " << limit);
  return report.bounds.front();
}

} // namespace

BOOST_AUTO_TEST_SUITE(dry_run)

BOOST_AUTO_TEST_CASE(tokens_are_estimated_from_bytes_and_maxima) {
  auto report = plan_dry_run(thousand(), {});
  BOOST_TEST(report.requests == 1000u);
  BOOST_TEST(report.input_tokens == 1'000'000, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(report.output_tokens == 100'000);
  auto input = thousand();
  input.loads[0].without_output_max = 10;
  BOOST_TEST(plan_dry_run(input, {}).output_tokens == 100'000 + 10 * 256);
}

BOOST_AUTO_TEST_CASE(routes_divide_the_load_among_their_lanes) {
  config::settings s;
  s.upstream.limits = {.rpm = 100, .headroom = 1, .burst = 1s};
  s.upstreams.emplace_back().name = "b";
  s.upstreams[0].limits = s.upstream.limits;
  s.routes.push_back({.models = {"*"}, .weighted = true, .to = {{"default", "", 3}, {"b", "", 1}}});
  auto report = plan_dry_run(thousand(), s);
  std::map<std::string, double> needs;
  for (auto& b : report.bounds)
    if (b.limit == "rpm")
      needs[b.lane] = b.need;
  BOOST_TEST(needs.size() == 2u);
  BOOST_TEST(needs["default/default"] == 750);
  BOOST_TEST(needs["b/default"] == 250);
  s.routes[0].weighted = false;
  report = plan_dry_run(thousand(), s);
  BOOST_TEST(bound(report, "rpm").need == 1000);
}

BOOST_AUTO_TEST_CASE(each_limit_gives_the_time_beyond_a_full_bucket) {
  config::settings s;
  s.upstream.limits = {
    .rpm = 100, .rpd = 500, .tpm = 100'000, .itpm = 50'000, .otpm = 10'000, .headroom = 0.5};
  auto report = plan_dry_run(thousand(), s);
  // 1,000 requests at 50 a minute: 50 at once, 950 in 19 minutes.
  BOOST_TEST((bound(report, "rpm").least == 19min));
  // 250 of 1,000 at once, 750 at 250 a day.
  BOOST_TEST(to_seconds(bound(report, "rpd").least) == 3 * 86'400,
             boost::test_tools::tolerance(1e-9));
  // The larger of a million and 100,000, at 50,000 a minute.
  BOOST_TEST(to_seconds(bound(report, "tpm").least) == 19 * 60, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(to_seconds(bound(report, "itpm").least) == 39 * 60,
             boost::test_tools::tolerance(1e-9));
  BOOST_TEST(to_seconds(bound(report, "otpm").least) == 19 * 60,
             boost::test_tools::tolerance(1e-9));
  BOOST_TEST(report.bounds[report.binding.value()].limit == "rpd");

  s.upstream.limits.burst = 1s;
  report = plan_dry_run(thousand(), s);
  BOOST_TEST(to_seconds(bound(report, "rpm").least) == 20 * 60 - 1,
             boost::test_tools::tolerance(1e-9));

  auto input = thousand();
  input.charging = core::charge_rule::as_used;
  s.upstream.limits = {.tpm = 100'000, .headroom = 1};
  BOOST_TEST(to_seconds(bound(plan_dry_run(input, s), "tpm").least) == 10 * 60,
             boost::test_tools::tolerance(1e-9));
  input.charging = core::charge_rule::input_only; // A million input tokens; output does not count.
  BOOST_TEST(to_seconds(bound(plan_dry_run(input, s), "tpm").least) == 9 * 60,
             boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(the_width_bounds_the_time_too) {
  config::settings s;
  s.run.in_flight_max = 100;
  auto report = plan_dry_run(thousand(), s);
  BOOST_TEST((bound(report, "in flight").least == 50s));
  BOOST_TEST(report.binding.value() == 0u);
  s.run.window_requests = 10; // Smaller than the width.
  BOOST_TEST((bound(plan_dry_run(thousand(), s), "in flight").least == 500s));
  s.run.mode = core::mode::sequential;
  BOOST_TEST((bound(plan_dry_run(thousand(), s), "in flight").least == 5000s));
}

BOOST_AUTO_TEST_CASE(packs_count_as_prompts_against_limits_and_width) {
  config::settings s;
  s.upstream.limits = {.rpm = 100, .headroom = 1, .burst = 1s};
  s.run.in_flight_max = 10;
  auto input = thousand();
  input.packs = "mode batch";
  input.loads[0].prompts = 100;
  auto report = plan_dry_run(input, s);
  BOOST_TEST(report.requests == 1000u);
  BOOST_TEST(report.prompts == 100u);
  BOOST_TEST(bound(report, "rpm").need == 100);
  BOOST_TEST(to_seconds(bound(report, "rpm").least) == 59, boost::test_tools::tolerance(1e-9));
  BOOST_TEST((bound(report, "in flight").least == 50s));
  BOOST_TEST(contains(to_text(report), "about 100, several requests in one (mode batch)"));
  BOOST_TEST(plan_dry_run(thousand(), s).prompts == 1000u);
}

BOOST_AUTO_TEST_CASE(a_proposal_of_packs_is_in_text_and_json) {
  auto input = thousand();
  BOOST_TEST(contains(to_json(plan_dry_run(input, {})), R"("pack_proposal":null)"));
  input.proposal = "about 100 prompts";
  BOOST_TEST(contains(to_json(plan_dry_run(input, {})), R"("pack_proposal":"about 100 prompts")"));
  BOOST_TEST(contains(to_text(plan_dry_run(input, {})), "proposal        about 100 prompts"));
}

BOOST_AUTO_TEST_CASE(models_go_to_their_lanes) {
  config::settings s;
  s.upstream.limits = {.rpm = 60, .headroom = 1};
  s.upstream.lanes = {
    {.name = "mini", .models = {"*-mini"}, .limits = {.rpm = 600, .headroom = 1}}};
  dry_run_input input{
    .name = "x", .loads = {{.model = "a-mini", .requests = 6600}, {.model = "a", .requests = 660}}};
  auto report = plan_dry_run(input, s);
  BOOST_REQUIRE(report.bounds.size() == 3u);
  BOOST_TEST(report.bounds[0].lane == "mini");
  BOOST_TEST((report.bounds[0].least == 10min));
  BOOST_TEST(report.bounds[1].lane == "default");
  BOOST_TEST((report.bounds[1].least == 10min));
  s.run.model = "b-mini"; // Replaces the model of every line.
  report = plan_dry_run(input, s);
  BOOST_REQUIRE(report.bounds.size() == 2u);
  BOOST_TEST((report.bounds[0].least == 11min + 6s));
}

BOOST_AUTO_TEST_CASE(cost_needs_prices) {
  config::settings s;
  BOOST_TEST(!plan_dry_run(thousand(), s).cost.has_value());
  s.upstream.price_input = 2.5;
  s.upstream.price_output = 10;
  auto report = plan_dry_run(thousand(), s);
  BOOST_TEST(report.cost.value() == 3.5, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(contains(to_text(report), "at most about $3.50"));
}

BOOST_AUTO_TEST_CASE(the_text_says_what_binds_and_what_was_assumed) {
  config::settings s;
  s.upstream.limits.rpm = 100;
  s.run.deadline = 1min;
  auto input = thousand();
  input.rejected = 3;
  const auto text = to_text(plan_dry_run(input, s));
  for (auto part : {"Dry run of in.jsonl: nothing was sent.", "1,000\n", "bad lines",
                    "about 1,000,000 (3,500,000 bytes at 3.5", "at most 100,000", "headroom 0.8",
                    "answers of 5s assumed", "11m30s  rpm 100 of lane default",
                    "What binds: rpm 100 of lane default; the job takes at least about 11m30s.",
                    "The deadline of 1m is too short."})
    BOOST_TEST(contains(text, part), "missing: " << part << "\n" << text);
}

BOOST_AUTO_TEST_CASE(an_empty_input_takes_nothing) {
  config::settings s;
  s.upstream.limits.rpm = 100;
  const auto report = plan_dry_run({.name = "empty", .loads = {}}, s);
  BOOST_TEST(!report.binding.has_value());
  BOOST_TEST(contains(to_text(report), "requests        0"));
  BOOST_TEST(boost::json::parse(to_json(report)).at("binding").is_null());
}

BOOST_AUTO_TEST_CASE(the_json_says_the_same) {
  config::settings s;
  s.upstream.limits.rpm = 100;
  const auto json = boost::json::parse(to_json(plan_dry_run(thousand(), s)));
  BOOST_TEST(json.at("requests").as_int64() == 1000);
  BOOST_TEST(json.at("input_tokens_estimated").as_int64() == 1'000'000);
  BOOST_TEST(json.at("output_tokens_max").as_int64() == 100'000);
  BOOST_TEST(json.at("binding").at("limit").as_string() == "rpm");
  BOOST_TEST(json.at("binding").at("least_seconds").as_int64() == 690);
  BOOST_TEST(json.at("bounds").as_array().size() == 2u);
  BOOST_TEST(json.at("bounds").at(1).at("lane").is_null());
  BOOST_TEST(json.at("cost_dollars").is_null());
}

BOOST_AUTO_TEST_CASE(huge_totals_do_not_overflow) {
  config::settings s;
  s.upstream.limits = {.rpm = 0.001, .headroom = 1e-6};
  dry_run_input input{.name = "x",
                      .loads = {{.model = "",
                                 .requests = 1ull << 60,
                                 .input_bytes = 1ull << 62,
                                 .output_tokens_max = 1ull << 62}}};
  auto report = plan_dry_run(input, s);
  BOOST_TEST(report.bounds[report.binding.value()].least.count() > 0);
  BOOST_TEST(!to_text(report).empty());
}

BOOST_AUTO_TEST_SUITE_END()
