#include "apps/penstock/cli/help.hpp"
#include "apps/penstock/commands.hpp"
#include "tests/config/config_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::cli;
using penstock::test::contains;

namespace {

/// Runs in a directory without a penstock.toml: the parser looks in the working directory.
struct cluster_options_fixture : penstock::test::config_fixture {
  std::filesystem::path before = std::filesystem::current_path();
  cluster_options_fixture() { std::filesystem::current_path(dir); }
  ~cluster_options_fixture() { std::filesystem::current_path(before); }

  cluster_command parsed(const arguments& args) const {
    auto found = parse_any(args);
    BOOST_TEST_CONTEXT((found ? std::string{} : found.error().context))
    BOOST_REQUIRE(found.has_value());
    return std::move(*found);
  }
  result<cluster_command> parse_any(const arguments& args) const {
    auto chosen = choose(commands(), args);
    if (!chosen)
      return chosen.error();
    BOOST_REQUIRE(chosen->entry != nullptr);
    return parse_cluster(*chosen->entry, chosen->args, request.env);
  }
  std::string fault(const arguments& args) const {
    auto found = parse_any(args);
    BOOST_REQUIRE(!found.has_value());
    BOOST_TEST((found.error().code == errc::invalid_config));
    return found.error().context;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(cluster_options, cluster_options_fixture)

BOOST_AUTO_TEST_CASE(a_submission_takes_the_settings_of_a_job_and_of_the_way_to_its_head) {
  const auto c = parsed({"submit", "--head", "10.0.0.1:7117", "in.jsonl", "--tenant=a",
                         "--priority", "bulk", "--mode", "sequential", "--deadline", "2h",
                         "--idempotency-key", "k 1", "-o", "o.jsonl", "--budget=2.5"});
  BOOST_TEST(c.name == "submit");
  BOOST_TEST(c.positional.size() == 1u);
  BOOST_TEST(c.positional.front() == "in.jsonl");
  BOOST_TEST(c.output.value() == "o.jsonl");
  BOOST_TEST(c.own.at("idempotency-key") == "k 1");
  BOOST_TEST(!c.own.contains("detach"));
  const auto& s = c.settings.values;
  BOOST_TEST(s.cluster.head == "10.0.0.1:7117");
  BOOST_TEST(s.run.tenant == "a");
  BOOST_TEST((s.run.priority == core::priority::bulk));
  BOOST_TEST((s.run.deadline == std::chrono::hours{2}));
  BOOST_TEST(s.run.budget == 2.5);
  BOOST_TEST(c.settings.origins.at("run.in_flight_max") == "built-in");
  BOOST_TEST(parsed({"submit", "--detach", "-"}).own.contains("detach"));
}

BOOST_AUTO_TEST_CASE(the_environment_and_a_file_name_the_head) {
  request.env["PENSTOCK_HEAD"] = "127.0.0.1:1";
  BOOST_TEST(parsed({"nodes"}).settings.values.cluster.head == "127.0.0.1:1");
  request.env.clear();
  write("penstock.toml", "[cluster]\nhead = \"127.0.0.1:2\"\n");
  BOOST_TEST(parsed({"lanes"}).settings.values.cluster.head == "127.0.0.1:2");
  BOOST_TEST(parsed({"lanes", "--head", "127.0.0.1:3"}).settings.values.cluster.head ==
             "127.0.0.1:3");
}

BOOST_AUTO_TEST_CASE(processes_take_every_setting_and_no_word) {
  const auto c =
    parsed({"serve", "--listen", "127.0.0.1:0", "--store", "x.db", "--slots=0", "--rpm", "600"});
  BOOST_TEST(c.settings.values.cluster.listen == "127.0.0.1:0");
  BOOST_TEST(c.settings.values.serve.store == "x.db");
  BOOST_TEST(c.settings.values.upstream.limits.rpm == 600);
  BOOST_TEST(parsed({"node", "--base-url", "http://h/v1"}).settings.values.upstream.base_url ==
             "http://h/v1");
  BOOST_TEST(contains(fault({"serve", "here"}), "unexpected \"here\""));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_refused_with_a_remedy) {
  BOOST_TEST(contains(fault({"submit"}), "which file?"));
  BOOST_TEST(contains(fault({"submit", "a", "b"}), "one INPUT"));
  BOOST_TEST(contains(fault({"submit", "a", "-o", ""}), "file name is empty"));
  BOOST_TEST(contains(fault({"submit", "a", "--prioritty", "bulk"}), "--priority"));
  BOOST_TEST(contains(fault({"submit", "a", "--priority", "urgent"}), "interactive"));
  BOOST_TEST(contains(fault({"submit", "a", "--rpm", "60"}), "unknown option \"--rpm\""));
  BOOST_TEST(contains(fault({"submit", "a", "--head", "nowhere"}), "must be an address"));
  BOOST_TEST(contains(fault({"status"}), "penstock jobs lists them"));
  BOOST_TEST(contains(fault({"results", "1", "2"}), "one JOB"));
  BOOST_TEST(contains(fault({"nodes", "all"}), "unexpected"));
  BOOST_TEST(contains(fault({"top", "--onc"}), "--once"));
  BOOST_TEST(contains(fault({"stats"}), "status"));
}

BOOST_AUTO_TEST_CASE(every_command_has_a_help) {
  for (auto* name : {"serve", "node", "submit", "jobs", "status", "results", "cancel", "retry",
                     "nodes", "lanes", "tenants", "top"}) {
    BOOST_TEST((parsed({name, "--help"}).help == help_extent::page), name);
    BOOST_TEST((parsed({"help", name}).help == help_extent::page), name);
    BOOST_TEST((parsed({name, "--help-all"}).help == help_extent::all), name);
    BOOST_TEST(contains(overview(commands()), std::string{"  "} + name + " "), name);
  }
}

BOOST_AUTO_TEST_CASE(helps_of_the_cluster_teach_their_options) {
  for (auto* entry : commands()) {
    if ((entry->form.scope & ~config::in_run) == 0)
      continue;
    for (auto extent : {help_extent::page, help_extent::all}) {
      const auto text = help_of(*entry, extent);
      BOOST_TEST_CONTEXT(entry->name) {
        BOOST_TEST(contains(text, "Usage: penstock " + std::string{entry->name} + " "));
        BOOST_TEST(
          contains(text, entry->name == "serve" ? "--listen HOST:PORT" : "--head HOST:PORT"));
        BOOST_TEST(contains(text, "PENSTOCK_TLS_CERT"));
        BOOST_TEST(contains(text, std::string{"Examples:\n  "}));
        std::istringstream lines{text};
        for (std::string line; std::getline(lines, line);)
          BOOST_TEST(line.size() <= 110u, "too wide: " << line);
      }
    }
  }
  const auto submit = *choose(commands(), {"submit"});
  BOOST_TEST(contains(help_of(*submit.entry, help_extent::page), "--idempotency-key"));
  BOOST_TEST(contains(help_of(*submit.entry, help_extent::page), "--deadline"));
}

BOOST_AUTO_TEST_SUITE_END()
