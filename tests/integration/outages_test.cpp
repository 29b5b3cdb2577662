#include "actors/host/host.hpp"

#include "tests/support/map_fixture.hpp"

#include <memory>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

/// An upstream that is down from the start, until the test says otherwise.
struct outage_fixture : map_fixture {
  std::string lines = dir / "lines.jsonl";
  std::unique_ptr<process> head;

  outage_fixture() { upstream.mock->set_faults(faults({"503"})); }

  void recover() const { upstream.mock->set_faults({}); }

  void write_lines(size_t count) const {
    std::string text;
    for (size_t i = 0; i < count; ++i)
      text += request_line(i);
    write_file(lines, text);
  }

  words common() const {
    return {"--base-url", upstream.mock->base_url(), "--model", "m", "--breaker-open-for", "1s",
            "--quiet"};
  }

  command with(words args) const {
    const auto more = common();
    args.insert(args.end(), more.begin(), more.end());
    return bare_command(std::move(args));
  }

  /// `make` gives up with nothing final, and completes all of `count` once the upstream is back.
  void goes_on(const command& make, size_t count) const {
    const auto first = run_to_end(make);
    BOOST_TEST_CONTEXT(first.err) {
      BOOST_TEST(first.code == 3);
      BOOST_TEST(first.err.find("nothing is lost") != std::string::npos);
    }
    recover();
    const auto before = seen();
    const auto second = run_to_end(make);
    BOOST_TEST(second.code == 0, second.err);
    BOOST_TEST(seen() - before >= count);
  }

  void check_lines(const std::string& file, size_t count) const {
    const auto all = lines_of(file);
    BOOST_REQUIRE(all.size() == count);
    for (size_t i = 0; i < count; ++i) {
      BOOST_TEST(all[i].find("\"id-" + std::to_string(i) + "\"") != std::string::npos);
      BOOST_TEST(all[i].find("\"error\":null") != std::string::npos, all[i]);
    }
  }

  std::string start_head() {
    command serve =
      bare_command({"serve", "--listen", "127.0.0.1:0", "--store", dir / "jobs.db", "--slots", "32",
                    "--base-url", upstream.mock->base_url(), "--breaker-open-for", "1s"});
    serve.env = {"OPENAI_API_KEY=a-key-of-the-test"};
    head = std::make_unique<process>(std::move(serve));
    constexpr std::string_view word = "listening on ";
    BOOST_REQUIRE(
      wait_until([&] { return head->out().find('\n') != std::string::npos || head->has_ended(); }));
    const auto said = head->out();
    BOOST_REQUIRE_MESSAGE(said.starts_with(word), head->err());
    return said.substr(word.size(), said.find('\n') - word.size());
  }
};

constexpr size_t sizes[]{40, 600};

} // namespace

BOOST_FIXTURE_TEST_SUITE(outages, outage_fixture)

BOOST_AUTO_TEST_CASE(a_run_that_gave_up_goes_on_with_the_same_command) {
  write_lines(40);
  goes_on(with({"run", lines, "-o", dir / "a.jsonl"}), 40);
  check_lines(dir / "a.jsonl", 40);
}

BOOST_AUTO_TEST_CASE(a_long_run_that_gave_up_goes_on_with_the_same_command) {
  write_lines(600);
  goes_on(with({"run", lines, "-o", dir / "a.jsonl"}), 600);
  check_lines(dir / "a.jsonl", 600);
}

BOOST_AUTO_TEST_CASE(a_map_that_gave_up_goes_on_with_the_same_command) {
  for (auto count : sizes) {
    upstream.mock->set_faults(faults({"503"}));
    write_rows(count);
    out = dir / ("out" + std::to_string(count) + ".csv");
    goes_on(with({"map", recipe, in, "-o", out}), count);
    check_order(count);
  }
}

BOOST_AUTO_TEST_CASE(a_submission_that_gave_up_goes_on_with_the_same_command) {
  const auto address = start_head();
  for (auto count : sizes) {
    upstream.mock->set_faults(faults({"503"}));
    write_lines(count);
    const auto file = dir / ("s" + std::to_string(count) + ".jsonl");
    goes_on(bare_command({"submit", lines, "-o", file, "--head", address, "--quiet", "--model", "m",
                          "--breaker-open-for", "1s"}),
            count);
    check_lines(file, count);
  }
  head->signal(SIGTERM);
  BOOST_TEST(head->wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_short_outage_ends_soon_with_the_default_settings) {
  // Ten failures open the breaker, four probes fail, the fifth one gets through.
  upstream.mock->set_faults(faults({"503:times=14"}));
  write_lines(60);
  const auto end = run_to_end(
    bare_command({"run", lines, "-o", dir / "a.jsonl", "--base-url", upstream.mock->base_url(),
                  "--model", "m", "--in-flight-max", "4", "--attempts", "4", "--json", "--quiet"}));
  BOOST_TEST(end.code == 0, end.err);
  check_lines(dir / "a.jsonl", 60);
  const auto summary = boost::json::parse(end.out).as_object();
  BOOST_TEST(summary.at("wall_seconds").to_number<double>() < 20, end.out);
}

BOOST_AUTO_TEST_CASE(a_library_job_that_gave_up_has_no_final_failure) {
  for (auto count : sizes) {
    upstream.mock->set_faults(faults({"503"}));
    config::settings s;
    s.upstream.base_url = upstream.mock->base_url();
    s.run.breaker_open_for = 1s;
    auto h = host::start(s);
    BOOST_REQUIRE_MESSAGE(h.has_value(), h.error().context);
    const auto requests = [count] {
      std::vector<core::request> all;
      for (size_t i = 0; i < count; ++i)
        all.push_back(
          core::make_request("id-" + std::to_string(i),
                             R"({"model":"m","messages":[{"role":"user","content":"Say it."}]})"));
      return all;
    };
    auto j = h->submit(requests());
    BOOST_REQUIRE_MESSAGE(j.has_value(), j.error().context);
    auto end = j->wait();
    BOOST_REQUIRE_MESSAGE(end.has_value(), end.error().context);
    BOOST_TEST((end->state == job_state::aborted));
    BOOST_TEST(end->done() == 0u);
    recover();
    j = h->submit(requests());
    BOOST_REQUIRE(j.has_value());
    end = j->wait();
    BOOST_REQUIRE(end.has_value());
    BOOST_TEST(end->completed == count);
  }
}

BOOST_AUTO_TEST_CASE(a_misspelt_model_costs_thirty_requests_and_the_mended_command_does_the_rest) {
  write_lines(2000);
  upstream.mock->set_faults(faults({"404_model"}));
  const words args{"run", lines, "-o", dir / "a.jsonl", "--in-flight-max", "16"};
  const auto first = run_to_end(with(args));
  BOOST_TEST_CONTEXT(first.err) {
    BOOST_TEST(first.code == 3);
    BOOST_TEST(first.err.find("does not exist") != std::string::npos);
  }
  BOOST_TEST(seen() <= 30u + 15u); // More only if they were in flight.
  BOOST_TEST(seen() >= 30u);
  BOOST_TEST(lines_of(dir / "a.jsonl").empty());
  recover();
  const auto before = seen();
  const auto second = run_to_end(with(args));
  BOOST_TEST(second.code == 0, second.err);
  BOOST_TEST(seen() - before == 2000u);
  check_lines(dir / "a.jsonl", 2000);
}

BOOST_AUTO_TEST_SUITE_END()
