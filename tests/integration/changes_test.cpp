#include "tests/support/program_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

using namespace penstock;
using namespace penstock::test;

namespace {

struct changes_fixture : program_fixture {
  explicit changes_fixture(mock::mock_options options = {}) : program_fixture(std::move(options)) {}

  uint64_t seen() const { return upstream.mock->stats().requests(); }
  uint64_t change(const run_end& end, std::string_view name) const {
    return number(end.summary.at("changes").as_object(), name);
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    const auto text = read_file(in);
    for (size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at) + 1;
      all.push_back(text.substr(at, end - at));
      at = end;
    }
    return all;
  }
  void set_lines(const std::vector<std::string>& all) const {
    std::string text;
    for (auto& line : all)
      text += line;
    write_file(in, text);
  }
  /// Every tenth request of the first run fails for a cause that is then gone.
  run_end run_with_failures(size_t requests) {
    write_input(requests);
    upstream.mock->set_faults(faults({"404:every=10"}));
    const auto end = run({"--mode", "parallel", "--max-in-flight", "1"});
    upstream.mock->set_faults({});
    upstream.mock->reset_stats();
    return end;
  }
  /// One line mended, two appended, three moved.
  void change_input() const {
    auto all = lines();
    all[7] = request_line(7, R"(,"temperature":0.5)");
    std::rotate(all.begin() + 20, all.begin() + 21, all.begin() + 23);
    all.push_back(request_line(all.size()));
    all.push_back(request_line(all.size()));
    set_lines(all);
  }
  void check_no_rest() const {
    for (auto& entry : std::filesystem::directory_iterator(dir / "."))
      BOOST_TEST(entry.path().filename().string().find(".penstock-kept") == std::string::npos);
  }
};

struct slow_changes_fixture : changes_fixture {
  static mock::mock_options slow() {
    mock::mock_options o;
    o.latency = *mock::parse_latency("30ms");
    return o;
  }
  slow_changes_fixture() : changes_fixture(slow()) {}

