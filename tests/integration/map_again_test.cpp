#include "tests/support/map_again_fixture.hpp"

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

// The same output once more: what failed, and rows that were changed.
namespace {

/// 100 rows of which 10 have failed.
struct failed_fixture : slow_again {
  failed_fixture() {
    write_rows(100);
    upstream.mock->set_faults(faults({"400_param:after=20,times=10"}));
    const auto end = map({"--no-quiet"});
    BOOST_TEST(end.code == 1);
    BOOST_TEST(number(end.summary, "failed") == 10u);
    BOOST_TEST(end.err.find("10 rows were not completed") != std::string::npos, end.err);
    BOOST_TEST(end.err.find("--retry-failed") != std::string::npos, end.err);
    BOOST_TEST(seen() == 100u);
    upstream.mock->set_faults({});
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(map_retries, failed_fixture)

BOOST_AUTO_TEST_CASE(what_failed_is_sent_again_and_nothing_else) {
  const auto without = map({"--no-quiet"});
  BOOST_TEST(without.code == 1);
  BOOST_TEST(without.err.find("--retry-failed") != std::string::npos, without.err);
  BOOST_TEST(seen() == 100u);
  const auto end = map({"--retry-failed"});
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(seen() == 110u);
  BOOST_TEST(number(end.summary, "retried_rows") == 10u);
  BOOST_TEST(number(end.summary, "completed") == 100u);
  check_order(100);
  // Nothing is left to be sent.
  const auto again = map({"--retry-failed", "--no-quiet"});
  BOOST_TEST(again.code == 0);
  BOOST_TEST(again.err.find("--retry-failed sends") == std::string::npos);
  BOOST_TEST(seen() == 110u);
  check_order(100);
}

BOOST_AUTO_TEST_CASE(a_killed_retry_loses_nothing) {
  const auto before = read_file(out);
  kill_at(104, {"--retry-failed"});
  BOOST_TEST(read_file(out) == before);
  const auto end = map({"--retry-failed"}); // The same command.
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(seen() <= 110u + twice_max);
  check_order(100);
}

BOOST_AUTO_TEST_CASE(what_fails_again_can_be_tried_once_more) {
  upstream.mock->set_faults(faults({"400_param:times=4"}));
  BOOST_TEST(map({"--retry-failed"}).code == 1);
  BOOST_TEST(seen() == 110u);
  upstream.mock->set_faults({});
  BOOST_TEST(map().code == 1);
  BOOST_TEST(seen() == 110u);
  BOOST_TEST(map({"--retry-failed"}).code == 0);
  BOOST_TEST(seen() == 114u);
  check_order(100);
}

BOOST_AUTO_TEST_CASE(a_changed_input_leaves_failures_alone_until_a_retry) {
  auto all = some_words(100);
  all.push_back("word-new");
  write_words(all);
  auto end = map();
  BOOST_TEST(end.code == 1);
  BOOST_TEST(seen() == 101u);
  BOOST_TEST(number(end.summary, "failed") == 10u);
  all.push_back("word-newer");
  write_words(all);
  end = map({"--retry-failed"});
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(seen() == 112u);
  check_words(all);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(map_changed_inputs, slow_again)

BOOST_AUTO_TEST_CASE(a_retry_needs_an_output) {
  write_rows(3);
  const auto end = map({"--retry-failed"});
  BOOST_TEST(end.code == 2);
  BOOST_TEST(end.err.find("not there yet") != std::string::npos, end.err);
  BOOST_TEST(seen() == 0u);
  BOOST_TEST(!std::filesystem::exists(out));
}

BOOST_AUTO_TEST_CASE(cancelled_rows_are_sent_by_a_retry) {
  write_rows(40, {"north", "south"});
  write_file(out + ".cancel", "south\n");
  BOOST_TEST(map({"--group-by", "school"}).code == 1);
  BOOST_TEST(seen() == 20u);
  const auto end = map({"--group-by", "school", "--retry-failed"});
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(seen() == 40u);
  check_order(40);
}

BOOST_AUTO_TEST_CASE(only_new_and_mended_rows_are_sent) {
  auto all = some_words(100);
  write_words(all);
  BOOST_TEST(map().code == 0);
  all[50] = "word-mended";
  std::rotate(all.begin(), all.begin() + 3, all.begin() + 30); // Rows move.
  all.insert(all.end(), {"word-x", "word-y"});
  write_words(all);
  const auto end = map();
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(seen() == 103u);
  check_words(all);
  BOOST_TEST(change(end, "kept") == 99u);
  BOOST_TEST(change(end, "mended") == 1u);
  BOOST_TEST(change(end, "new") == 2u);
  BOOST_TEST(change(end, "gone") == 0u);
  BOOST_TEST(number(end.summary, "completed") == 102u);
  BOOST_TEST(map().code == 0); // Complete.
  BOOST_TEST(seen() == 103u);
}

BOOST_AUTO_TEST_CASE(a_kill_while_a_changed_input_runs_loses_nothing) {
  auto all = some_words(60);
  write_words(all);
  BOOST_TEST(map().code == 0);
  const auto before = read_file(out);
  for (size_t i = 0; i < 20; ++i)
    all.insert(all.begin() + static_cast<std::ptrdiff_t>(3 * i), "word-new" + std::to_string(i));
  write_words(all);
  kill_at(66);
  BOOST_TEST(read_file(out) == before);
  kill_at(74);
  BOOST_TEST(read_file(out) == before);
  const auto end = map();
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(seen() <= 80u + 2 * twice_max);
  check_words(all);
  BOOST_TEST(change(end, "new") == 20u);
}

BOOST_AUTO_TEST_CASE(a_kill_at_the_first_run_and_another_input_after_it) {
  auto all = some_words(60);
  write_words(all);
  kill_at(30);
  all.insert(all.begin(), "word-first");
  all.erase(all.begin() + 10);
  write_words(all);
  const auto end = map();
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(seen() <= 61u + twice_max);
  check_words(all);
}

BOOST_AUTO_TEST_CASE(a_deleted_row_goes_and_comes_back_for_nothing) {
  auto all = some_words(20);
  write_words(all);
  BOOST_TEST(map().code == 0);
  all.erase(all.begin() + 4);
  write_words(all);
  const auto end = map();
  BOOST_TEST(end.code == 0);
  BOOST_TEST(change(end, "gone") == 1u);
  check_words(all);
  all.push_back("word-4");
  write_words(all, "south"); // Nor does it cost what no request uses.
  BOOST_TEST(map().code == 0);
  check_words(all);
  BOOST_TEST(lines_of(out)[1].find("south") != std::string::npos);
  BOOST_TEST(seen() == 20u);
}

BOOST_AUTO_TEST_CASE(equal_rows_are_rows_of_their_own) {
  std::vector<std::string> all{"word-1", "word-2", "word-1"};
  write_words(all);
  BOOST_TEST(map().code == 0);
  BOOST_TEST(seen() == 3u);
  all.insert(all.begin(), "word-1");
  write_words(all);
  BOOST_TEST(map().code == 0);
  BOOST_TEST(seen() == 4u);
  check_words(all);
}

BOOST_AUTO_TEST_CASE(an_unreadable_row_that_was_mended_is_all_that_is_sent) {
  std::string text = "word,school\n";
  for (int i = 0; i < 20; ++i)
    text += (i == 7 ? "word-\xe4" : "word-" + std::to_string(i)) + std::string{",z\xc3\xb6\n"};
  write_file(in, text);
  auto end = map({"--no-quiet"});
  BOOST_TEST(end.code == 1);
  BOOST_TEST(seen() == 19u);
  BOOST_TEST(end.err.find("mend it in the input") != std::string::npos, end.err);
  write_words(some_words(20), "z\xc3\xb6");
  end = map();
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(seen() == 20u);
  BOOST_TEST(change(end, "mended") == 1u);
  check_words(some_words(20));
}

BOOST_AUTO_TEST_SUITE_END()
