#include "core/io/file/map_files.hpp"

#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace penstock;
using namespace penstock::io;
using penstock::test::read_file;
using penstock::test::write_file;
namespace fs = std::filesystem;

namespace {

struct map_folder {
  test::temp_dir dir;
  std::string out = dir / "out.csv";
  std::string sample = dir / "out.sample.csv";
  std::string next = out + ".penstock-next";

  static core::row_keys key(uint64_t text, uint64_t id = 0) { return {text, id, text, text}; }
  map_request request(std::vector<uint64_t> texts = {1, 2, 3}) const {
    map_request r;
    r.identity = {"in.csv", "hash", "recipe=1"};
    for (auto t : texts) {
      r.rows.push_back(key(t));
      r.identity.input_hash += ' ' + std::to_string(t);
    }
    r.rows_to_run = r.rows.size();
    r.rounds = {3, 1};
    r.output = out;
    r.head = "name,answer\n";
    return r;
  }
  map_request sampling(std::vector<uint64_t> texts = {1, 2, 3}) const {
    auto r = request(std::move(texts));
    r.sample_output = sample;
    return r;
  }
  map_request retrying() const {
    auto r = request();
    r.retry_failed = true;
    return r;
  }
  static map_files open(const map_request& r) {
    auto files = map_files::open(r);
    BOOST_REQUIRE_MESSAGE(files.has_value(),
                          (files.has_error() ? to_string(files.error()) : std::string{}));
    return std::move(*files);
  }
  static error refusal(const map_request& r) {
    auto files = map_files::open(r);
    BOOST_REQUIRE(!files.has_value());
    return files.error();
  }
  static std::string said(const map_request& r) { return refusal(r).context; }
  /// The answer of the row at `place` whose text is `asks`.
  static map_record answer(uint64_t place, uint64_t asks, const std::string& line,
                           bool good = true) {
    return {place, 0, 0, 0, asks, {}, good, line};
  }
  static std::string lines(map_files& files, uint64_t place) {
    std::string all;
    for (auto& r : *files.kept(place))
      all += r.line + ' ';
    return all;
  }
  /// A finished map of three rows, the second of them failed.
  void finish_three() const {
    auto files = open(request());
    BOOST_REQUIRE(
      files.keep({answer(0, 1, "r1"), answer(1, 2, "r2", false), answer(2, 3, "r3")}).has_value());
    BOOST_REQUIRE(files.write("a,1\nb,\nc,3\n", 3).has_value());
    BOOST_REQUIRE(files.finish("all").has_value());
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(map_files_suite, map_folder)

BOOST_AUTO_TEST_CASE(what_was_not_committed_is_cut_and_its_answers_are_still_there) {
  {
    auto files = open(request());
    BOOST_TEST(files.next_row() == 0u);
    BOOST_REQUIRE(
      files.keep({answer(0, 1, "r1"), answer(1, 2, "r2"), {1, 0, 1, 0, 2, {}, true, "again"}})
        .has_value());
    BOOST_REQUIRE(files.write("a,1\n", 1).has_value());
    BOOST_REQUIRE(files.commit("one row").has_value());
    BOOST_REQUIRE(files.write("b,\"2\n2\"\n", 1).has_value());
  } // As if killed: no commit.
  BOOST_TEST(read_file(out) == "name,answer\na,1\nb,\"2\n2\"\n");
  auto files = open(request());
  BOOST_TEST(read_file(out) == "name,answer\na,1\n");
  BOOST_TEST(files.next_row() == 1u);
  BOOST_TEST(files.note() == "one row");
  BOOST_TEST(lines(files, 0) == "r1 ");
  BOOST_TEST(lines(files, 1) == "r2 again ");
  BOOST_TEST(files.kept(1)->back().round == 1u);
  BOOST_TEST(files.kept(2)->empty());
  BOOST_TEST(files.kept(9)->empty());
}

BOOST_AUTO_TEST_CASE(a_finished_map_stays_finished) {
  finish_three();
  BOOST_TEST(open(request()).is_complete());
  write_file(out, read_file(out) + "more\n");
  BOOST_TEST(said(request()).find("was edited") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_edited_output_is_refused) {
  {
    auto files = open(request());
    BOOST_REQUIRE(files.write("a,1\n", 1).has_value());
    BOOST_REQUIRE(files.commit("x").has_value());
  }
  write_file(out, "name,answer\na,7\n");
  BOOST_TEST(said(request()).find("was edited") != std::string::npos);
  BOOST_TEST(said(request()).find("move it away") != std::string::npos);
  write_file(out, "name");
  BOOST_TEST(said(request()).find("was edited") != std::string::npos);
  auto anew = request();
  anew.restart = true;
  open(anew);
  BOOST_TEST(read_file(out) == "name,answer\n");
}

BOOST_AUTO_TEST_CASE(an_output_that_is_gone_is_made_again_from_its_answers) {
  finish_three();
  fs::remove(out);
  auto files = open(request());
  BOOST_TEST(!files.is_complete());
  BOOST_TEST(files.next_row() == 0u);
  BOOST_TEST(!files.changes().has_value());
  BOOST_TEST(lines(files, 2) == "r3 ");
  BOOST_REQUIRE(files.write("a,1\nb,\nc,3\n", 3).has_value());
  BOOST_REQUIRE(files.finish("all").has_value());
  BOOST_TEST(read_file(out) == "name,answer\na,1\nb,\nc,3\n");
}

BOOST_AUTO_TEST_CASE(an_output_of_something_else_is_refused) {
  write_file(out, "mine\n");
  BOOST_TEST(said(request()).find("has no journal") != std::string::npos);
  fs::remove(out);
  finish_three();
  const auto before = read_file(out);
  auto other = request({7, 8, 9});
  BOOST_TEST((refusal(other).code == errc::input_changed));
  BOOST_TEST(said(other).find("paid answers of 2 rows") != std::string::npos, said(other));
  BOOST_TEST(said(other).find("--restart") != std::string::npos);
  other.identity.settings = "recipe=2";
  BOOST_TEST(said(other).find("another recipe") != std::string::npos);
  BOOST_TEST(read_file(out) == before);
  BOOST_TEST(open(request()).is_complete()); // Nothing happened to it.
}

BOOST_AUTO_TEST_CASE(two_maps_cannot_share_an_output) {
  const auto files = open(request());
  BOOST_TEST((refusal(request()).code == errc::locked));
}

BOOST_AUTO_TEST_CASE(rows_of_a_changed_input_keep_their_answers) {
  finish_three();
  {
    auto files = open(request({3, 1, 7, 2, 8}));
    BOOST_REQUIRE(files.changes().has_value());
    BOOST_TEST((*files.changes() == map_changes{3, 0, 2, 0}));
    BOOST_TEST(lines(files, 0) == "r3 ");
    BOOST_TEST(lines(files, 1) == "r1 ");
    BOOST_TEST(lines(files, 2) == "");
    BOOST_TEST(lines(files, 3) == "r2 ");
    // The output stands until the new one is whole.
    BOOST_REQUIRE(files.keep({answer(2, 7, "r7")}).has_value());
    BOOST_REQUIRE(files.write("c,3\na,1\n", 2).has_value());
    BOOST_REQUIRE(files.commit("two").has_value());
    BOOST_REQUIRE(files.write("d,7\n", 1).has_value());
    BOOST_TEST(read_file(out) == "name,answer\na,1\nb,\nc,3\n");
  } // Killed.
  auto files = open(request({3, 1, 7, 2, 8}));
  BOOST_TEST(files.next_row() == 2u);
  BOOST_TEST(files.note() == "two");
  BOOST_TEST((*files.changes() == map_changes{3, 0, 2, 0}));
  BOOST_TEST(lines(files, 2) == "r7 ");
  BOOST_REQUIRE(files.write("d,7\nb,\ne,\n", 3).has_value());
  BOOST_REQUIRE(files.finish("five").has_value());
  BOOST_TEST(read_file(out) == "name,answer\nc,3\na,1\nd,7\nb,\ne,\n");
  BOOST_TEST(!fs::exists(next));
}

BOOST_AUTO_TEST_CASE(what_left_the_input_comes_back_with_its_answer) {
  finish_three();
  {
    auto files = open(request({1, 9}));
    BOOST_TEST((*files.changes() == map_changes{1, 1, 0, 1}));
    BOOST_TEST(lines(files, 1) == "r2 "); // What the mended row had is kept beside.
    BOOST_REQUIRE(files.write("a,1\nx,\n", 2).has_value());
    BOOST_REQUIRE(files.finish("two").has_value());
  }
  auto files = open(request({1, 9, 3}));
  BOOST_TEST((*files.changes() == map_changes{3, 0, 0, 0}));
  BOOST_TEST(lines(files, 2) == "r3 ");
}

BOOST_AUTO_TEST_CASE(a_death_between_replacing_and_saying_so_is_seen) {
  finish_three();
  {
    auto files = open(request({1, 2, 3, 4}));
    BOOST_REQUIRE(files.write("a,1\nb,\nc,3\nd,4\n", 4).has_value());
    BOOST_REQUIRE(files.commit("four").has_value());
  }
  fs::rename(next, out);
  auto files = open(request({1, 2, 3, 4}));
  BOOST_TEST(files.next_row() == 4u);
  BOOST_REQUIRE(files.finish("four").has_value());
  BOOST_TEST(read_file(out) == "name,answer\na,1\nb,\nc,3\nd,4\n");
}

BOOST_AUTO_TEST_CASE(rows_that_are_lost_beside_the_output_are_made_again) {
  finish_three();
  {
    auto files = open(request({1, 2, 3, 4}));
    BOOST_REQUIRE(files.write("a,1\n", 1).has_value());
    BOOST_REQUIRE(files.commit("one").has_value());
  }
  write_file(next, "rubbish");
  {
    auto files = open(request({1, 2, 3, 4}));
    BOOST_TEST(files.next_row() == 0u);
    BOOST_TEST(lines(files, 0) == "r1 ");
  }
  fs::remove(next);
  BOOST_TEST(open(request({1, 2, 3, 4})).next_row() == 0u);
  write_file(out, "mine now\n");
  BOOST_TEST(said(request({1, 2, 3, 4})).find("was edited") != std::string::npos);
  BOOST_TEST(read_file(out) == "mine now\n");
}

BOOST_AUTO_TEST_CASE(a_retry_begins_once_and_goes_on_until_it_is_whole) {
  BOOST_TEST(said(retrying()).find("is not there yet") != std::string::npos);
  finish_three();
  {
    auto files = open(retrying());
    BOOST_TEST(files.is_retrying());
    BOOST_TEST(files.retry_below() == 1u);
    BOOST_TEST(!files.changes().has_value());
    BOOST_REQUIRE(files.keep({answer(1, 2, "r2 again", false)}).has_value());
    BOOST_TEST(files.kept(1)->front().generation < files.retry_below());
    BOOST_TEST(files.kept(1)->back().generation >= files.retry_below());
  }
  for (const auto& r : {request(), retrying()}) { // With the option or without.
    auto files = open(r);
    BOOST_TEST(files.is_retrying());
    BOOST_TEST(files.retry_below() == 1u);
  }
  {
    auto files = open(request());
    BOOST_REQUIRE(files.write("a,1\nb,\nc,3\n", 3).has_value());
    BOOST_REQUIRE(files.finish("all").has_value());
  }
  BOOST_TEST(open(request()).is_complete());
  BOOST_TEST(open(retrying()).retry_below() == 2u);
}

BOOST_AUTO_TEST_CASE(touched_documents_let_the_rows_be_looked_at_again) {
  finish_three();
  auto touched = request();
  touched.documents = "other times";
  auto files = open(touched);
  BOOST_TEST(!files.is_complete());
  BOOST_TEST((*files.changes() == map_changes{3, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(a_limit_below_the_rows_of_the_output_is_refused) {
  finish_three();
  auto limited = request({1, 2, 3, 4});
  limited.rows_to_run = 2;
  BOOST_TEST(said(limited).find("--limit 2") != std::string::npos);
  // A smaller input is none.
  BOOST_TEST(open(request({1, 2})).changes()->removed == 1u);
}

BOOST_AUTO_TEST_CASE(a_sample_keeps_its_answers_for_the_whole) {
  {
    auto files = open(sampling());
    BOOST_REQUIRE(files.keep({answer(0, 1, "r1"), answer(1, 2, "r2")}).has_value());
    BOOST_REQUIRE(files.write("a,1\n", 1).has_value());
    BOOST_REQUIRE(files.finish("sampled").has_value());
  }
  BOOST_TEST(read_file(sample) == "name,answer\na,1\n");
  BOOST_TEST(!fs::exists(out));
  {
    auto again = open(sampling()); // Sampling twice is fine.
    BOOST_TEST(lines(again, 1) == "r2 ");
    BOOST_REQUIRE(again.commit("").has_value());
  }
  auto files = open(request());
  BOOST_TEST(!files.is_complete());
  BOOST_TEST(files.next_row() == 0u);
  BOOST_TEST(lines(files, 0) == "r1 ");
  BOOST_REQUIRE(files.write("a,1\n", 1).has_value());
  BOOST_REQUIRE(files.commit("1").has_value());
}

BOOST_AUTO_TEST_CASE(what_a_sample_has_paid_may_fall_with_another_recipe) {
  {
    auto files = open(sampling());
    BOOST_REQUIRE(files.keep({answer(0, 1, "r1")}).has_value());
    BOOST_REQUIRE(files.finish("").has_value());
  }
  auto other = sampling({11, 12, 13});
  other.identity.settings = "recipe=2";
  { open(other); }
  auto whole = request({21, 22, 23});
  whole.identity.settings = "recipe=3";
  {
    auto files = open(whole);
    BOOST_REQUIRE(files.keep({answer(0, 21, "r21")}).has_value());
    BOOST_REQUIRE(files.commit("").has_value());
  }
  // From then on it was no sample.
  whole = request({31, 32, 33});
  whole.identity.settings = "recipe=4";
  BOOST_TEST(said(whole).find("paid answers of 1 row ") != std::string::npos, said(whole));
  BOOST_TEST((refusal(whole).code == errc::input_changed));
}

BOOST_AUTO_TEST_CASE(a_sample_takes_no_file_of_the_user_as_its_own) {
  { open(sampling()); }
  write_file(out, "mine\n");
  BOOST_TEST(said(request()).find("not of this map") != std::string::npos);
  BOOST_TEST(read_file(out) == "mine\n");
}

BOOST_AUTO_TEST_CASE(a_sample_of_a_map_that_goes_on_says_nothing_new) {
  {
    auto files = open(request());
    BOOST_REQUIRE(files.write("a,1\n", 1).has_value());
    BOOST_REQUIRE(files.commit("x").has_value());
  }
  BOOST_TEST(said(sampling()).find("1 rows already") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(rubbish_for_a_journal_is_refused) {
  finish_three();
  const auto at = out + ".penstock-journal";
  const auto whole = read_file(at);
  write_file(at, "rubbish, rubbish, rubbish");
  BOOST_TEST((refusal(request()).code == errc::corrupt));
  // A byte that is another one anywhere is seen at the latest when its answer is asked for.
  for (size_t k = 100; k < whole.size(); k += whole.size() / 40) {
    auto bad = whole;
    bad[k] = static_cast<char>(bad[k] ^ 0x55);
    write_file(at, bad);
    auto files = map_files::open(retrying());
    if (!files)
      continue;
    for (uint64_t place = 0; place < 3; ++place)
      if (auto kept = files->kept(place); kept.has_value())
        for (auto& r : *kept)
          BOOST_TEST(r.line == "r" + std::to_string(place + 1));
  }
  write_file(at, "");
  BOOST_TEST(said(request()).find("its journal is empty") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_journals_of_runs_and_maps_are_told_apart) {
  {
    auto run = create_journal(out + ".penstock-journal", {"in.jsonl", "abc", "openai model=m"});
    BOOST_REQUIRE(run.has_value());
  }
  BOOST_TEST((refusal(request()).code == errc::input_changed));
  BOOST_REQUIRE(remove_journal(out + ".penstock-journal").has_value());
  finish_three();
  const auto opened = open_journal(out + ".penstock-journal");
  BOOST_REQUIRE(!opened.has_value());
  BOOST_TEST(opened.error().context.find("journal of a penstock map") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