  /// Kills runs again and again, and lets the last one end.
  /// @param whole Lines that the output has from the start to the end.
  run_end kill_and_complete(const words& options, size_t whole) {
    const auto seed = std::random_device{}();
    std::mt19937 random{seed};
    run_end last;
    BOOST_TEST_CONTEXT("seed " << seed) {
      for (int kills = 0; kills < 6; ++kills) {
        process p{run_command(options)};
        const auto stop_at = seen() + random() % 12;
        BOOST_REQUIRE(wait_until([&] { return p.has_ended() || seen() >= stop_at; }));
        std::this_thread::sleep_for(std::chrono::microseconds{random() % 20'000}); // Any moment.
        p.signal(SIGKILL);
        p.wait();
        // The old output or the new one, never a part of either.
        const auto lines = read_results(out).size();
        BOOST_TEST((lines == whole || lines == this->lines().size()));
      }
      last = run(options);
      BOOST_TEST_CONTEXT(last.err) BOOST_TEST(last.code == 0);
    }
    check_no_rest();
    return last;
  }
};

bool says(const finished& end, std::string_view what) { return end.err.find(what) != end.err.npos; }

} // namespace

BOOST_FIXTURE_TEST_SUITE(changes, changes_fixture)

BOOST_AUTO_TEST_CASE(only_what_failed_is_sent_again) {
  const auto first = run_with_failures(100);
  BOOST_TEST(first.code == 1);
  BOOST_TEST(number(first.summary, "failed") == 10u);
  BOOST_TEST(first.summary.at("hint").as_string().find("--retry-failed") != std::string::npos);
  const auto as_before = run();
  BOOST_TEST(as_before.code == 1);
  BOOST_TEST(as_before.summary.contains("hint"));
  BOOST_TEST(seen() == 0u);

  const auto end = run({"--retry-failed"});
  BOOST_TEST_CONTEXT(end.err) BOOST_TEST(end.code == 0);
  BOOST_TEST(seen() == 10u);
  BOOST_TEST(change(end, "kept") == 90u);
  BOOST_TEST(change(end, "sent_again") == 10u);
  BOOST_TEST(!end.summary.contains("hint"));
  BOOST_TEST(check(end).size() == 100u);
  check_no_rest();
  BOOST_TEST(run({"--retry-failed"}).code == 0);
  BOOST_TEST(run().code == 0);
  BOOST_TEST(seen() == 10u);
}

BOOST_AUTO_TEST_CASE(what_fails_again_can_be_sent_again) {
  run_with_failures(40);
  upstream.mock->set_faults(faults({"404:nth=2"}));
  const auto second = run({"--retry-failed", "--max-in-flight", "1"});
  BOOST_TEST(second.code == 1);
  BOOST_TEST(number(second.summary, "failed") == 1u);
  BOOST_TEST(seen() == 4u);
  const auto third = run({"--retry-failed"});
  BOOST_TEST(third.code == 0);
  BOOST_TEST(seen() == 5u);
  BOOST_TEST(check(third).size() == 40u);
}

BOOST_AUTO_TEST_CASE(unusable_lines_are_not_sent_again_until_they_are_mended) {
  write_file(in, request_line(0) + "nonsense\n" + request_line(2));
  BOOST_TEST(run().code == 1);
  const auto retried = run({"--retry-failed"});
  BOOST_TEST(retried.code == 1);
  BOOST_TEST(seen() == 2u);
  write_file(in, request_line(0) + request_line(1) + request_line(2));
  const auto mended = run();
  BOOST_TEST_CONTEXT(mended.err) BOOST_TEST(mended.code == 0);
  BOOST_TEST(seen() == 3u);
  BOOST_TEST(check(mended).size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_changed_input_costs_only_what_changed) {
  write_input(100);
  BOOST_REQUIRE(run().code == 0);
  upstream.mock->reset_stats();
  change_input();
  const auto end = run();
  BOOST_TEST_CONTEXT(end.err) BOOST_TEST(end.code == 0);
  BOOST_TEST(seen() == 3u);
  BOOST_TEST(change(end, "kept") == 99u);
  BOOST_TEST(change(end, "changed") == 1u);
  BOOST_TEST(change(end, "new") == 2u);
  BOOST_TEST(change(end, "removed") == 0u);
  BOOST_TEST(check(end).size() == 102u);
  check_no_rest();
  // Five lines less: nothing is sent.
  auto all = lines();
  all.erase(all.begin() + 30, all.begin() + 35);
  set_lines(all);
  const auto fewer = run();
  BOOST_TEST(fewer.code == 0);
  BOOST_TEST(change(fewer, "removed") == 5u);
  BOOST_TEST(check(fewer).size() == 97u);
  BOOST_TEST(seen() == 3u);
}

BOOST_AUTO_TEST_CASE(a_run_that_was_broken_off_goes_on_with_a_changed_input) {
  write_input(60);
  upstream.mock->set_faults(faults({"401:after=31"}));
  BOOST_REQUIRE(run({"--max-in-flight", "1"}).code == 3);
  const auto answered = read_results(out).size();
  BOOST_REQUIRE(answered >= 20u);
  upstream.mock->set_faults({});
  upstream.mock->reset_stats();
  change_input();
  const auto end = run();
  BOOST_TEST_CONTEXT(end.err) BOOST_TEST(end.code == 0);
  BOOST_TEST(seen() == 62 - answered + 1);
  BOOST_TEST(check(end).size() == 62u);
}

BOOST_AUTO_TEST_CASE(paid_answers_are_thrown_away_only_when_asked) {
  write_input(20);
  BOOST_REQUIRE(run().code == 0);
  const auto before = read_file(out);
  write_input(20, "", 500); // Nothing in common.
  for (const auto& end : {run(), run({"--model", "other"})}) {
    BOOST_TEST(end.code == 2);
    BOOST_TEST(says(end, "throws away 20 paid answers"));
  }
  BOOST_TEST(read_file(out) == before);
  BOOST_TEST(seen() == 20u);
}

BOOST_AUTO_TEST_CASE(words_that_contradict_each_other_are_refused) {
  write_input(3);
  BOOST_TEST(run({"--retry-failed"}).code == 2);
  BOOST_TEST(!std::filesystem::exists(out));
  for (const auto& option : {words{"--restart"}, words{"--dry-run"}, words{"-o", "-"}}) {
    words all{"run", in, "-o", out, "--retry-failed"};
    if (option.front() == "-o")
      all = {"run", in, "--retry-failed"};
    all.insert(all.end(), option.begin(), option.end());
    const auto end = run_to_end(bare_command(all));
    BOOST_TEST(end.code == 2);
    BOOST_TEST(says(end, "--retry-failed"));
  }
  const auto piped = run_to_end(bare_command({"run", "-", "-o", out, "--retry-failed"}));
  BOOST_TEST(piped.code == 2);
  BOOST_TEST(says(piped, "not standard input"));
  write_file(out, "rubbish\n");
  BOOST_TEST(run({"--retry-failed"}).code == 2);
  BOOST_TEST(read_file(out) == "rubbish\n");
  BOOST_TEST(seen() == 0u);
}

BOOST_FIXTURE_TEST_CASE(killed_while_it_sends_again_it_loses_and_moves_nothing,
                        slow_changes_fixture) {
  run_with_failures(400);
  const auto end = kill_and_complete({"--retry-failed", "--max-in-flight", "4"}, 400);
  BOOST_TEST(check(end).size() == 400u);
  // Only what was in flight at a kill is sent twice, and the answers of that moment.
  BOOST_TEST(number(upstream.stats().at("ids").as_object(), "distinct") == 40u);
  BOOST_TEST(seen() <= 40u + 6 * 8);
}

BOOST_FIXTURE_TEST_CASE(killed_with_a_changed_input_it_loses_and_moves_nothing,
                        slow_changes_fixture) {
  write_input(200);
  BOOST_REQUIRE(run().code == 0);
  upstream.mock->reset_stats();
  auto all = lines();
  std::reverse(all.begin(), all.end());
  for (size_t i = 0; i < 30; ++i)
    all[5 * i] = request_line(199 - 5 * i, R"(,"temperature":0.5)");
  set_lines(all);
  const auto end = kill_and_complete({"--max-in-flight", "4"}, 200);
  BOOST_TEST(check(end).size() == 200u);
  BOOST_TEST(number(upstream.stats().at("ids").as_object(), "distinct") == 30u);
  BOOST_TEST(seen() <= 30u + 6 * 8);
}

BOOST_AUTO_TEST_SUITE_END()
