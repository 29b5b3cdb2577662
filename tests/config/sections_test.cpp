#include "config/api_key.hpp"
#include "config/sections.hpp"
#include "config/show.hpp"
#include "config/validate.hpp"
#include "tests/config/config_fixture.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace penstock;
using namespace penstock::config;
using penstock::test::contains;

namespace {

const std::string spare = "[[upstreams]]\nname = \"spare\"\n";
const std::string route = "[[routes]]\nmodels = [\"*\"]\nto = [\"default\", \"spare\"]\n";

} // namespace

BOOST_FIXTURE_TEST_SUITE(config_sections, penstock::test::config_fixture)

BOOST_AUTO_TEST_CASE(an_upstream_has_the_keys_of_the_default_one) {
  write("ca.pem", "x");
  auto loaded = load_file(
    "[upstream.limits]\nrpm = 7\nheadroom = 0.5\n" + spare +
    "protocol = \"mock\"\nbase_url = \"https://b.example/v1//\"\napi_key_env = \"B_KEY\"\n"
    "ca_file = \"" +
    (dir / "ca.pem").string() +
    "\"\nprice_input = 3\n"
    "[upstreams.limits]\nitpm = 5\nburst = \"1s\"\n"
    "[[upstreams.lanes]]\nname = \"m\"\nmodels = \"a*\"\nrpm = 9\n" +
    route);
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), loaded.error().context);
  BOOST_REQUIRE(loaded->values.upstreams.size() == 1u);
  auto& u = loaded->values.upstreams[0];
  BOOST_TEST(u.name == "spare");
  BOOST_TEST(u.mock);
  BOOST_TEST(u.base_url == "https://b.example/v1");
  BOOST_TEST(u.api_key_env == "B_KEY");
  BOOST_TEST(u.price_input == 3);
  BOOST_TEST(u.limits.rpm == 0);
  BOOST_TEST(u.limits.itpm == 5);
  BOOST_TEST(u.limits.headroom == 0.8); // The default, not the value of [upstream].
  BOOST_REQUIRE(u.lanes.size() == 1u);
  BOOST_TEST(u.lanes[0].limits.rpm == 9);
  BOOST_TEST((u.lanes[0].limits.burst == std::chrono::seconds{1})); // Inherited from its upstream.
  BOOST_TEST(loaded->values.upstream.name == "default");
  BOOST_TEST(loaded->values.upstream.limits.rpm == 7);
  BOOST_TEST(!loaded->values.upstream.mock);
  auto& origins = loaded->origins;
  BOOST_TEST(origins.at("upstreams.spare.api_key_env").ends_with("penstock.toml:8"));
  BOOST_TEST(origins.at("upstreams.spare.limits.rpm") == "built-in");
  BOOST_TEST(origins.at("upstreams.spare.lanes.m.burst") == "as upstreams.spare.limits");
  BOOST_TEST(origins.at("upstream.api_key_env") == "built-in");
}

BOOST_AUTO_TEST_CASE(an_upstream_takes_the_address_and_the_key_of_its_protocol) {
  auto loaded = load_file(spare + "protocol = \"anthropic\"\n" + route);
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), loaded.error().context);
  BOOST_TEST(loaded->values.upstreams[0].base_url == "https://api.anthropic.com");
  BOOST_TEST(loaded->values.upstreams[0].api_key_env == "ANTHROPIC_API_KEY");
  BOOST_TEST(loaded->origins.at("upstreams.spare.api_key_env") == "built-in, for anthropic");
  BOOST_TEST(loaded->values.upstream.api_key_env == "OPENAI_API_KEY");
}

