#include "tests/support/program_fixture.hpp"

#include <boost/test/data/test_case.hpp>

#include <sys/resource.h>

#include <csignal>

using namespace penstock;
using namespace penstock::test;
namespace data = boost::unit_test::data;

namespace {

struct fixture : program_fixture {
  fixture() { write_input(5); }

  uint64_t seen() const { return upstream.mock->stats().requests(); }
  static bool says(const finished& f, std::string_view text) {
    return f.err.find(text) != std::string::npos;
  }
};

/// Options that are refused, and the word that the error must contain.
struct refusal {
  words args;
  const char* names;
};
std::ostream& operator<<(std::ostream& out, const refusal& r) { return out << r.args.back(); }

const std::vector<refusal> refusals{
  {{"fly"}, "fly"},
  {{"run"}, "INPUT"},
  {{"run", "x.jsonl", "--rpm", "many"}, "--rpm"},
  {{"run", "x.jsonl", "--in-flight-max", "0"}, "in-flight-max"},
  {{"run", "x.jsonl", "--max-in-fligth", "5"}, "--in-flight-max"},
  {{"run", "x.jsonl", "--base-url", "ftp://x"}, "base-url"},
  {{"run", "x.jsonl", "--mode", "quick"}, "sequential"},
  {{"run", "x.jsonl", "--timeout", "-1s"}, "timeout"},
  {{"run", "x.jsonl", "--config", "/nowhere/penstock.toml"}, "/nowhere/penstock.toml"},
  {{"run", "/nowhere/x.jsonl", "--upstream", "mock"}, "/nowhere/x.jsonl"},
  {{"run", "/", "--upstream", "mock"}, "directory"},
  {{"run", "x.jsonl", "--headroom", "2"}, "headroom"},
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(usage, fixture)

BOOST_DATA_TEST_CASE(a_wrong_command_line_is_refused_by_name, data::make(refusals), r) {
  const auto end = run_to_end(bare_command(r.args));
  BOOST_TEST_CONTEXT(end.err) {
    BOOST_TEST(end.code == 2);
    BOOST_TEST(says(end, r.names));
    BOOST_TEST(end.out.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_configuration_file_is_refused_with_its_line) {
  const auto file = dir / "penstock.toml";
  write_file(file, "[run]\nattempts = 5\nmax_in_flght = 3\n");
  const auto end = run({"--config", file});
  BOOST_TEST(end.code == 2);
  BOOST_TEST_CONTEXT(end.err) {
    BOOST_TEST(says(end, file));
    BOOST_TEST(says(end, "max_in_flght"));
    BOOST_TEST(says(end, "in_flight_max"));
    BOOST_TEST(says(end, "3"));
  }
  BOOST_TEST(seen() == 0u);
}

BOOST_AUTO_TEST_CASE(a_key_of_the_wrong_kind_in_the_environment_is_refused_by_its_name) {
  auto c = run_command();
  c.env = {"PENSTOCK_ATTEMPTS=lots"};
  const auto end = run_to_end(c);
  BOOST_TEST(end.code == 2);
  BOOST_TEST(says(end, "PENSTOCK_ATTEMPTS"));
}

BOOST_AUTO_TEST_CASE(a_missing_key_for_somebody_elses_server_is_asked_for) {
  const auto end = run_to_end(bare_command({"run", in, "-o", out}));
  BOOST_TEST(end.code == 2);
  BOOST_TEST(says(end, "OPENAI_API_KEY"));
  BOOST_TEST(!std::filesystem::exists(out));
}

BOOST_AUTO_TEST_CASE(a_wrong_key_stops_with_one_error_and_never_shows_the_key) {
  mock::mock_options o;
  o.keys = {"right-key"};
  mock_fixture guarded{o};
  auto c = run_command();
  *(std::find(c.args.begin(), c.args.end(), "--base-url") + 1) = guarded.mock->base_url();
  c.env = {"OPENAI_API_KEY=sk-very-secret-0123456789"};
  const auto end = run_to_end(c);
  BOOST_TEST(end.code == 3);
  BOOST_TEST(says(end, "remedy: check the API key"));
  for (const auto& text : {end.err, end.out, read_file(out), read_file(out + ".penstock-journal")})
    BOOST_TEST(text.find("sk-very-secret") == text.npos);
  c.env = {"OPENAI_API_KEY=right-key"};
  BOOST_TEST(run_to_end(c).code == 0);
}

BOOST_AUTO_TEST_CASE(a_dry_run_sends_and_writes_nothing) {
  const auto end = run_to_end(bare_command(
    {"run", in, "-o", out, "--dry-run", "--rpm", "60", "--base-url", upstream.mock->base_url()}));
  BOOST_TEST(end.code == 0);
  BOOST_TEST(end.out.find("5") != std::string::npos);
  BOOST_TEST(seen() == 0u);
  BOOST_TEST(!std::filesystem::exists(out));
  BOOST_TEST(!std::filesystem::exists(out + ".penstock-journal"));
}

BOOST_AUTO_TEST_CASE(the_same_command_again_sends_nothing_and_restart_pays_again) {
  BOOST_TEST(run().code == 0);
  const auto first = read_file(out);
  const auto again = run();
  BOOST_TEST(again.code == 0);
  check(again);
  BOOST_TEST(read_file(out) == first);
  BOOST_TEST(seen() == 5u);
  const auto anew = run({"--restart"});
  BOOST_TEST(anew.code == 0);
  check(anew);
  BOOST_TEST(seen() == 10u);
}

BOOST_AUTO_TEST_CASE(an_output_of_somebody_else_is_not_overwritten) {
  write_file(out, "precious\n");
  const auto end = run();
  BOOST_TEST(end.code == 2);
  BOOST_TEST(says(end, out));
  BOOST_TEST(read_file(out) == "precious\n");
  BOOST_TEST(seen() == 0u);
}

BOOST_AUTO_TEST_CASE(two_runs_on_one_output_are_refused) {
  upstream.mock->set_faults(faults({"hang:first=1"}));
  process first{run_command({"--idle-timeout", "30s"})};
  BOOST_REQUIRE(wait_until([this] { return seen() > 0; }));
  const auto second = run();
  BOOST_TEST(second.code == 2);
  BOOST_TEST(says(second, out));
  BOOST_TEST(seen() == 5u);
  first.signal(SIGKILL);
  first.wait();
  const auto third = run({"--timeout", "1s"}); // The lock is freed with its owner.
  BOOST_TEST(third.code == 0);
  check(third);
}

BOOST_AUTO_TEST_CASE(some_failed_is_exit_code_one) {
  upstream.mock->set_faults(faults({"400:nth=3"}));
  const auto end = run();
  BOOST_TEST(end.code == 1);
  BOOST_TEST(number(end.summary, "failed") == 1u);
  check(end);
}

BOOST_AUTO_TEST_CASE(a_repeated_custom_id_is_an_error_before_the_first_send) {
  write_file(in, request_line(0) + request_line(1) + request_line(0));
  const auto end = run();
  BOOST_TEST(end.code == 2);
  BOOST_TEST(says(end, "id-0"));
  BOOST_TEST(says(end, ":3"));
  BOOST_TEST(seen() == 0u);
}

BOOST_AUTO_TEST_CASE(strict_stops_before_the_first_send) {
  write_file(in, request_line(0) + "not json\n" + request_line(1));
  const auto end = run({"--strict"});
  BOOST_TEST(end.code == 2);
  BOOST_TEST(says(end, "line 2"));
  BOOST_TEST(seen() == 0u);
}

BOOST_AUTO_TEST_CASE(json_and_results_do_not_share_standard_output) {
  const auto end = run_to_end(bare_command({"run", in, "-o", "-", "--json", "--upstream", "mock"}));
  BOOST_TEST(end.code == 2);
  BOOST_TEST(says(end, "--json"));
}

// P11
BOOST_AUTO_TEST_CASE(a_low_soft_limit_of_files_is_raised) {
  write_input(rounds(3000, 600));
  upstream.mock->set_faults(faults({"slow:700ms"}));
  auto c = run_command({"--in-flight-max", "10000"});
  c.before = "ulimit -Sn 1024";
  const auto end = end_of(run_to_end(c));
  BOOST_TEST(end.code == 0);
  check(end);
  BOOST_TEST(number(end.summary, "in_flight_peak") > rounds(1024, 500));
}

BOOST_AUTO_TEST_CASE(a_low_hard_limit_of_files_is_an_error_at_the_start) {
  auto c = run_command({"--in-flight-max", "10000"});
  c.before = "ulimit -n 1024";
  const auto end = run_to_end(c);
  BOOST_TEST(end.code == 2);
  BOOST_TEST(says(end, "1024"));
  BOOST_TEST(says(end, "--in-flight-max"));
  BOOST_TEST(seen() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
