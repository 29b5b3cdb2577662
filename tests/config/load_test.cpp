#include "tests/config/config_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>

using namespace penstock;
using namespace penstock::config;
using penstock::test::contains;

namespace {

/// Three values for `row` that are not the default, as texts of a command line.
std::vector<std::string> samples(const key_row& row, const std::string& file) {
  switch (row.kind) {
  case value_kind::boolean: {
    const bool preset = read(row, settings{}) == scalar{true};
    return {preset ? "false" : "true", preset ? "true" : "false", preset ? "no" : "yes"};
  }
  case value_kind::integer: {
    const auto low = std::max<int64_t>(11, static_cast<int64_t>(row.range.min));
    return {std::to_string(low), std::to_string(low + 1), std::to_string(low + 2)};
  }
  case value_kind::number: return {"0.25", "0.5", "0.75"};
  case value_kind::span: return {"11s", "12s", "13s"};
  case value_kind::bytes: return {"11KiB", "12KB", "13MB"};
  case value_kind::choice:
    if (row.name == "upstream.protocol")
      return {"mock", "anthropic", "gemini"};
    if (row.choices[1] == "true")
      return {"true", "false", "true"};
    if (row.name == "run.priority")
      return {"interactive", "bulk", "interactive"};
    if (row.name == "cache.mode")
      return {"read", "write", "on"};
    if (row.name == "run.pack")
      return {"allow", "off", "allow"};
    return {"parallel", "batch", "sequential"};
  case value_kind::text: break;
  }
  if (row.name == "upstream.base_url")
    return {"http://a/v1", "http://b/v1", "http://c/v1"};
  if (row.name == "upstream.paths")
    return {"/a", "/a, /b/*", "/c"};
  if (row.name == "cluster.listen" || row.name == "cluster.head" || row.name == "serve.http")
    return {"127.0.0.1:1", "[::1]:2", "localhost:3"};
  if (row.name == "upstream.limits.ramp")
    return {"5", "5 -> 10", "5,10,20"};
  if (row.name == "upstream.ca_file") // must exist
    return {file, file + "2", file + "3"};
  return {"AA", "BB", "CC"};
}

/// The value that `text` gives to `row`.
scalar value_of(const key_row& row, const std::string& text) {
  settings s;
  BOOST_REQUIRE(!assign_text(row, row.at(s), text).has_value());
  return read(row, s);
}

/// `row = text` as a line of a file.
std::string toml_line(const key_row& row, const std::string& text) {
  return std::string{row.name} + " = " + format(row, value_of(row, text)) + "\n";
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(load_settings, penstock::test::config_fixture)

BOOST_AUTO_TEST_CASE(nothing_given_means_everything_built_in) {
  auto loaded = load(request);
  BOOST_REQUIRE(loaded.has_value());
  BOOST_TEST(loaded->file == "");
  for (auto& row : keys()) {
    BOOST_TEST(loaded->origins.at(std::string{row.name}) == "built-in");
    BOOST_TEST((read(row, loaded->values) == read(row, settings{})));
  }
}

BOOST_AUTO_TEST_CASE(address_and_key_that_nobody_chose_are_those_of_the_protocol) {
  const std::array<std::array<std::string, 3>, 4> rows{{
    {"openai", "https://api.openai.com/v1", "OPENAI_API_KEY"},
    {"anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY"},
    {"gemini", "https://generativelanguage.googleapis.com/v1beta", "GEMINI_API_KEY"},
    {"ollama", "http://localhost:11434", ""},
  }};
  for (auto& [protocol, base_url, variable] : rows) {
    auto loaded =
      load_file("[upstream]\nprotocol = \"" + protocol + "\"\n[[upstreams]]\nname = \"b\"\n" +
                "protocol = \"" + protocol + "\"\n[[routes]]\nmodels = [\"*\"]\nto = [\"b\"]\n");
    BOOST_REQUIRE_MESSAGE(loaded.has_value(), loaded.error().context);
    for (auto& upstream : {loaded->values.upstream, loaded->values.upstreams.at(0)}) {
      BOOST_TEST(upstream.base_url == base_url);
      BOOST_TEST(upstream.api_key_env == variable);
    }
    const auto origin = protocol == "openai" ? "built-in" : "built-in, for " + protocol;
    for (auto key : {"upstream.base_url", "upstream.api_key_env", "upstreams.b.base_url"})
      BOOST_TEST(loaded->origins.at(key) == origin);
  }
}

BOOST_AUTO_TEST_CASE(a_chosen_address_or_key_stays_whatever_the_protocol) {
  auto loaded =
    load_file("[upstream]\nprotocol = \"anthropic\"\nbase_url = \"https://gateway.example\"\n"
              "api_key_env = \"\"\n");
  BOOST_REQUIRE(loaded.has_value());
  BOOST_TEST(loaded->values.upstream.base_url == "https://gateway.example");
  BOOST_TEST(loaded->values.upstream.api_key_env == "");
  loaded = load_file("[upstream]\nprotocol = \"mock\"\n");
  BOOST_REQUIRE(loaded.has_value());
  BOOST_TEST(loaded->values.upstream.base_url == settings{}.upstream.base_url);
}

BOOST_AUTO_TEST_CASE(every_key_comes_from_every_source_and_the_later_source_wins) {
  const auto file = write("ca.pem", "x");
  write("ca.pem2", "x");
  write("ca.pem3", "x");
  for (auto& row : keys()) {
    BOOST_TEST_CONTEXT(row.name) {
      const auto text = samples(row, file);
      const std::string key{row.name};
      request.env.clear();
      request.command_line.clear();

      auto loaded = load_file("# first line\n" + toml_line(row, text[0]));
      BOOST_REQUIRE(loaded.has_value());
      BOOST_TEST((read(row, loaded->values) == value_of(row, text[0])));
      BOOST_TEST(loaded->origins.at(key) == "file " + (dir / "penstock.toml").string() + ":2");

      request.env[row.env_name()] = text[1];
      loaded = load(request);
      BOOST_REQUIRE(loaded.has_value());
      BOOST_TEST((read(row, loaded->values) == value_of(row, text[1])));
      BOOST_TEST(loaded->origins.at(key) == "environment " + row.env_name());

      set_option(key, text[2]);
      loaded = load(request);
      BOOST_REQUIRE(loaded.has_value());
      BOOST_TEST((read(row, loaded->values) == value_of(row, text[2])));
      BOOST_TEST(loaded->origins.at(key) == "command line --" + std::string{row.flag});

      request.command_line.clear();
      request.env[row.env_name()] = ""; // Empty means unset.
      loaded = load(request);
      BOOST_REQUIRE(loaded.has_value());
      BOOST_TEST((read(row, loaded->values) == value_of(row, text[0])));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_file_is_named_by_option_then_by_variable_then_by_custom) {
  const auto a = write("a.toml", "run.attempts = 2");
  const auto b = write("b.toml", "run.attempts = 3");
  write("penstock.toml", "run.attempts = 4");
  BOOST_TEST(load(request)->values.run.attempts == 4u);
  request.env["PENSTOCK_CONFIG"] = b;
  BOOST_TEST(load(request)->values.run.attempts == 3u);
  request.file = a;
  BOOST_TEST(load(request)->values.run.attempts == 2u);
  BOOST_TEST(load(request)->file == a);
}

BOOST_AUTO_TEST_CASE(a_named_file_must_be_there_and_be_a_file) {
  request.file = (dir / "missing.toml").string();
  BOOST_TEST(contains(load(request).error().context, "there is no configuration file"));
  request.file = dir.string();
  BOOST_TEST(contains(load(request).error().context, "not a regular file"));
  request.file = write("large.toml", std::string(2 << 20, '#'));
  BOOST_TEST(contains(load(request).error().context, "larger than 1 MiB"));
}

BOOST_AUTO_TEST_CASE(faults_of_a_file_name_place_key_value_and_what_is_allowed) {
  const std::pair<const char*, const char*> cases[] = {
    {"[run]\n  attempts = 0",
     "penstock.toml:2:14: run.attempts must be an integer from 1 to 100, is 0"},
    {"[run]\nattempts = \"5\"",
     "penstock.toml:2:12: run.attempts must be an integer from 1 to 100, is \"5\""},
    {"[run]\nattempts = 5.0", "run.attempts must be an integer from 1 to 100, is 5"},
    {"[run]\nattempts = [1]",
     "run.attempts must be an integer from 1 to 100, is a list of other things"},
    {"[run]\nattempts = 1979-05-27",
     "run.attempts must be an integer from 1 to 100, is a date or time"},
    {"[run.attempts]", "run.attempts must be an integer from 1 to 100, is an empty section"},
    {"[run]\ntimeout = \"5 min\"", "run.timeout must be a duration from 1ms to 7d such as \"90s\""},
    {"[run]\ntimeout = 0", "run.timeout must be a duration from 1ms to 7d"},
    {"[run]\nmode = \"paralel\"",
     "run.mode must be one of auto, parallel, batch, sequential, is \"paralel\" "
     "(did you mean parallel?)"},
    {"[run]\nstrict = \"yes\"", "run.strict must be true or false, is \"yes\""},
    {"[upstream.limits]\nheadroom = 1.2",
     "upstream.limits.headroom must be a number above 0 and at most 1, is 1.2"},
    {"[upstream.limits]\nrpm = nan",
     "upstream.limits.rpm must be a number from 0.001 to 1000000000000, or 0 (no limit), "
     "is not a number"},
    {"[upstream.limits]\nrpm = inf", "is inf"},
    {"[upstream]\nbase_url = \"api.openai.com\"", "upstream.base_url must be an http or https URL"},
    {"[upstream]\napi_key = \"sk-secret\"",
     "unknown key \"upstream.api_key\" (did you mean upstream.api_key_env?)"},
    {"[run]\nmax_inflight = 5",
     "penstock.toml:2:16: unknown key \"run.max_inflight\" (did you mean run.in_flight_max?)"},
    {"[run]\nrpm = 5", "unknown key \"run.rpm\" (did you mean upstream.limits.rpm?)"},
    {"in_flight_max = 5", "unknown key \"in_flight_max\" (did you mean run.in_flight_max?)"},
    {"[limits]\nrpms = 5", "unknown key \"limits.rpms\" (did you mean upstream.limits.rpm?)"},
    {"[quux]", "unknown key \"quux\""},
    {"run = 5", "run must be a section: [run]"},
    {"upstream.lanes = 5", "upstream.lanes must be sections: [[upstream.lanes]]"},
    {"run.attempts = 1\nrun.attempts = 2", "penstock.toml:2:"},
    {"[run\nattempts = 1", "penstock.toml:1:5: not TOML: "},
    {"run.attempts = 99999999999999999999", "not TOML: "},
    {"upstream.ca_file = \"/nonexistent/ca.pem\"", "upstream.ca_file: there is no file"},
  };
  for (auto& [toml, expected] : cases) {
    BOOST_TEST_CONTEXT(toml) {
      const auto fault = fault_of(toml);
      BOOST_TEST(contains(fault, expected), "got: " << fault);
      BOOST_TEST(!contains(fault, "sk-secret"));
    }
  }
}

BOOST_AUTO_TEST_CASE(faults_of_all_sources_are_told_together) {
  request.env["PENSTOCK_RPM"] = "many";
  set_option("run.attempts", "-1");
  const auto fault = fault_of("run.timeout = -1\nrun.tiemout = 5\n");
  BOOST_TEST(contains(fault, "penstock.toml:1:15: run.timeout must be "));
  BOOST_TEST(contains(fault, "\npenstock.toml:2:15: unknown key \"run.tiemout\""));
  BOOST_TEST(contains(fault, "\nenvironment PENSTOCK_RPM: upstream.limits.rpm must be "));
  BOOST_TEST(contains(fault, "\n--attempts: run.attempts must be "));
}

BOOST_AUTO_TEST_CASE(a_flood_of_faults_is_cut) {
  std::string toml;
  for (int i = 0; i < 500; ++i)
    toml += "key" + std::to_string(i) + " = 1\n";
  const auto fault = fault_of(toml);
  BOOST_TEST(std::count(fault.begin(), fault.end(), '\n') == 20);
  BOOST_TEST(fault.ends_with("... and 480 more"));
}

BOOST_AUTO_TEST_CASE(a_misspelt_variable_is_refused_and_its_value_is_not_repeated) {
  request.env["PENSTOCK_TIMOUT"] = "sk-secret";
  const auto text = load(request).error().context;
  BOOST_TEST(text ==
             "environment: unknown variable \"PENSTOCK_TIMOUT\" (did you mean PENSTOCK_TIMEOUT?)");
}

BOOST_AUTO_TEST_CASE(variables_that_others_set_are_left_alone) {
  request.env = {{"PENSTOCK_API_KEY", "k"},
                 {"PENSTOCK_PORT", "tcp://10.0.0.1:80"},
                 {"PENSTOCK_SERVICE_HOST", "h"},
                 {"PENSTOCK_PORT_80_TCP", "x"},
                 {"PENSTOCK_TEST_ANYTHING", "x"},
                 {"PENSTOCK_BENCH_ANYTHING", "x"},
                 {"PENSTOCK_UNSET", ""},
                 {"PENSTOCKS", "x"},
                 {"OTHER", "x"}};
  BOOST_TEST(load(request).has_value());
  request.env["PENSTOCK_MY_KEY"] = "k";
  BOOST_TEST(!load(request).has_value());
  set_option("upstream.api_key_env", "PENSTOCK_MY_KEY");
  BOOST_TEST(load(request).has_value());
}

BOOST_AUTO_TEST_CASE(a_slash_at_the_end_of_the_base_url_goes) {
  set_option("upstream.base_url", "http://h/v1//");
  BOOST_TEST(load(request)->values.upstream.base_url == "http://h/v1");
}

BOOST_AUTO_TEST_CASE(the_window_follows_a_larger_width_unless_it_was_chosen) {
  set_option("run.in_flight_max", "5000");
  auto loaded = load(request);
  BOOST_TEST(loaded->values.run.window_requests == 20'000u);
  BOOST_TEST(loaded->origins.at("run.window_requests") == "as run.in_flight_max needs");
  request.env["PENSTOCK_WINDOW"] = "100";
  loaded = load(request);
  BOOST_TEST(loaded->values.run.window_requests == 100u);
  BOOST_TEST(loaded->origins.at("run.window_requests") == "environment PENSTOCK_WINDOW");
  request.command_line.clear();
  request.env.clear();
  set_option("run.in_flight_max", "10");
  BOOST_TEST(load(request)->values.run.window_requests == 4096u);
}

BOOST_AUTO_TEST_CASE(names_of_the_earlier_release_are_still_accepted) {
  auto loaded = load_file("[run]\nmax_in_flight = 11\n");
  BOOST_REQUIRE(loaded.has_value());
  BOOST_TEST(loaded->values.run.in_flight_max == 11u);
  request.env["PENSTOCK_MAX_IN_FLIGHT"] = "12";
  BOOST_TEST(load_file("[run]\nmax_in_flight = 11\n")->values.run.in_flight_max == 12u);
  request.env["PENSTOCK_IN_FLIGHT_MAX"] = "13";
  BOOST_TEST(load(request)->values.run.in_flight_max == 13u);
  request.env = {{"PENSTOCK_MAX_IN_FLIGHT", "0"}};
  BOOST_TEST(!load(request).has_value());
}

BOOST_AUTO_TEST_CASE(a_width_of_the_user_is_kept) {
  BOOST_TEST(load(request)->values.upstream.limits.adaptive_in_flight == "auto");
  const std::string lanes =
    "[upstream.limits]\nramp = \"5 -> 10\"\nin_flight = 30\n"
    "[[upstream.lanes]]\nname = \"a\"\nmodels = [\"x\"]\nadaptive_in_flight = true\n"
    "[[upstream.lanes]]\nname = \"b\"\nmodels = [\"y\"]\nadaptive_in_flight = \"auto\"\n";
  set_option("run.in_flight_max", "256"); // The default, but given by the user.
  auto loaded = load_file(lanes);
  BOOST_REQUIRE(loaded.has_value());
  const auto& upstream = loaded->values.upstream;
  BOOST_TEST(upstream.limits.adaptive_in_flight == "false");
  BOOST_TEST(loaded->origins.at("upstream.limits.adaptive_in_flight") ==
             "as run.in_flight_max is given");
  BOOST_TEST(upstream.lanes[0].limits.adaptive_in_flight == "true");
  BOOST_TEST(upstream.lanes[1].limits.adaptive_in_flight == "false");
  BOOST_TEST(upstream.limits.in_flight == 30u);
  BOOST_TEST(upstream.lanes[0].limits.in_flight == 0u); // Like a rate, a lane does not inherit it.
  BOOST_TEST(upstream.lanes[0].limits.ramp == "5 -> 10");
  BOOST_TEST(
    contains(fault_of("[upstream.limits]\nramp = \"5 -> x\"\n"),
             "penstock.toml:2:8: upstream.limits.ramp must be widths from 1 to 100000 such as"));
  BOOST_TEST(contains(fault_of("[upstream.limits]\nadaptive_in_flight = \"maybe\"\n"),
                      "must be one of auto, true, false, is \"maybe\""));
}

BOOST_AUTO_TEST_CASE(lanes_are_read_in_order_and_inherit_pacing_but_no_rates) {
  set_option("upstream.limits.headroom", "0.5");
  auto loaded = load_file(
    "[upstream.limits]\nrpm = 100\nburst = \"5s\"\n"
    "[[upstream.lanes]]\nname = \"mini\"\nmodels = [\"*-mini\"]\ntpm = 1000\nburst = \"1s\"\n"
    "[[upstream.lanes]]\nname = \"big\"\nmodels = \"big-*\"\nheadroom = 1.0\nadaptive = false\n");
  BOOST_REQUIRE(loaded.has_value());
  auto& lanes = loaded->values.upstream.lanes;
  BOOST_REQUIRE(lanes.size() == 2u);
  BOOST_TEST(lanes[0].name == "mini");
  BOOST_TEST(lanes[0].limits.tpm == 1000);
  BOOST_TEST(lanes[0].limits.rpm == 0);
  BOOST_TEST(lanes[0].limits.headroom == 0.5);
  BOOST_TEST((lanes[0].limits.burst == std::chrono::seconds{1}));
  BOOST_TEST(lanes[1].models.at(0) == "big-*");
  BOOST_TEST(lanes[1].limits.headroom == 1.0);
  BOOST_TEST(!lanes[1].limits.adaptive);
  BOOST_TEST((lanes[1].limits.burst == std::chrono::seconds{5}));
  BOOST_TEST(loaded->origins.at("upstream.lanes.mini.headroom") == "as upstream.limits");
  BOOST_TEST(loaded->origins.at("upstream.lanes.mini.tpm").ends_with("penstock.toml:7"));
  BOOST_TEST(loaded->origins.at("upstream.lanes.big.rpm") == "built-in");
  BOOST_TEST(loaded->origins.at("upstream.limits.burst").ends_with("penstock.toml:3"));
}

BOOST_AUTO_TEST_CASE(faults_of_lanes_are_named) {
  const std::string lane = "[[upstream.lanes]]\nname = \"a\"\nmodels = [\"x\"]\n";
  const std::pair<std::string, const char*> cases[] = {
    {lane + "[[upstream.lanes]]\nname = \"a\"\nmodels = [\"y\"]\n",
     "two lanes have the name \"a\""},
    {lane + "[[upstream.lanes]]\nname = \"b\"\nmodels = [\"x\"]\n", "\"x\" stands in two places"},
    {"[[upstream.lanes]]\nmodels = [\"x\"]\n", "name must be 1 to 64 letters"},
    {"[[upstream.lanes]]\nname = \"default\"\nmodels = [\"x\"]\n", "not \"default\""},
    {"[[upstream.lanes]]\nname = \"a b\"\nmodels = [\"x\"]\n", "name must be"},
    {"[[upstream.lanes]]\nname = \"a\"\n", "upstream.lanes.a.models must name at least one model"},
    {"[[upstream.lanes]]\nname = \"a\"\nmodels = []\n",
     "upstream.lanes.a.models must name at least one model"},
    {"[[upstream.lanes]]\nname = \"a\"\nmodels = [\"\"]\n", "models must be model names"},
    {"[[upstream.lanes]]\nname = \"a\"\nmodels = [1]\n",
     "penstock.toml:3:10: upstream.lanes models must be a list"},
    {"[[upstream.lanes]]\nname = 5\nmodels = [\"x\"]\n",
     "penstock.toml:2:8: upstream.lanes name must be text"},
    {lane + "rmp = 5", "unknown key \"rmp\" of a lane (did you mean rpm?)"},
    {lane + "rpm = -5",
     "penstock.toml:4:7: upstream.lanes rpm must be a number from 0.001 to 1000000000000"},
    {lane + "burst = \"x\"", "upstream.lanes burst must be a duration"},
    {lane + "attempts = 5", "unknown key \"attempts\" of a lane"},
    {"[[upstream.lanes]]\n", "name must be"},
  };
  for (auto& [toml, expected] : cases) {
    BOOST_TEST_CONTEXT(toml) {
      const auto fault = fault_of(toml);
      BOOST_TEST(contains(fault, expected), "got: " << fault);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_environment_block_of_a_process_is_read) {
  const char* block[] = {"A=1", "B=x=y", "EMPTY=", "=odd", "nothing", nullptr};
  const auto env = read_environment(block);
  BOOST_TEST(env.size() == 3u);
  BOOST_TEST(env.at("B") == "x=y");
  BOOST_TEST(env.at("EMPTY") == "");
  BOOST_TEST(read_environment(nullptr).empty());
}

BOOST_AUTO_TEST_SUITE_END()