BOOST_AUTO_TEST_CASE(routes_are_lists_of_names_or_of_tables) {
  auto loaded =
    load_file(spare + "[[routes]]\nmodels = [\"gpt-*\"]\nto = [\"default\", \"spare/org/other\"]\n"
                      "[[routes]]\nmodels = \"*\"\nstrategy = \"weighted\"\n"
                      "to = [{upstream = \"spare\", weight = 3}, {upstream = \"default\", model = "
                      "\"m\", weight = 0.5}]\n");
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), loaded.error().context);
  auto& routes = loaded->values.routes;
  BOOST_REQUIRE(routes.size() == 2u);
  BOOST_TEST(!routes[0].weighted);
  BOOST_TEST(routes[0].to.at(0).upstream == "default");
  BOOST_TEST(routes[0].to.at(1).upstream == "spare");
  BOOST_TEST(routes[0].to.at(1).model == "org/other");
  BOOST_TEST(routes[1].weighted);
  BOOST_TEST(routes[1].models.at(0) == "*");
  BOOST_TEST(routes[1].to.at(0).weight == 3);
  BOOST_TEST(routes[1].to.at(1).model == "m");
  BOOST_TEST(routes[1].to.at(1).weight == 0.5);
}

BOOST_AUTO_TEST_CASE(prices_are_read_with_what_they_leave_out) {
  auto loaded =
    load_file("[[prices]]\nmodels = [\"a*\"]\ninput = 1\ncached_input = 0.25\noutput = 4.5\n"
              "[[prices]]\nmodels = [\"*\"]\nupstream = \"default\"\noutput = 2\nreasoning = 3\n");
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), loaded.error().context);
  auto& prices = loaded->values.prices;
  BOOST_REQUIRE(prices.size() == 2u);
  BOOST_TEST(prices[0].input == 1);
  BOOST_TEST(prices[0].cached_input.value() == 0.25);
  BOOST_TEST(prices[0].output == 4.5);
  BOOST_TEST(!prices[0].reasoning.has_value());
  BOOST_TEST(prices[1].upstream == "default");
  BOOST_TEST(prices[1].reasoning.value() == 3);
  BOOST_TEST(!prices[1].cached_input.has_value());
}

