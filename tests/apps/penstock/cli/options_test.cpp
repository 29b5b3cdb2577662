#include "apps/penstock/cli/config_command.hpp"
#include "apps/penstock/cli/help.hpp"
#include "apps/penstock/commands.hpp"
#include "apps/penstock/serve/serve_command.hpp"
#include "config/keys.hpp"
#include "tests/config/config_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::cli;
using penstock::test::contains;

namespace {

/// Runs in a directory without a penstock.toml: the parser looks in the working directory.
struct options_fixture : penstock::test::config_fixture {
  std::filesystem::path before = std::filesystem::current_path();
  options_fixture() { std::filesystem::current_path(dir); }
  ~options_fixture() { std::filesystem::current_path(before); }

  std::string fault(const arguments& args) const {
    auto wrong = fault_of(args);
    BOOST_TEST_CONTEXT("penstock " << (args.empty() ? "" : args.front()))
    BOOST_REQUIRE(wrong.has_value());
    BOOST_TEST((wrong->code == errc::invalid_config));
    return wrong->context;
  }
  std::optional<error> fault_of(const arguments& args) const {
    const auto of = [](const auto& parsed) {
      return parsed ? std::nullopt : std::optional{parsed.error()};
    };
    auto chosen = choose(commands(), args);
    if (!chosen || !chosen->entry)
      return of(chosen);
    if (chosen->entry->name == "run")
      return of(parse_run(chosen->args, request.env));
    if (chosen->entry->name == "config")
      return of(config_text(chosen->args, request.env));
    return of(parse_cluster(*chosen->entry, chosen->args, request.env));
  }
  config::loaded_settings settings_of_run(arguments args) const {
    args.insert(args.end(), {"in.jsonl", "-o", "o"});
    auto run = parse_run(args, request.env);
    BOOST_REQUIRE_MESSAGE(run.has_value(), run.error().context);
    return run->settings;
  }
  config::loaded_settings settings_of_head(const arguments& args) const {
    auto serve = parse_cluster(serve_entry, args, request.env);
    BOOST_REQUIRE_MESSAGE(serve.has_value(), serve.error().context);
    return serve->settings;
  }
  std::string printed(const arguments& args) const {
    auto chosen = choose(commands(), args);
    BOOST_REQUIRE(chosen.has_value());
    if (!chosen->entry)
      return chosen->text;
    BOOST_REQUIRE(chosen->entry->name == "run");
    auto run = parse_run(chosen->args, request.env);
    BOOST_REQUIRE(run.has_value());
    BOOST_REQUIRE((run->help != help_extent::none));
    return help_of(*chosen->entry, run->help);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(options, options_fixture)

BOOST_AUTO_TEST_CASE(a_whole_command_line_becomes_settings) {
  auto run = parse_run({"--base-url", "http://h/v1",     "--rpm=500", "--tpm",
                        "2e5",        "--in-flight-max", "64",        "--mode",
                        "parallel",   "--timeout",       "90s",       "--no-adaptive",
                        "--strict",   "--body-max",      "1MiB",      "-o",
                        "out.jsonl",  "in.jsonl",        "--seed",    "7"},
                       request.env);
  BOOST_REQUIRE(run.has_value());
  auto& s = run->settings.values;
  BOOST_TEST(run->input == "in.jsonl");
  BOOST_TEST(run->output == "out.jsonl");
  BOOST_TEST(s.upstream.base_url == "http://h/v1");
  BOOST_TEST(s.upstream.limits.rpm == 500);
  BOOST_TEST(s.upstream.limits.tpm == 200'000);
  BOOST_TEST(s.run.in_flight_max == 64u);
  BOOST_TEST((s.run.mode == core::mode::parallel));
  BOOST_TEST((s.run.timeout == std::chrono::seconds{90}));
  BOOST_TEST(!s.upstream.limits.adaptive);
  BOOST_TEST(s.run.strict);
  BOOST_TEST(!s.run.restart);
  BOOST_TEST(s.run.body_max == 1u << 20);
  BOOST_TEST(s.run.seed == 7u);
  BOOST_TEST(run->settings.origins.at("run.strict") == "command line --strict");
}

BOOST_AUTO_TEST_CASE(flags_of_the_earlier_release_are_accepted_and_not_shown) {
  auto run = parse_run({"--max-in-flight", "64", "in.jsonl"}, request.env);
  BOOST_REQUIRE(run.has_value());
  BOOST_TEST(run->settings.values.run.in_flight_max == 64u);
  BOOST_TEST(!contains(printed({"run", "--help-all"}), "--max-in-flight"));
}

BOOST_AUTO_TEST_CASE(every_key_has_a_working_flag) {
  const auto ca = write("ca.pem", "x");
  const config::settings defaults;
  for (auto& row : config::keys()) {
    const std::string flag = "--" + std::string{row.flag};
    arguments args;
    if (row.kind == config::value_kind::boolean) {
      args.push_back(config::read(row, defaults) == config::scalar{true} ? "--no-" + flag.substr(2)
                                                                         : flag);
    } else {
      auto text = config::format(row, config::read(row, defaults));
      if (text.starts_with('"'))
        text = text.substr(1, text.size() - 2);
      args.insert(args.end(), {flag, row.name == "upstream.ca_file" ? ca : text});
    }
    BOOST_TEST_CONTEXT(flag) {
      if (row.is_cluster()) { // `run` must refuse settings that it would ignore.
        BOOST_TEST(contains(fault({"run", "in.jsonl", flag, "1"}), "unknown option"));
      }
      const auto settings = row.is_cluster() ? settings_of_head(args) : settings_of_run(args);
      BOOST_TEST(settings.origins.at(std::string{row.name}) == "command line " + flag);
      if (row.kind == config::value_kind::boolean)
        BOOST_TEST((config::read(row, settings.values) != config::read(row, defaults)));
    }
  }
}

BOOST_AUTO_TEST_CASE(wrong_numbers_of_every_flag_are_usage_errors_with_the_flag) {
  for (auto& row : config::keys()) {
    if (row.kind == config::value_kind::boolean || row.kind == config::value_kind::text)
      continue;
    const std::string flag = "--" + std::string{row.flag};
    for (std::string bad : {"-5", "nan", "junk", "99999999999999999999999"}) {
      BOOST_TEST_CONTEXT(flag << " " << bad) {
        arguments args{"serve"};
        if (!row.is_cluster())
          args = {"run", "in.jsonl"};
        args.insert(args.end(), {flag, bad});
        BOOST_TEST(fault(args).starts_with(flag + ": " + std::string{row.name} + " must be "));
        args.pop_back();
        args.back() += "=" + bad;
        BOOST_TEST(fault(args).starts_with(flag + ": "));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_last_of_two_equal_options_wins) {
  auto run =
    parse_run({"--rpm", "1", "in.jsonl", "--rpm", "2", "--strict", "--no-strict"}, request.env);
  BOOST_REQUIRE_MESSAGE(run.has_value(), run.error().context);
  BOOST_TEST(run->settings.values.upstream.limits.rpm == 2);
  BOOST_TEST(!run->settings.values.run.strict);
}

BOOST_AUTO_TEST_CASE(a_switch_turns_off_what_a_file_turned_on) {
  write("penstock.toml", "run.quiet = true\nrun.attempts = 9\n");
  auto run = parse_run({"in.jsonl", "--no-quiet"}, request.env);
  BOOST_REQUIRE(run.has_value());
  BOOST_TEST(!run->settings.values.run.quiet);
  BOOST_TEST(run->settings.values.run.attempts == 9u);
}

BOOST_AUTO_TEST_CASE(a_value_may_look_like_an_option) {
  auto run =
    parse_run({"in.jsonl", "--mock-options", "--latency 1s --rpm 600", "--quiet"}, request.env);
  BOOST_REQUIRE_MESSAGE(run.has_value(), run.error().context);
  BOOST_TEST(run->settings.values.upstream.mock_options == "--latency 1s --rpm 600");
  BOOST_TEST(run->settings.values.run.quiet);
  BOOST_TEST(run->settings.values.upstream.limits.rpm == 0);
}

BOOST_AUTO_TEST_CASE(the_configuration_file_is_an_option) {
  const auto file = write("other.toml", "run.attempts = 3\n");
  BOOST_TEST(parse_run({"--config", file, "in.jsonl"}, request.env)->settings.values.run.attempts ==
             3u);
  BOOST_TEST(contains(fault({"run", "--config", "missing.toml", "in.jsonl"}), "missing.toml"));
}

BOOST_AUTO_TEST_CASE(the_output_is_named_after_the_input) {
  BOOST_TEST(default_output("a.jsonl") == "a.out.jsonl");
  BOOST_TEST(default_output("dir.x/a.jsonl.gz") == "dir.x/a.out.jsonl");
  BOOST_TEST(default_output("a") == "a.out.jsonl");
  BOOST_TEST(default_output("a.gz") == "a.out.jsonl");
  BOOST_TEST(default_output(".jsonl") == ".jsonl.out.jsonl");
  BOOST_TEST(default_output("-") == "-");
  BOOST_TEST(parse_run({"-"}, request.env)->output == "-");
  BOOST_TEST(parse_run({"-"}, request.env)->input == "-");
  BOOST_TEST(parse_run({"in.jsonl"}, request.env)->output == "in.out.jsonl");
}

BOOST_AUTO_TEST_CASE(usage_errors_say_what_to_do) {
  BOOST_TEST(contains(fault({"run"}), "which file?"));
  BOOST_TEST(contains(fault({"run", "a", "b"}), "the second is \"b\""));
  BOOST_TEST(contains(fault({"run", "--max-inflight", "5", "a"}),
                      "unknown option \"--max-inflight\" (did you mean --in-flight-max?)"));
  BOOST_TEST(contains(fault({"run", "--rmp=5", "a"}), "(did you mean --rpm?)"));
  BOOST_TEST(contains(fault({"run", "-x", "a"}), "unknown option \"-x\""));
  BOOST_TEST(contains(fault({"run", "a", "--rpm"}), "penstock run: --rpm needs a value"));
  BOOST_TEST(contains(fault({"run", "a", "--strict=maybe"}), "--strict"));
  BOOST_TEST(contains(fault({"run", ""}), "empty"));
  BOOST_TEST(contains(fault({"run", "a.jsonl", "-o", "./a.jsonl"}), "is the input itself"));
  BOOST_TEST(contains(fault({"run", "-", "--json"}), "-o FILE"));
  BOOST_TEST(contains(fault({"rnu", "a"}), "unknown command \"rnu\" (did you mean run?)"));
  BOOST_TEST(contains(fault({"config", "shwo"}), "(did you mean show?)"));
  BOOST_TEST(contains(fault({"config", "reference", "x"}), "unexpected \"x\""));
  BOOST_TEST(contains(fault({"config", "show", "x"}), "unexpected \"x\""));
  BOOST_TEST(contains(fault({"help", "rnu"}), "did you mean run?"));
}

BOOST_AUTO_TEST_CASE(a_dry_run_may_print_json_beside_a_pipe) {
  BOOST_TEST(parse_run({"-", "--json", "--dry-run"}, request.env).has_value());
}

BOOST_AUTO_TEST_CASE(the_overview_names_all_commands) {
  const auto text = printed({});
  BOOST_TEST(text == printed({"help"}));
  BOOST_TEST(text == printed({"--help"}));
  for (auto* command : commands())
    BOOST_TEST(contains(text, "\n  " + std::string{command->name} + " "));
  for (auto* word : {"--version", "-V", "version"})
    BOOST_TEST(printed({word}).starts_with("penstock "));
}

BOOST_AUTO_TEST_CASE(help_teaches_every_flag_with_its_variable) {
  const auto text = printed({"run", "--help-all"});
  BOOST_TEST(text == printed({"help", "run", "--help-all"}));
  const auto page = printed({"run", "--help"});
  BOOST_TEST(page == printed({"help", "run"}));
  BOOST_TEST(contains(page, "--help-all"));
  BOOST_TEST(std::ranges::count(page, '\n') <= 80);
  for (auto& row : config::keys()) {
    if (row.is_cluster())
      continue;
    BOOST_TEST_CONTEXT(row.name) {
      const bool on = config::read(row, config::settings{}) == config::scalar{true};
      BOOST_TEST(contains(text, "\n  --" + std::string{on ? "no-" : ""} + std::string{row.flag}));
      BOOST_TEST(contains(text, row.env_name()));
    }
  }
  BOOST_TEST(contains(text, "Examples:"));
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    BOOST_TEST(line.size() <= 100u, "too wide: " << line);
}

BOOST_AUTO_TEST_CASE(config_show_takes_the_options_of_run) {
  request.env["PENSTOCK_ATTEMPTS"] = "3";
  auto shown = config_text({"show", "--rpm", "5"}, request.env);
  BOOST_REQUIRE(shown.has_value());
  BOOST_TEST(contains(*shown, "upstream.limits.rpm = 5 "));
  BOOST_TEST(contains(*shown, "# environment PENSTOCK_ATTEMPTS"));
  auto json = config_text({"show", "--json"}, request.env);
  BOOST_REQUIRE(json.has_value());
  BOOST_TEST((*json).starts_with("{\"file\":"));
  BOOST_TEST(contains((*json), "\"run.json\":{\"value\":false"));
  BOOST_TEST(contains(*config_text({"reference"}, request.env), "| `run.attempts` |"));
  BOOST_TEST(*config_text({}, request.env) == help_of(config_entry, help_extent::page));
}

BOOST_AUTO_TEST_CASE(other_commands_keep_their_words) {
  auto chosen = choose(commands(), {"mock", "--port", "8080"});
  BOOST_REQUIRE(chosen.has_value());
  BOOST_REQUIRE(chosen->entry != nullptr);
  BOOST_TEST(chosen->entry->name == "mock");
  BOOST_TEST(chosen->args.size() == 2u);
  chosen = choose(commands(), {"help", "mock"});
  BOOST_REQUIRE(chosen.has_value());
  BOOST_TEST(chosen->args.at(0) == "--help");
}

BOOST_AUTO_TEST_CASE(words_of_other_programs_are_answered_with_ours) {
  BOOST_TEST(contains(fault({"run", "--concurrency", "5", "a"}), "did you mean --in-flight-max?"));
  BOOST_TEST(contains(fault({"run", "--retries=5", "a"}), "did you mean --attempts?"));
  BOOST_TEST(contains(fault({"run", "--port", "80", "a"}), "did you mean --base-url?"));
  BOOST_TEST(contains(fault({"serve", "--port", "80"}), "did you mean --listen?"));
  BOOST_TEST(contains(fault({"submit", "--class", "bulk", "a"}), "did you mean --priority?"));
  BOOST_TEST(contains(fault({"kill", "7"}), "did you mean cancel?"));
  BOOST_TEST(contains(fault({"run", "--upstream", "claude", "a"}), "write anthropic"));
  BOOST_TEST(contains(fault({"run", "--upstream", "DeepSeek", "a"}), "write openai, and its"));
  BOOST_TEST(contains(fault({"run", "--upstream", "opnai", "a"}), "did you mean openai?"));
  BOOST_TEST(contains(fault({"run", "--tpm", "200k", "a"}), "write 200000"));
  BOOST_TEST(contains(fault({"run", "--tpm", "1.5M", "a"}), "write 1500000"));
  BOOST_TEST(!contains(fault({"run", "--tpm", "k", "a"}), "write"));
}

BOOST_AUTO_TEST_CASE(after_two_dashes_every_word_is_a_file) {
  auto run = parse_run({"--quiet", "--", "--odd.jsonl"}, request.env);
  BOOST_REQUIRE_MESSAGE(run.has_value(), run.error().context);
  BOOST_TEST(run->input == "--odd.jsonl");
  BOOST_TEST(run->settings.values.run.quiet);
}

BOOST_AUTO_TEST_CASE(a_command_without_words_shows_an_example) {
  BOOST_TEST(contains(fault({"run"}), "penstock run --upstream mock"));
  BOOST_TEST(contains(fault({"submit"}), "penstock submit requests.jsonl"));
}

BOOST_AUTO_TEST_SUITE_END()
