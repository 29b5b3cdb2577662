#include "tests/support/program_fixture.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <csignal>
#include <optional>
#include <random>
#include <set>

using namespace penstock;
using namespace penstock::test;

namespace {

struct fixture : program_fixture {
  std::string cache = dir / "cache.db";

  static mock::mock_options slow() {
    mock::mock_options o;
    o.latency = *mock::parse_latency("30ms");
    return o;
  }
  fixture() : program_fixture(slow()) {}

  words with_cache(words more = {}) const {
    words w{"--cache", "on", "--cache-file", cache};
    w.insert(w.end(), more.begin(), more.end());
    return w;
  }
  uint64_t seen() const { return upstream.mock->stats().requests(); }
  /// Removes the results, so that the next run sends all requests again.
  void forget() const {
    std::filesystem::remove(out);
    std::filesystem::remove(out + ".penstock-journal");
  }
  /// The output without the members that differ in a second run.
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (auto& r : read_results(out))
      all.push_back(r.record.custom_id + ": " + r.text);
    return all;
  }
  /// `lines` requests with `distinct` different bodies, each with its own custom_id.
  void write_repeating(size_t lines, size_t distinct) const {
    std::string text;
    for (size_t i = 0; i < lines; ++i)
      text += R"({"custom_id":"id-)" + std::to_string(i) +
              R"(","method":"POST","url":"/v1/chat/completions","body":)" +
              mock_fixture::chat("question " + std::to_string(i % distinct)) + "}\n";
    write_file(in, text);
  }
  boost::json::object info() const {
    const auto end = run_to_end(bare_command({"cache", "info", "--json", "--file", cache}));
    BOOST_REQUIRE_MESSAGE(end.code == 0, end.err);
    return boost::json::parse(end.out).as_object();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(cache, fixture)

BOOST_AUTO_TEST_CASE(a_second_run_sends_nothing_and_says_the_same) {
  write_input(100);
  const auto first = run(with_cache());
  BOOST_TEST_REQUIRE(first.code == 0, first.err);
  check(first);
  BOOST_TEST(seen() == 100u);
  BOOST_TEST(number(first.summary, "cached") == 0u);
  const auto wanted = texts();
  forget();
  const auto second = run(with_cache());
  BOOST_TEST_REQUIRE(second.code == 0, second.err);
  const auto results = check(second);
  BOOST_TEST(seen() == 100u);
  BOOST_TEST(number(second.summary, "cached") == 100u);
  BOOST_TEST(number(second.summary, "joined") == 0u);
  BOOST_TEST(second.summary.at("cache_hit_rate").to_number<double>() == 1);
  BOOST_TEST((texts() == wanted));
  BOOST_TEST(attempts_of(results) == 0u);
  for (auto& r : results)
    BOOST_TEST(r.record.cached);
  // The estimate counts the original time of the answers: 100 x 30 ms.
  BOOST_TEST(second.summary.at("sequential_seconds").to_number<double>() >= 2.9);
  BOOST_TEST(number(second.summary, "output_tokens") == 0u);
}

BOOST_AUTO_TEST_CASE(a_mixed_run_sends_what_is_new) {
  write_input(80);
  BOOST_REQUIRE(run(with_cache()).code == 0);
  forget();
  write_input(100);
  const auto mixed = run(with_cache());
  BOOST_REQUIRE(mixed.code == 0);
  check(mixed);
  BOOST_TEST(seen() == 100u);
  BOOST_TEST(number(mixed.summary, "cached") == 80u);
}

BOOST_AUTO_TEST_CASE(equal_requests_of_one_run_cost_one_each) {
  write_repeating(200, 20);
  const auto end = run(with_cache());
  BOOST_REQUIRE(end.code == 0);
  const auto results = check(end);
  BOOST_TEST(seen() == 20u);
  BOOST_TEST(number(end.summary, "cached") == 180u);
  BOOST_TEST(number(end.summary, "joined") > 0u);
  std::set<std::string> ids;
  for (auto& r : results)
    ids.insert(r.record.custom_id);
  BOOST_TEST(ids.size() == 200u);
}

BOOST_AUTO_TEST_CASE(without_the_option_nothing_is_joined_or_kept) {
  write_repeating(40, 10);
  BOOST_REQUIRE(run().code == 0);
  BOOST_TEST(seen() == 40u);
  BOOST_TEST(!std::filesystem::exists(cache));
}

BOOST_AUTO_TEST_CASE(modes_read_and_write_do_one_half_each) {
  write_input(10);
  BOOST_REQUIRE(run({"--cache", "read", "--cache-file", cache}).code == 0);
  BOOST_TEST(number(info(), "entries") == 0u);
  forget();
  BOOST_REQUIRE(run({"--cache", "write", "--cache-file", cache}).code == 0);
  BOOST_TEST(number(info(), "entries") == 10u);
  forget();
  BOOST_REQUIRE(run({"--cache", "write", "--cache-file", cache}).code == 0);
  BOOST_TEST(seen() == 30u);
  forget();
  BOOST_REQUIRE(run({"--cache", "read", "--cache-file", cache}).code == 0);
  BOOST_TEST(seen() == 30u);
}

BOOST_AUTO_TEST_CASE(errors_are_not_kept) {
  write_input(40);
  upstream.mock->set_faults(faults({"400:every=3"}));
  const auto first = run(with_cache());
  BOOST_REQUIRE(first.code == 1);
  const auto failed = number(first.summary, "failed");
  BOOST_REQUIRE(failed > 0u);
  BOOST_TEST(number(info(), "entries") == 40 - failed);
  upstream.mock->set_faults({});
  forget();
  const auto second = run(with_cache());
  BOOST_REQUIRE(second.code == 0);
  check(second);
  BOOST_TEST(number(second.summary, "cached") == 40 - failed);
}

BOOST_AUTO_TEST_CASE(refused_filtered_and_cut_answers_are_not_kept) {
  write_input(30);
  upstream.mock->set_faults(faults({"refusal:every=3", "length:every=4"}));
  const auto first = run(with_cache());
  BOOST_REQUIRE(first.code == 0);
  const auto kept = number(info(), "entries");
  BOOST_TEST((kept > 0u && kept < 30u));
  upstream.mock->set_faults({});
  forget();
  const auto second = run(with_cache());
  check(second);
  BOOST_TEST(number(second.summary, "cached") == kept);
}

BOOST_AUTO_TEST_CASE(an_old_answer_is_asked_for_again) {
  write_input(20);
  BOOST_REQUIRE(run(with_cache()).code == 0);
  { // Nothing waits until they are old.
    SQLite::Database file{cache, SQLite::OPEN_READWRITE};
    BOOST_REQUIRE(
      file.exec("UPDATE answers SET made = made - 3600, used = used - 3600 WHERE id <= 15") == 15);
  }
  forget();
  const auto end = run(with_cache({"--cache-ttl", "30m"}));
  BOOST_REQUIRE(end.code == 0);
  BOOST_TEST(seen() == 35u);
  BOOST_TEST(number(end.summary, "cached") == 5u);
}

BOOST_AUTO_TEST_CASE(a_cache_stays_below_its_size) {
  write_input(400);
  BOOST_REQUIRE(run(with_cache({"--cache-size", "64KiB"})).code == 0);
  const auto seen_now = info();
  BOOST_TEST(number(seen_now, "bytes") <= 65536u);
  BOOST_TEST(number(seen_now, "entries") > 10u);
  BOOST_TEST(number(seen_now, "entries") < 400u);
}

BOOST_AUTO_TEST_CASE(two_runs_may_share_a_file) {
  write_repeating(150, 150);
  words other = run_command(with_cache()).args;
  for (auto& word : other)
    if (word == out)
      word = dir / "other.jsonl";
  command c;
  c.args = other;
  process beside{c};
  const auto mine = run(with_cache());
  BOOST_TEST(mine.code == 0, mine.err);
  BOOST_TEST(beside.wait() == 0, beside.err());
  check(mine);
  BOOST_TEST(number(info(), "entries") == 150u);
  BOOST_TEST(mine.summary.count("cache_error") == 0u);
}

BOOST_AUTO_TEST_CASE(a_kill_damages_nothing_and_a_resumed_run_profits) {
  const size_t lines = rounds(600, 200);
  write_input(lines);
  const auto seed = std::random_device{}();
  std::mt19937 random{seed};
  BOOST_TEST_CONTEXT("seed " << seed) {
    for (size_t kill = 0; kill < rounds(8, 3); ++kill) {
      const auto stop_at = seen() + 1 + random() % (lines / 10);
      process p{run_command(with_cache({"--in-flight-max", "16"}))};
      BOOST_REQUIRE(wait_until([&] { return p.has_ended() || seen() >= stop_at; }));
      p.signal(SIGKILL);
      p.wait();
    }
    const auto last = run(with_cache());
    BOOST_TEST_REQUIRE(last.code == 0, last.err);
    check(last);
    SQLite::Database file{cache, SQLite::OPEN_READWRITE};
    BOOST_TEST(file.execAndGet("PRAGMA integrity_check").getString() == "ok");
  }
  forget();
  const auto before = seen();
  const auto again = run(with_cache());
  BOOST_REQUIRE(again.code == 0);
  check(again);
  // A kill may lose only answers that were not written yet (about 5 ms each).
  BOOST_TEST(number(again.summary, "cached") == lines - (seen() - before));
  BOOST_TEST(number(again.summary, "cached") >= lines / 2);
}

BOOST_AUTO_TEST_CASE(a_damaged_cache_stops_the_run_before_it_sends_and_clear_mends_it) {
  write_input(10);
  BOOST_REQUIRE(run(with_cache()).code == 0);
  auto bytes = read_file(cache);
  std::fill(bytes.begin() + 100, bytes.begin() + 4000, '\xff');
  write_file(cache, bytes);
  forget();
  const auto refused = run(with_cache());
  BOOST_TEST(refused.code == 2);
  BOOST_TEST(refused.err.find("penstock cache clear --file " + cache) != std::string::npos,
             refused.err);
  BOOST_TEST(seen() == 10u);
  BOOST_TEST(run_to_end(bare_command({"cache", "info", "--file", cache})).code == 2);
  BOOST_TEST(run_to_end(bare_command({"cache", "clear", "--file", cache})).code == 0);
  BOOST_TEST(run(with_cache()).code == 0);
  BOOST_TEST(seen() == 20u);
}

BOOST_AUTO_TEST_CASE(the_cache_lives_in_the_users_cache_folder) {
  write_input(5);
  auto c = run_command({"--cache", "on"});
  c.env = {"XDG_CACHE_HOME=" + (dir / "xdg"), "HOME=/nonexistent"};
  BOOST_TEST(run_to_end(c).code == 0);
  BOOST_TEST(std::filesystem::exists(dir / "xdg/penstock/cache.db"));
  auto info = bare_command({"cache", "info"});
  info.env = c.env;
  const auto said = run_to_end(info);
  BOOST_TEST(said.out.find("entries  5\n") != std::string::npos, said.out + said.err);
  info.env = {"XDG_CACHE_HOME=", "HOME="};
  BOOST_TEST(run_to_end(info).code == 2);
}

BOOST_AUTO_TEST_CASE(clear_forgets_what_it_is_told_to) {
  write_input(10);
  BOOST_REQUIRE(run(with_cache()).code == 0);
  {
    SQLite::Database{cache, SQLite::OPEN_READWRITE}.exec(
      "UPDATE answers SET made = made - 90000 WHERE id <= 4");
  }
  auto end = run_to_end(bare_command({"cache", "clear", "--older-than", "1d", "--file", cache}));
  BOOST_TEST(end.out.starts_with("4 entries removed"), end.out + end.err);
  BOOST_TEST(number(info(), "entries") == 6u);
  end = run_to_end(bare_command({"cache", "clear", "--file", cache}));
  BOOST_TEST(end.out.starts_with("6 entries removed"), end.out + end.err);
  for (words bad : {words{"cache", "clean"},
                    {"cache", "clear", "--older-than", "soon"},
                    {"cache", "info", "--nonsense"},
                    {"cache", "info", "--file", in}}) {
    end = run_to_end(bare_command(bad));
    BOOST_TEST(end.code == 2);
    BOOST_TEST(!end.err.empty());
  }
  BOOST_TEST(run_to_end(bare_command({"cache", "clear", "--file", in})).code == 2);
  BOOST_TEST(std::filesystem::exists(in));
}

BOOST_AUTO_TEST_SUITE_END()