BOOST_AUTO_TEST_CASE(faults_name_file_line_key_and_remedy) {
  const std::pair<std::string, const char*> cases[] = {
    {"[[upstreams]]\nbase_url = \"http://a\"\n" + route,
     "penstock.toml:2: upstreams: name must be 1 to 64 letters"},
    {"[[upstreams]]\n" + route, "upstreams: name must be 1 to 64 letters"},
    {"[[upstreams]]\nname = \"default\"\n",
     "penstock.toml:2: upstreams: name must be 1 to 64 letters, digits, '-', "
     "'_' or '.', and not \"default\" (that is [upstream])"},
    {spare + spare + route, "penstock.toml:4: upstreams: two have the name \"spare\""},
    {spare, "penstock.toml:2: upstreams.spare: no route leads to it; add a [[routes]] section with "
            "to = [\"spare\"]"},
    {spare + "base_ulr = \"x\"\n" + route,
     "penstock.toml:3:12: unknown key \"base_ulr\" of an upstream "
     "(did you mean base_url?)"},
    {spare + "base_url = \"x\"\n" + route,
     "penstock.toml:3:12: upstreams base_url must be an http or https URL"},
    {spare + "api_key_env = \"sk-proj-1\"\n" + route,
     "upstreams api_key_env must be the name of an environment variable"},
    {spare + "limits.rpm = -1\n" + route,
     "penstock.toml:3:14: upstreams limits.rpm must be a number"},
    {spare + "ca_file = \"/nonexistent/x\"\n" + route, "upstreams.spare.ca_file: there is no file"},
    {spare + "[[upstreams.lanes]]\nname = \"a\"\n" + route,
     "penstock.toml:4: upstreams.spare.lanes.a.models must name"},
    {spare + "[[upstreams.lanes]]\nrmp = 1\n" + route,
     "unknown key \"rmp\" of a lane (did you mean rpm?)"},
    {"[upstreams]\nname = \"x\"\n", "upstreams must be sections: [[upstreams]]"},
    {"[routes]\nto = []\n", "routes must be sections: [[routes]]"},
    {"routes = 5\n", "routes must be sections: [[routes]]"},
    {"[[routes]]\n", "penstock.toml:1: routes[0].models must name at least one model"},
    {"[[routes]]\nmodels = [\"*\"]\n",
     "penstock.toml:2: routes[0].to must name at least one upstream"},
    {"[[routes]]\nmodels = [\"*\"]\nto = [\"defualt\"]\n",
     "penstock.toml:3: routes[0].to: there is no upstream \"defualt\" (did you mean default?); "
     "there are default"},
    {"[[routes]]\nmodels = [\"*\"]\nto = [\"default/\"]\n",
     "routes to must be a list of upstreams"},
    {"[[routes]]\nmodels = [\"*\"]\nto = [\"default\", \"default\"]\n",
     "stands twice with the same model"},
    {"[[routes]]\nmodels = [\"*\"]\nto = [{upstrem = \"default\"}]\n",
     "unknown key \"upstrem\" of a route's target (did you mean upstream?)"},
    {"[[routes]]\nmodels = [\"*\"]\nto = [{upstream = \"default\", weight = 0}]\n",
     "weight must be a number above 0"},
    {"[[routes]]\nmodels = [\"*\"]\nto = [{upstream = \"default\", weight = nan}]\n",
     "weight must be a number above 0"},
    {"[[routes]]\nmodels = [\"*\"]\nto = [{upstream = \"default\", weight = 2}]\n",
     "weights count only with strategy = \"weighted\""},
    {"[[routes]]\nmodels = [\"*\"]\nto = [\"default\", {upstream = \"default\", model = \"x\"}]\n",
     "routes to must be"},
    {"[[routes]]\nmodels = [\"*\"]\nto = [\"default\"]\nstrategy = \"random\"\n",
     "penstock.toml:4:12: routes strategy must be \"ordered\" or \"weighted\", is \"random\""},
    {"[[routes]]\nmodel = [\"*\"]\n", "unknown key \"model\" of a route (did you mean models?)"},
    {route + spare + "[[routes]]\nmodels = [\"*\"]\nto = [\"spare\"]\n",
     "penstock.toml:7: routes[1].models: \"*\" stands in two places"},
    {"[[prices]]\nmodels = [\"*\"]\ninput = -1\n",
     "penstock.toml:3:9: prices input must be dollars per million tokens, "
     "from 0 to 1000000, is -1"},
    {"[[prices]]\nmodels = [\"*\"]\ninput = inf\n", "prices input must be dollars"},
    {"[[prices]]\nmodels = [\"*\"]\ncached = 1\n",
     "unknown key \"cached\" of a price (did you mean cached_input?)"},
    {"[[prices]]\ninput = 1\n", "prices[0].models must name at least one model"},
    {"[[prices]]\nmodels = [\"*\"]\nupstream = \"x\"\n",
     "penstock.toml:3: prices[0].upstream: there is no upstream \"x\""},
    {"[[prices]]\nmodels = [\"a\"]\n[[prices]]\nmodels = [\"a\"]\n",
     "prices[1].models: \"a\" stands in two places"},
  };
  for (auto& [toml, expected] : cases) {
    BOOST_TEST_CONTEXT(toml) {
      const auto fault = fault_of(toml);
      BOOST_TEST(contains(fault, expected), "got: " << fault);
    }
  }
}

BOOST_AUTO_TEST_CASE(odd_keys_are_refused_and_nothing_breaks) {
  for (auto odd :
       {"\"routes[\" = 1", "\"routes]x[\" = 1", "[[routes]]\n\"to[99999]\" = 1",
        "[[routes]]\n\"to[1]\" = 1", "[[routes]]\n\"to[\" = 1", "\"upstreams[7].name\" = \"x\"",
        "\"routes[99999999999999999999]\" = 1", "[[upstreams]]\n\"lanes[5000].name\" = \"x\"",
        "\"upstream.lanes[]\" = 2", "\"prices[0].\" = 1", "[[prices]]\n\"\\u0007\" = 1"}) {
    BOOST_TEST_CONTEXT(odd)
    BOOST_TEST(!fault_of(odd).empty());
  }
}

