#include "apps/penstock/cli/help.hpp"
#include "apps/penstock/map/map_command.hpp"
#include "tests/config/config_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::cli;
using penstock::test::contains;

namespace {

/// Runs in a directory without a penstock.toml: the parser looks in the working directory.
struct map_options_fixture : penstock::test::config_fixture {
  std::filesystem::path before = std::filesystem::current_path();
  map_options_fixture() { std::filesystem::current_path(dir); }
  ~map_options_fixture() { std::filesystem::current_path(before); }

  std::string fault(const arguments& args) const {
    auto parsed = parse_map(args, request.env);
    BOOST_REQUIRE(!parsed.has_value());
    BOOST_TEST((parsed.error().code == errc::invalid_config));
    return parsed.error().context;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(map_options, map_options_fixture)

BOOST_AUTO_TEST_CASE(a_map_takes_the_options_of_a_run_and_its_own) {
  auto map = parse_map({"--rpm", "600", "r.toml", "--group-by", "school", "in.csv", "--limit=12",
                        "--mode", "sequential", "-o", "out.tsv", "--json"},
                       request.env);
  BOOST_REQUIRE(map.has_value());
  BOOST_TEST(map->recipe == "r.toml");
  BOOST_TEST(map->input == "in.csv");
  BOOST_TEST(map->output == "out.tsv");
  BOOST_TEST(map->group_by == "school");
  BOOST_TEST(map->limit == 12u);
  BOOST_TEST(map->sample == 0u);
  BOOST_TEST(!map->check);
  BOOST_TEST(map->settings.values.upstream.limits.rpm == 600);
  BOOST_TEST((map->settings.values.run.mode == core::mode::sequential));
  BOOST_TEST(map->settings.origins.at("run.mode") == "command line --mode");
  map = parse_map({"--check", "r.toml", "in.csv"}, request.env);
  BOOST_REQUIRE(map.has_value());
  BOOST_TEST(map->check);
  BOOST_TEST(map->output.empty());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_refused_with_a_remedy) {
  BOOST_TEST(contains(fault({}), "RECIPE.toml INPUT"));
  BOOST_TEST(contains(fault({"r.toml"}), "which table"));
  BOOST_TEST(contains(fault({"r.toml", "a.csv", "b.csv"}), "b.csv"));
  BOOST_TEST(contains(fault({"-", "a.csv"}), "recipe must be a file"));
  for (auto* bad : {"0", "-1", "five", "1.5", ""})
    BOOST_TEST(contains(fault({"r.toml", "a.csv", "--sample", bad}), "--sample"), bad);
  BOOST_TEST(contains(fault({"r.toml", "a.csv", "--sample", "3", "--check"}), "choose one"));
  BOOST_TEST(contains(fault({"r.toml", "a.csv", "--sample", "3", "--limit", "5"}), "--limit"));
  const arguments retry{"r.toml", "a.csv", "--retry-failed"};
  const auto retry_with = [&](const arguments& more) {
    auto args = retry;
    args.insert(args.end(), more.begin(), more.end());
    return fault(args);
  };
  BOOST_TEST(contains(retry_with({"--check"}), "leave out --check"));
  BOOST_TEST(contains(retry_with({"--sample", "3"}), "leave out --sample"));
  BOOST_TEST(contains(retry_with({"--restart"}), "choose one"));
  BOOST_TEST(contains(retry_with({"-o", "-"}), "-o FILE"));
  BOOST_TEST(parse_map(retry, request.env)->retry_failed);
  BOOST_TEST(contains(fault({"r.toml", "a.csv", "--dry-run"}), "--check"));
  BOOST_TEST(contains(fault({"r.toml", "a.csv", "-o", "-", "--json"}), "-o FILE"));
  BOOST_TEST(contains(fault({"a.csv", "r.toml"}), "penstock map r.toml a.csv"));
  BOOST_TEST(contains(fault({}), "For example"));
  BOOST_TEST(contains(fault({"r.toml", "a.csv", "--grup-by", "x"}), "--group-by"));
}

BOOST_AUTO_TEST_CASE(its_own_options_belong_to_no_other_command) {
  auto run = parse_run({"--sample", "3", "in.jsonl"}, request.env);
  BOOST_REQUIRE(!run.has_value());
  BOOST_TEST(contains(run.error().context, "unknown option"));
}

BOOST_AUTO_TEST_CASE(the_help_names_every_way_to_steer_a_map) {
  const auto help = help_of(map_entry, help_extent::page);
  for (auto* word : {"--check", "--sample N", "--limit N", "--group-by COLUMN", ".status.json",
                     ".cancel", "--in-flight-max", "--budget"})
    BOOST_TEST(contains(help, word), word);
  BOOST_TEST(!contains(help, "--dry-run"));
  BOOST_TEST(!contains(help_of(map_entry, help_extent::all), "--dry-run"));
  BOOST_TEST((parse_map({"--help"}, request.env)->help == help_extent::page));
}

BOOST_AUTO_TEST_SUITE_END()
