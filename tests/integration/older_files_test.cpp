#include "tests/support/map_fixture.hpp"

using namespace penstock;
using namespace penstock::test;

// The program goes on with what a penstock of format 1 left when it was killed: a `run`, a `map`
// and the store of a head (see tests/core/io/store/fixtures).
namespace {

struct older_fixture : program_fixture {
  void take(const std::string& folder) const {
    const std::filesystem::path from{PENSTOCK_SOURCE_DIR "/tests/core/io/store/fixtures/format-1/"};
    for (auto& file : std::filesystem::directory_iterator{from / folder})
      std::filesystem::copy_file(file, dir / file.path().filename().string());
  }
  uint64_t seen() const { return upstream.mock->stats().requests(); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(older_files, older_fixture)

BOOST_AUTO_TEST_CASE(a_run_goes_on) {
  take("run");
  const auto kept = lines_of(out).size();
  BOOST_REQUIRE(kept > 0u);
  const auto end = run();
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(lines_of(out).size() == 40u);
  BOOST_TEST(number(end.summary, "completed") == 40u);
  BOOST_TEST(number(end.summary, "resumed") == kept);
  BOOST_TEST(seen() == 40 - kept);
}

BOOST_AUTO_TEST_CASE(a_map_goes_on) {
  take("map");
  const auto end = end_of(run_to_end(
    bare_command({"map", dir / "recipe.toml", dir / "in.csv", "-o", dir / "out.csv", "--base-url",
                  upstream.mock->base_url(), "--model", "m", "--seed", "7", "--json", "--quiet"})));
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  const auto lines = lines_of(dir / "out.csv");
  BOOST_REQUIRE(lines.size() == 41u);
  for (size_t i = 0; i < 40; ++i)
    BOOST_TEST(lines[i + 1].find("Say word-" + std::to_string(i) + ".") != std::string::npos);
  BOOST_TEST(number(end.summary, "completed") == 40u);
  BOOST_TEST(seen() == 16u); // 24 answers are in the journal.
}

BOOST_AUTO_TEST_CASE(a_head_ends_the_unfinished_job_of_its_store) {
  take("head");
  process head{
    bare_command({"serve", "--listen", "127.0.0.1:0", "--store", dir / "jobs.db", "--slots", "4",
                  "--retention", "3650d", "--base-url", upstream.mock->base_url()})};
  const std::string begin = "listening on ";
  BOOST_REQUIRE_MESSAGE(
    wait_until([&] { return head.out().find('\n') != std::string::npos || head.has_ended(); }) &&
      head.out().starts_with(begin),
    "the head said: " << head.out() << head.err());
  const auto said = head.out();
  const auto address = said.substr(begin.size(), said.find('\n') - begin.size());
  const auto end =
    run_to_end(bare_command({"results", "3", "--follow", "-o", out, "--head", address, "--quiet"}));
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(lines_of(out).size() == 40u);
  BOOST_TEST((seen() > 0u && seen() < 40u));
  const auto jobs = run_to_end(bare_command({"jobs", "--all", "--json", "--head", address}));
  const auto list = boost::json::parse(jobs.out).as_object().at("jobs").as_array();
  BOOST_REQUIRE(list.size() == 3u);
  for (auto& job : list)
    BOOST_TEST(job.as_object().at("state") ==
               (job.as_object().at("job") == 2 ? "cancelled" : "completed"));
  head.signal(SIGTERM);
  BOOST_TEST(head.wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