BOOST_AUTO_TEST_CASE(the_key_of_every_upstream_is_its_own_and_never_shown) {
  write("key.txt", "sk-file-secret\n");
  request.env = {{"OPENAI_API_KEY", "sk-first"}, {"PENSTOCK_KEY_B", "sk-second"}};
  auto loaded = load_file(
    spare + "api_key_env = \"PENSTOCK_KEY_B\"\n[[upstreams]]\nname = \"c\"\napi_key_file = \"" +
    (dir / "key.txt").string() +
    "\"\n[[upstreams]]\nname = \"d\"\napi_key_env = \"NOT_SET\"\n"
    "[[routes]]\nmodels = [\"*\"]\nto = [\"spare\", \"c\", \"d\"]\n");
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), loaded.error().context);
  auto& all = loaded->values.upstreams;
  BOOST_TEST(resolve_api_key(loaded->values, request.env).value() == "sk-first");
  BOOST_TEST(resolve_api_key(all[0], request.env).value() == "sk-second");
  BOOST_TEST(resolve_api_key(all[1], request.env).value() == "sk-file-secret");
  BOOST_TEST(contains(resolve_api_key(all[2], request.env).error().context,
                      "no API key for upstream d: the environment variable NOT_SET is not set"));
  const auto text = show(*loaded, request.env), json = show_json(*loaded, request.env);
  for (auto secret : {"sk-first", "sk-second", "sk-file-secret"}) {
    BOOST_TEST(!contains(text, secret));
    BOOST_TEST(!contains(json, secret));
  }
  BOOST_TEST(contains(text, "# api key of spare: set, 9 characters"));
}

BOOST_AUTO_TEST_CASE(everything_is_shown_with_its_origin) {
  auto loaded = load_file(spare + "[[upstreams.lanes]]\nname = \"m\"\nmodels = [\"a*\"]\n" + route +
                          "[[prices]]\nmodels = [\"*\"]\ninput = 1.5\nreasoning = 3\n");
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), loaded.error().context);
  const auto text = show(*loaded, {});
  const auto has = [&](const std::string& start, const std::string& end) {
    const auto at = text.find("\n" + start) + 1;
    BOOST_REQUIRE_MESSAGE(at != 0, start);
    BOOST_TEST(text.substr(at, text.find('\n', at) - at).ends_with(end), start);
  };
  has("upstreams.spare.base_url = \"https://api.openai.com/v1\"", "# built-in");
  has("upstreams.spare.lanes.m.models = [\"a*\"]", "penstock.toml:5");
  has("upstreams.spare.lanes.m.burst = ", "# as upstreams.spare.limits");
  has("routes[0].strategy = \"ordered\"", "# built-in");
  has("routes[0].to = [{upstream = \"default\"}, {upstream = \"spare\"}]", "penstock.toml:8");
  has("prices[0].input = 1.5", "penstock.toml:11");
  has("prices[0].reasoning = 3", "penstock.toml:12");
  const auto whole = boost::json::parse(show_json(*loaded, {}));
  BOOST_TEST(whole.at("sections").at("routes[0]").at("models").at("value").as_string() ==
             "[\"*\"]");
  BOOST_TEST(whole.at("sections").at("upstreams.spare").at("limits.rpm").at("origin").as_string() ==
             "built-in");
}

BOOST_AUTO_TEST_CASE(validate_finds_what_a_host_put_past_the_reader) {
  settings s;
  s.upstreams.emplace_back().name = "b";
  s.upstreams[0].base_url = "nowhere";
  s.routes.push_back(
    {.models = {"*"}, .weighted = true, .to = {{"b", "", std::nan("")}, {"c", "two words"}}});
  s.prices.emplace_back().models = {"x"};
  s.prices[0].input = std::nan("");
  const auto valid = validate(s);
  BOOST_REQUIRE(!valid.has_value());
  for (auto part : {"upstreams.b.base_url must be", "routes[0].to: a weight must be",
                    "there is no upstream \"c\"", "the model must be a name without blanks",
                    "prices[0]: prices must be"})
    BOOST_TEST(contains(valid.error().context, part), part << " in " << valid.error().context);
}

BOOST_AUTO_TEST_SUITE_END()
