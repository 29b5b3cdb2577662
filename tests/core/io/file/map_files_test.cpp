#include "core/io/file/map_files.hpp"

#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace penstock;
using namespace penstock::io;
using penstock::test::read_file;
using penstock::test::write_file;

namespace {

struct fixture {
  test::temp_dir dir;
  std::string out = dir / "out.csv";
  std::string sample = dir / "out.sample.csv";

  map_request request(bool sampling = false) const {
    map_request r;
    r.identity = {"in.csv", "abc", "recipe=1"};
    r.numbers_per_row = 4;
    r.output = out;
    r.head = "name,answer\n";
    if (sampling)
      r.sample_output = sample;
    return r;
  }
  map_files open(bool sampling = false) const {
    auto files = map_files::open(request(sampling));
    BOOST_REQUIRE_MESSAGE(files.has_value(),
                          (files.has_error() ? to_string(files.error()) : std::string{}));
    return std::move(*files);
  }
  std::string refusal(map_request r) const {
    auto files = map_files::open(std::move(r));
    BOOST_REQUIRE(!files.has_value());
    return files.error().context;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(map_files_suite, fixture)

BOOST_AUTO_TEST_CASE(what_was_not_committed_is_cut_and_its_answers_are_still_there) {
  {
    auto files = open();
    BOOST_TEST(files.next_row() == 0u);
    BOOST_REQUIRE(files.keep({{0, "r0"}, {4, "r1"}, {5, "r1 again"}, {8, "r2"}}).has_value());
    BOOST_REQUIRE(files.write("a,1\n", 1).has_value());
    BOOST_REQUIRE(files.commit("one row").has_value());
    BOOST_REQUIRE(files.write("b,\"2\n2\"\n", 1).has_value());
  } // As if killed: no commit.
  BOOST_TEST(read_file(out) == "name,answer\na,1\nb,\"2\n2\"\n");
  auto files = open();
  BOOST_TEST(read_file(out) == "name,answer\na,1\n");
  BOOST_TEST(files.next_row() == 1u);
  BOOST_TEST(files.note() == "one row");
  BOOST_TEST(files.kept_at_start() == 3u); // Row 0 is safe in the output.
  BOOST_TEST(files.kept(0)->empty());
  const auto kept = *files.kept(1);
  BOOST_REQUIRE(kept.size() == 2u);
  BOOST_TEST(kept[0].second == "r1");
  BOOST_TEST(kept[1].first == 5u);
  BOOST_TEST(files.kept(3)->empty());
}

BOOST_AUTO_TEST_CASE(a_finished_map_stays_finished) {
  {
    auto files = open();
    BOOST_REQUIRE(files.write("a,1\n", 1).has_value());
    BOOST_REQUIRE(files.finish("all").has_value());
  }
  BOOST_TEST(open().is_complete());
  write_file(out, read_file(out) + "more\n");
  BOOST_TEST(refusal(request()).find("was edited") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_edited_output_is_refused) {
  {
    auto files = open();
    BOOST_REQUIRE(files.write("a,1\n", 1).has_value());
    BOOST_REQUIRE(files.commit("x").has_value());
  }
  write_file(out, "name,answer\na,7\n");
  BOOST_TEST(refusal(request()).find("was edited") != std::string::npos);
  write_file(out, "name");
  BOOST_TEST(refusal(request()).find("was edited") != std::string::npos);
  auto anew = request();
  anew.restart = true;
  BOOST_TEST(map_files::open(anew).has_value());
  BOOST_TEST(read_file(out) == "name,answer\n");
}

BOOST_AUTO_TEST_CASE(an_output_of_something_else_is_refused) {
  write_file(out, "mine\n");
  BOOST_TEST(refusal(request()).find("has no journal") != std::string::npos);
  std::filesystem::remove(out);
  { open(); }
  auto other = request();
  other.identity.settings = "recipe=2";
  BOOST_TEST(refusal(other).find("other settings") != std::string::npos);
  other = request();
  other.identity.input_hash = "def";
  BOOST_TEST(refusal(other).find("is not the input") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_maps_cannot_share_an_output) {
  const auto files = open();
  BOOST_TEST((map_files::open(request()).error().code == errc::locked));
}

BOOST_AUTO_TEST_CASE(a_sample_keeps_its_answers_for_the_whole) {
  {
    auto files = open(true);
    BOOST_REQUIRE(files.keep({{0, "r0"}, {4, "r1"}}).has_value());
    BOOST_REQUIRE(files.write("a,1\n", 1).has_value());
    BOOST_REQUIRE(files.finish("sampled").has_value());
  }
  BOOST_TEST(read_file(sample) == "name,answer\na,1\n");
  BOOST_TEST(!std::filesystem::exists(out));
  {
    auto again = open(true); // Sampling twice is fine.
    BOOST_TEST(again.kept(1)->size() == 1u);
    BOOST_REQUIRE(again.commit("").has_value());
  }
  auto files = open();
  BOOST_TEST(!files.is_complete());
  BOOST_TEST(files.next_row() == 0u);
  BOOST_TEST(files.kept(0)->size() == 1u);
  BOOST_REQUIRE(files.write("a,1\n", 1).has_value());
  BOOST_REQUIRE(files.commit("1").has_value());
}

BOOST_AUTO_TEST_CASE(a_sample_takes_no_file_of_the_user_as_its_own) {
  { open(true); }
  write_file(out, "mine\n");
  BOOST_TEST(refusal(request()).find("not of this map") != std::string::npos);
  BOOST_TEST(read_file(out) == "mine\n");
}

BOOST_AUTO_TEST_CASE(a_sample_of_a_map_that_goes_on_says_nothing_new) {
  {
    auto files = open();
    BOOST_REQUIRE(files.write("a,1\n", 1).has_value());
    BOOST_REQUIRE(files.commit("x").has_value());
  }
  BOOST_TEST(refusal(request(true)).find("1 rows already") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
