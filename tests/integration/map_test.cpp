#include "tests/support/map_fixture.hpp"

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(map_runs, map_fixture)

BOOST_AUTO_TEST_CASE(every_row_has_its_answer_in_its_place) {
  write_rows(200);
  const auto end = map();
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  check_order(200);
  BOOST_TEST(lines_of(out)[0].starts_with("word,school,say"));
  BOOST_TEST(number(end.summary, "completed") == 200u);
  BOOST_TEST(number(stage(end, 0), "attempts") == 200u);
  BOOST_TEST(seen() == 200u);
  // The same command again has nothing to do.
  const auto again = map();
  BOOST_TEST(again.code == 0);
  BOOST_TEST(seen() == 200u);
  BOOST_TEST(number(again.summary, "completed") == 200u);
  BOOST_TEST(map({"--restart"}).code == 0);
  BOOST_TEST(seen() == 400u);
}

BOOST_AUTO_TEST_CASE(the_table_formats_hold_the_same) {
  write_rows(20);
  BOOST_TEST(map().code == 0);
  const auto csv = lines_of(out);
  std::string rows;
  for (size_t i = 0; i < 20; ++i)
    rows += R"({"word":"word-)" + std::to_string(i) + R"(","school":"north"})" + "\n";
  in = dir / "in.jsonl";
  out = dir / "out.tsv";
  write_file(in, rows);
  BOOST_TEST_REQUIRE(map().code == 0);
  const auto tsv = lines_of(out);
  BOOST_REQUIRE(tsv.size() == csv.size());
  in = dir / "in2.tsv";
  out = dir / "out.jsonl";
  std::string table = "word\tschool\n";
  for (size_t i = 0; i < 20; ++i)
    table += "word-" + std::to_string(i) + "\tnorth\n";
  write_file(in, table);
  BOOST_TEST_REQUIRE(map().code == 0);
  const auto jsonl = lines_of(out);
  BOOST_REQUIRE(jsonl.size() == 20u);
  for (size_t i = 0; i < 20; ++i) {
    const auto row = boost::json::parse(jsonl[i]).as_object();
    const auto said = boost::json::value_to<std::string>(row.at("say"));
    BOOST_TEST(csv[i + 1].find(said) != std::string::npos);
    BOOST_TEST(tsv[i + 1].find(said) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(standard_streams_serve_as_a_table) {
  write_recipe(std::string{"[input]\nformat = \"csv\"\n"} + plain_recipe);
  auto c = bare_command(
    {"map", recipe, "-", "--base-url", upstream.mock->base_url(), "--model", "m", "--quiet"});
  c.input = true;
  process p{std::move(c)};
  p.write("word,school\nword-0,x\n");
  p.write("word-1,x\n");
  p.close_input();
  BOOST_TEST_REQUIRE(p.wait() == 0, p.err());
  BOOST_TEST(p.out().find("word-0.") != std::string::npos);
  BOOST_TEST(p.out().find("word-1.") > p.out().find("word-0."));
}

BOOST_AUTO_TEST_CASE(answers_of_the_first_stage_are_words_of_the_second) {
  write_recipe(two_stages);
  write_rows(60);
  const auto end = map();
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  check_order(60);
  BOOST_TEST(lines_of(out)[0] == "word,extract.score,improve,error");
  BOOST_TEST(number(stage(end, 0), "completed") == 60u);
  BOOST_TEST(number(stage(end, 1), "completed") == 60u);
  BOOST_TEST(seen() == 120u);
}

BOOST_AUTO_TEST_CASE(bad_rows_fail_in_their_place) {
  write_file(in, "word,school\nword-0,a\nword-1,a,too,many\nword-2,a\n");
  const auto end = map();
  BOOST_TEST(end.code == 1, end.err);
  const auto lines = lines_of(out);
  BOOST_REQUIRE(lines.size() == 4u);
  BOOST_TEST(lines[1].find("word-0.") != std::string::npos);
  BOOST_TEST(lines[2].find("4") != std::string::npos);
  BOOST_TEST(lines[3].find("word-2.") != std::string::npos);
  BOOST_TEST(seen() == 2u);
  const auto strict = map({"--strict", "--restart"});
  BOOST_TEST(strict.code == 2);
  BOOST_TEST(strict.err.find("--strict") != std::string::npos);
  BOOST_TEST(seen() == 2u);
}

BOOST_AUTO_TEST_CASE(a_missing_document_fails_its_row_only) {
  write_recipe(R"(
[[stages]]
name = "read"
prompt = "Read {{word}}."
documents = ["{{file}}"]
)");
  write_file(dir / "there.txt", "word-0. has a text");
  write_file(in, "word,file\nword-0,there.txt\nword-1,gone.pdf\n");
  const auto end = map();
  BOOST_TEST(end.code == 1, end.err);
  const auto lines = lines_of(out);
  BOOST_REQUIRE(lines.size() == 3u);
  BOOST_TEST(lines[2].find("gone.pdf") != std::string::npos);
  BOOST_TEST(seen() == 1u);
}

BOOST_AUTO_TEST_CASE(a_check_sends_nothing_and_shows_the_first_request) {
  write_recipe(two_stages);
  write_rows(3);
  auto end = run_to_end(map_command({"--check", "--no-json"}));
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(end.out.find("Extract from word-0.") != std::string::npos);
  BOOST_TEST(end.out.find("\"score\"") != std::string::npos);
  BOOST_TEST(end.out.find("extract -> improve") != std::string::npos);
  BOOST_TEST(seen() == 0u);
  BOOST_TEST(!std::filesystem::exists(out));
  BOOST_TEST(!std::filesystem::exists(out + ".penstock-journal"));
}

BOOST_AUTO_TEST_CASE(a_bad_recipe_is_refused_with_its_line) {
  write_rows(3);
  write_recipe("[[stages]]\nname = \"say\"\nprompt = \"Say {{wrod}}.\"\n");
  auto end = map();
  BOOST_TEST(end.code == 2);
  BOOST_TEST(end.err.find("recipe.toml:3") != std::string::npos, end.err);
  BOOST_TEST(end.err.find("word") != std::string::npos, end.err);
  write_recipe("[[stages]]\nname = \"say\"\nprompt = \"Say {{word}}.\"\nmodle = \"x\"\n");
  end = map();
  BOOST_TEST(end.code == 2);
  BOOST_TEST(end.err.find("recipe.toml:4") != std::string::npos, end.err);
  BOOST_TEST(seen() == 0u);
}

BOOST_AUTO_TEST_CASE(a_table_that_is_not_there_is_a_mistake_of_the_command_line) {
  in = dir / "nowhere.csv";
  const auto end = map();
  BOOST_TEST(end.code == 2);
  BOOST_TEST(end.err.find("nowhere.csv: No such file") != std::string::npos, end.err);
}

BOOST_AUTO_TEST_CASE(a_sample_projects_the_rest_and_is_not_paid_for_again) {
  write_rows(50);
  const words prices{"--price-input", "1", "--price-output", "2"};
  auto options = prices;
  options.insert(options.end(), {"--sample", "5"});
  const auto sample = map(options);
  BOOST_TEST_REQUIRE(sample.code == 0, sample.err);
  BOOST_TEST(seen() == 5u);
  BOOST_TEST(!std::filesystem::exists(out));
  BOOST_TEST(lines_of(dir / "out.sample.csv").size() == 6u);
  const auto& projection = sample.summary.at("projection").as_object();
  BOOST_TEST(number(projection, "rows") == 45u);
  BOOST_TEST(number(projection, "requests") == 45u);
  const auto sampled = sample.summary.at("requests").at("cost").to_number<double>();
  BOOST_TEST(sampled > 0);
  const auto end = map(prices);
  BOOST_TEST(end.code == 0);
  check_order(50);
  BOOST_TEST(seen() == 50u);
  const auto projected = sampled + projection.at("cost").to_number<double>();
  const auto real = end.summary.at("requests").at("cost").to_number<double>();
  BOOST_TEST(projected == real, boost::test_tools::tolerance(0.1));
}

BOOST_AUTO_TEST_CASE(a_limit_runs_the_first_rows_and_the_rest_can_follow) {
  write_rows(30);
  BOOST_TEST(map({"--limit", "10"}).code == 0);
  BOOST_TEST(seen() == 10u);
  BOOST_TEST(lines_of(out).size() == 11u);
  BOOST_TEST(map({"--limit", "10"}).code == 0);
  BOOST_TEST(seen() == 10u);
  BOOST_TEST(map().code == 0);
  BOOST_TEST(seen() == 30u);
  check_order(30);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct violating_fixture : map_fixture {
  violating_fixture() : map_fixture(options()) { write_recipe(two_stages); }
  static mock::mock_options options() {
    mock::mock_options o;
    o.faults = faults({"schema_violation:times=7"});
    return o;
  }
};

struct billing_fixture : map_fixture {
  billing_fixture() : map_fixture(options()) {}
  static mock::mock_options options() {
    mock::mock_options o;
    o.faults = faults({"429_billing:after=20"});
    return o;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(answers_that_do_not_fit_are_corrected, violating_fixture) {
  write_rows(40);
  const auto end = map({"--in-flight-max", "4"});
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  check_order(40, false);
  BOOST_TEST(number(stage(end, 0), "corrections") == 7u);
  BOOST_TEST(seen() == 87u);
}

BOOST_FIXTURE_TEST_CASE(a_billing_error_stops_all_groups_at_once, billing_fixture) {
  write_rows(100, {"north", "south"});
  const auto end = map({"--in-flight-max", "5", "--group-by", "school"});
  BOOST_TEST(end.code == 3);
  // Each group is a job: what the one gives up the other may take, until it hears no itself.
  BOOST_TEST(seen() <= 20u + 2 * 5u);
  BOOST_TEST(end.err.find("bill") != std::string::npos, end.err);
  upstream.mock->set_faults({});
  const auto again = map({"--group-by", "school"});
  BOOST_TEST(again.code == 0, again.err);
}
