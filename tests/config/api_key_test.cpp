#include "config/api_key.hpp"
#include "tests/config/config_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::config;
using penstock::test::contains;

BOOST_FIXTURE_TEST_SUITE(api_key, penstock::test::config_fixture)

BOOST_AUTO_TEST_CASE(the_key_comes_from_the_variable_that_is_named) {
  settings s;
  const environment env{{"OPENAI_API_KEY", "sk-1"}, {"OTHER", "sk-2\n"}};
  BOOST_TEST(resolve_api_key(s, env).value() == "sk-1");
  s.upstream.api_key_env = "OTHER";
  BOOST_TEST(resolve_api_key(s, env).value() == "sk-2");
}

BOOST_AUTO_TEST_CASE(a_found_file_does_not_send_the_usual_key_elsewhere) {
  const environment env{{"OPENAI_API_KEY", "sk-1"}};
  const auto key_with = [&](const std::string& toml) {
    return resolve_api_key(load_file(toml).value().values, env);
  };
  const std::string elsewhere = "[upstream]\nbase_url = \"https://gateway.example/v1\"\n";
  const auto refused = key_with(elsewhere);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::invalid_config));
  for (auto part : {"penstock.toml:2", "upstream.base_url", "gateway.example", "api_key_env"})
    BOOST_TEST(contains(refused.error().context, part), refused.error().context);
  BOOST_TEST(!contains(refused.error().context, "sk-1"));
  BOOST_TEST(key_with(elsewhere + "api_key_env = \"OPENAI_API_KEY\"\n").value() == "sk-1");
  BOOST_TEST(key_with("[upstream]\nbase_url = \"https://api.openai.com/v2\"\n").value() == "sk-1");
  BOOST_TEST(key_with("[upstream]\nbase_url = \"http://127.0.0.1:1/v1\"\n").value() == "sk-1");
  // A file that somebody names is trusted.
  request.file = write("named.toml", elsewhere);
  BOOST_TEST(resolve_api_key(load(request).value().values, env).value() == "sk-1");
}

BOOST_AUTO_TEST_CASE(the_file_wins_and_only_its_first_line_counts) {
  settings s;
  s.upstream.api_key_file = write("key", " sk-file \r\nsecond line\n");
  BOOST_TEST(resolve_api_key(s, {{"OPENAI_API_KEY", "sk-1"}}).value() == "sk-file");
  s.upstream.api_key_file = write("key", "");
  BOOST_TEST(contains(resolve_api_key(s, {}).error().context, "holds no key"));
  s.upstream.api_key_file = write("key", std::string(100'000, 'a'));
  BOOST_TEST(contains(resolve_api_key(s, {}).error().context, "not a key"));
  for (auto& name : {(dir / "missing").string(), dir.string()}) {
    s.upstream.api_key_file = name;
    BOOST_TEST(
      contains(resolve_api_key(s, {}).error().context, "upstream.api_key_file: cannot read"));
  }
}

BOOST_AUTO_TEST_CASE(a_missing_key_is_told_with_the_variable_and_the_remedy) {
  for (const environment& env : {environment{}, environment{{"OPENAI_API_KEY", ""}}}) {
    auto key = resolve_api_key(settings{}, env);
    BOOST_REQUIRE(!key.has_value());
    BOOST_TEST((key.error().code == errc::invalid_config));
    for (auto part :
         {"OPENAI_API_KEY", "export", "--api-key-env", "--api-key-file", "--upstream mock"})
      BOOST_TEST(contains(key.error().context, part));
  }
}

BOOST_AUTO_TEST_CASE(a_key_that_could_break_a_header_is_refused_without_being_repeated) {
  for (std::string bad :
       {"sk-secret\r\nX-Evil: 1", "sk secret", "sk-secret\x7f", "sk-secr\xc3\xa9t", "sk\tsecret"}) {
    auto key = resolve_api_key(settings{}, {{"OPENAI_API_KEY", bad}});
    BOOST_REQUIRE(!key.has_value());
    BOOST_TEST(contains(key.error().context, "OPENAI_API_KEY"));
    BOOST_TEST(contains(key.error().context, "position"));
    BOOST_TEST(!contains(key.error().context, "secr"));
  }
}

BOOST_AUTO_TEST_CASE(the_mock_loopback_and_an_empty_name_need_no_key) {
  settings s;
  s.upstream.mock = true;
  BOOST_TEST(resolve_api_key(s, {{"OPENAI_API_KEY", "sk-1"}}).value() == "");
  s = {};
  s.upstream.base_url = "http://localhost:8000/v1";
  BOOST_TEST(resolve_api_key(s, {}).value() == "");
  BOOST_TEST(resolve_api_key(s, {{"OPENAI_API_KEY", "sk-1"}}).value() == "sk-1");
  s = {};
  s.upstream.api_key_env = "";
  BOOST_TEST(resolve_api_key(s, {}).value() == "");
}

BOOST_AUTO_TEST_CASE(a_description_gives_away_nothing_but_the_length) {
  const auto text = describe_api_key(settings{}, {{"OPENAI_API_KEY", "sk-123456"}});
  BOOST_TEST(text == "set, 9 characters, from the environment variable OPENAI_API_KEY");
  BOOST_TEST(describe_api_key(settings{}, {}).starts_with("unusable: no API key"));
}

BOOST_AUTO_TEST_SUITE_END()
