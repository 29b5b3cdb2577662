#include "config/show.hpp"
#include "tests/config/config_fixture.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::config;
using penstock::test::contains;

BOOST_FIXTURE_TEST_SUITE(config_show, penstock::test::config_fixture)

BOOST_AUTO_TEST_CASE(every_key_is_shown_with_value_and_origin) {
  request.env = {{"PENSTOCK_RPM", "500"}, {"OPENAI_API_KEY", "sk-secret-key"}};
  set_option("run.mode", "batch");
  auto loaded = load_file(
    "run.timeout = \"90s\"\n[[upstream.lanes]]\nname = \"m\"\nmodels = [\"a*\"]\ntpm = 9\n");
  BOOST_REQUIRE(loaded.has_value());
  const auto text = show(*loaded, request.env);
  for (auto& row : keys())
    BOOST_TEST(contains(text, std::string{row.name} + " = "));
  const auto line_of = [&](const std::string& key) {
    const auto at = text.find("\n" + key + " = ") + 1;
    return text.substr(at, text.find('\n', at) - at);
  };
  BOOST_TEST(line_of("upstream.limits.rpm").starts_with("upstream.limits.rpm = 500 "));
  BOOST_TEST(line_of("upstream.limits.rpm").ends_with("# environment PENSTOCK_RPM"));
  BOOST_TEST(line_of("run.mode").starts_with("run.mode = \"batch\" "));
  BOOST_TEST(line_of("run.mode").ends_with("# command line --mode"));
  BOOST_TEST(line_of("run.timeout").starts_with("run.timeout = \"1m30s\" "));
  BOOST_TEST(line_of("run.timeout").ends_with("penstock.toml:1"));
  BOOST_TEST(line_of("run.body_max").starts_with("run.body_max = \"32MiB\" "));
  BOOST_TEST(line_of("run.body_max").ends_with("# built-in"));
  BOOST_TEST(contains(line_of("upstream.lanes.m.models"), "[\"a*\"]"));
  BOOST_TEST(contains(line_of("upstream.lanes.m.tpm"), " = 9 "));
  BOOST_TEST(contains(text, "# api key: set, 13 characters"));
  BOOST_TEST(!contains(text, "sk-secret-key"));
}

BOOST_AUTO_TEST_CASE(what_is_shown_of_the_settings_can_be_loaded_again) {
  set_option("run.deadline", "1h30m");
  set_option("upstream.limits.headroom", "0.333");
  set_option("run.model", "a \"quoted\" \\ model");
  auto first = load(request);
  BOOST_REQUIRE(first.has_value());
  request.command_line.clear();
  auto second = load_file(show(*first, {}));
  BOOST_REQUIRE(second.has_value());
  for (auto& row : keys())
    BOOST_TEST_CONTEXT(row.name)
  BOOST_TEST((read(row, first->values) == read(row, second->values)));
}

BOOST_AUTO_TEST_CASE(the_json_form_is_whole_and_masks_the_key) {
  request.env = {{"OPENAI_API_KEY", "sk-secret-key"}};
  auto loaded = load_file("[[upstream.lanes]]\nname = \"m\"\nmodels = [\"a*\"]\ntpm = 9\n");
  BOOST_REQUIRE(loaded.has_value());
  const auto text = show_json(*loaded, request.env);
  BOOST_TEST(!contains(text, "sk-secret-key"));
  const auto whole = boost::json::parse(text);
  auto& settings = whole.at("settings").as_object();
  BOOST_TEST(settings.size() == keys().size());
  BOOST_TEST(settings.at("run.timeout").at("value").as_int64() == 600);
  BOOST_TEST(settings.at("run.body_max").at("value").as_int64() == 32 << 20);
  BOOST_TEST(settings.at("upstream.limits.headroom").at("value").as_double() == 0.8);
  BOOST_TEST(settings.at("run.mode").at("origin").as_string() == "built-in");
  BOOST_TEST(whole.at("lanes").at(0).at("tpm").at("value").as_int64() == 9);
}

BOOST_AUTO_TEST_CASE(the_reference_has_one_whole_row_for_each_key) {
  const auto text = reference_markdown();
  for (auto& row : keys()) {
    BOOST_TEST_CONTEXT(row.name) {
      const auto at = text.find("| `" + std::string{row.name} + "` |");
      BOOST_REQUIRE(at != std::string::npos);
      const auto line = text.substr(at, text.find('\n', at) - at);
      BOOST_TEST(std::count(line.begin(), line.end(), '|') == 7);
      BOOST_TEST(contains(line, row.env_name()));
      BOOST_TEST(contains(line, std::string{row.flag}));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
