#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

// Each example with the command of its README, and the numbers that the README promises.
using namespace penstock;
using namespace penstock::test;

namespace {

namespace json = boost::json;
using rows = std::vector<std::vector<std::string>>;

struct fixture {
  temp_dir dir;
  std::vector<json::object> summaries; ///< One for each `penstock map` that ended.
  std::string said;

  /// Runs an example to its end. @returns its exit code.
  int start(const std::string& name, std::vector<std::string> more = {}) {
    command c;
    c.args = {"/bin/bash", PENSTOCK_EXAMPLES "/" + name + "/run.sh", "--json", "--quiet"};
    c.args.insert(c.args.end(), more.begin(), more.end());
    c.env = {"PENSTOCK_TEST_PROGRAM=" PENSTOCK_PROGRAM, "PENSTOCK_TEST_RESULTS=" + (dir / "")};
    const auto end = run_to_end(c);
    said = end.err;
    summaries.clear();
    std::istringstream lines{end.out};
    for (std::string line; std::getline(lines, line);) {
      boost::system::error_code ec;
      const auto value = json::parse(line, ec);
      BOOST_REQUIRE_MESSAGE(!ec && value.is_object(), line << end.err);
      summaries.push_back(value.get_object());
    }
    return end.code;
  }

  std::string text_of(const std::string& name) const {
    std::ifstream in{dir / name, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

  /// Rows of a CSV or TSV with its header. Enough for the outputs of the examples.
  rows table(const std::string& name, char separator) const {
    rows all(1, {""});
    bool quoted = false;
    const auto text = text_of(name);
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '"' && separator == ',')
        quoted = !quoted; // A doubled quote closes and opens again.
      else if (c == separator && !quoted)
        all.back().emplace_back();
      else if (c == '\n' && !quoted)
        all.emplace_back(1, "");
      else if (c != '\r')
        all.back().back() += c;
    }
    all.pop_back(); // After the last line break.
    return all;
  }

  static double number(const json::object& o, std::string_view key) {
    return o.at(key).to_number<double>();
  }
  static const json::object& requests(const json::object& summary) {
    return summary.at("requests").as_object();
  }
};

std::vector<std::string> column(const rows& table, size_t at) {
  std::vector<std::string> out;
  for (size_t i = 1; i < table.size(); ++i)
    out.push_back(table[i].at(at));
  return out;
}

rows input_table(const std::string& name, char separator) {
  std::ifstream in{PENSTOCK_EXAMPLES "/" + name};
  rows all;
  for (std::string line; std::getline(in, line);) {
    all.emplace_back();
    std::istringstream cells{line};
    for (std::string cell; std::getline(cells, cell, separator);)
      all.back().push_back(cell);
  }
  return all;
}

std::vector<std::string> reasons(const json::object& summary) {
  std::vector<std::string> out;
  for (auto& c : summary.at("mode_changes").as_array())
    out.push_back(std::string{c.at("from").as_string()} + " -> " +
                  std::string{c.at("to").as_string()});
  return out;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(examples, fixture)

BOOST_AUTO_TEST_CASE(submissions_of_four_users_are_graded_in_turn_below_the_output_limit) {
  BOOST_REQUIRE(start("submissions") == 0);
  auto& s = summaries.at(0);
  BOOST_TEST(number(s, "completed") == 29);
  BOOST_TEST(number(s, "failed") == 1);
  BOOST_TEST(number(requests(s), "rate_limited") == 0);
  BOOST_TEST(number(requests(s), "output_tokens") >
             10'000); // More than fits into one minute's bucket.
  BOOST_TEST(s.at("groups").as_array().size() == 4u);

  const auto graded = table("graded.csv", ',');
  const auto handed_in = input_table("submissions/submissions.csv", ',');
  BOOST_REQUIRE(graded.size() == 31u);
  for (size_t i = 1; i < graded.size(); ++i)
    BOOST_TEST(graded[i].at(0) == handed_in[i].at(0));
  const auto errors = column(graded, graded[0].size() - 1);
  for (size_t i = 0; i < errors.size(); ++i)
    BOOST_TEST(errors[i].empty() == (graded[i + 1][0] != "s-18"),
               graded[i + 1][0] << ": " << errors[i]);
  BOOST_TEST(errors.at(17).find("server_error") != std::string::npos, errors.at(17));
}

BOOST_AUTO_TEST_CASE(submissions_go_one_at_a_time_if_asked) {
  BOOST_REQUIRE(start("submissions", {"--limit", "6", "--mode", "sequential", "--mock-options",
                                      "--latency 20ms --output-tokens 40"}) == 0);
  for (auto& group : summaries.at(0).at("groups").as_array())
    for (auto& stage : group.at("stages").as_array())
      if (number(stage.as_object(), "attempts") > 0) {
        BOOST_TEST(stage.at("mode_used").as_string() == "sequential");
        BOOST_TEST(number(stage.as_object(), "in_flight_peak") == 1);
      }
}

BOOST_AUTO_TEST_CASE(rubrics_come_out_of_a_pdf_and_a_docx_and_a_damaged_file_says_so) {
  BOOST_REQUIRE(start("rubric") == 0);
  std::istringstream lines{text_of("rubrics.jsonl")};
  std::map<std::string, json::object> by_course;
  std::vector<std::string> order;
  for (std::string line; std::getline(lines, line);) {
    auto row = json::parse(line).as_object();
    order.emplace_back(row.at("course").as_string());
    by_course[order.back()] = std::move(row);
  }
  BOOST_TEST(order == (std::vector<std::string>{"History", "Physics", "Biology"}),
             boost::test_tools::per_element());
  for (auto course : {"History", "Physics"}) {
    BOOST_TEST(!by_course[course].at("extract.categories").as_array().empty());
    BOOST_TEST(!by_course[course].at("enhance.levels").as_array().empty());
    BOOST_TEST(by_course[course].at("error").is_null());
  }
  const auto error = json::serialize(by_course["Biology"].at("error"));
  BOOST_TEST(error.find("scan-rubric.pdf") != std::string::npos, error);
  // Both extractions run at once, then both enhancements: one after the other would take 3.6 s.
  BOOST_TEST(number(summaries.at(0), "sequential_seconds") > 3);
}

BOOST_AUTO_TEST_CASE(answers_take_the_mode_that_fits_their_number) {
  BOOST_REQUIRE(start("answers") == 0);
  BOOST_REQUIRE(summaries.size() == 5u);
  const std::vector<std::string> used{"sequential", "batch", "parallel", "parallel"};
  for (size_t i = 0; i < used.size(); ++i) {
    BOOST_TEST(requests(summaries[i]).at("mode_asked").as_string() == "auto");
    BOOST_TEST(requests(summaries[i]).at("mode_used").as_string() == used[i]);
    BOOST_TEST(number(summaries[i], "failed") == 0);
  }
  // 40 % and 60 % less time than one after the other.
  BOOST_TEST(number(summaries[2], "wall_seconds") <=
             0.6 * number(summaries[2], "sequential_seconds"));
  BOOST_TEST(number(summaries[3], "wall_seconds") <=
             0.4 * number(summaries[3], "sequential_seconds"));

  auto& fallen = summaries[4];
  BOOST_TEST(number(fallen, "completed") == 5);
  BOOST_TEST(requests(fallen).at("mode_used").as_string() == "sequential_fallback");
  const auto way = reasons(fallen);
  BOOST_TEST_CONTEXT(json::serialize(fallen)) {
    BOOST_TEST((std::ranges::find(way, "parallel -> batch") != way.end()));
    BOOST_TEST((std::ranges::find(way, "batch -> sequential") != way.end()));
    for (auto& change : fallen.at("mode_changes").as_array())
      BOOST_TEST(!change.at("text").as_string().empty());
  }
  const auto answers = table("answers-fallback.csv", ',');
  const auto plain = table("answers-5.csv", ',');
  BOOST_TEST(column(answers, 0) == column(plain, 0), boost::test_tools::per_element());
  BOOST_TEST(column(answers, 1) == column(plain, 1), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(flashcards_are_forty_five_times_faster_and_then_come_from_the_cache) {
  BOOST_REQUIRE(start("flashcards") == 0);
  BOOST_REQUIRE(summaries.size() == 3u);
  BOOST_TEST(number(summaries[0], "completed") == 50);
  BOOST_TEST(number(requests(summaries[0]), "cached") == 0);
  BOOST_TEST(number(requests(summaries[0]), "attempts") == 100);
  BOOST_TEST(number(requests(summaries[0]), "rate_limited") == 0);
  if (!is_sanitized())
    BOOST_TEST(number(summaries[0], "speedup") >= 45);
  BOOST_TEST(number(requests(summaries[1]), "cached") == 100);
  BOOST_TEST(number(requests(summaries[1]), "attempts") == 0);
  BOOST_TEST(number(requests(summaries[2]), "cached") >= 80);
  BOOST_TEST(number(requests(summaries[2]), "attempts") == 16);

  const auto cards = table("cards.tsv", '\t');
  const auto words = input_table("flashcards/words.tsv", '\t');
  BOOST_REQUIRE(cards.size() == words.size());
  for (size_t i = 0; i < cards.size(); ++i)
    BOOST_TEST(cards[i].at(0) == words[i].at(0));
  for (size_t i = 1; i < cards.size(); ++i)
    BOOST_TEST(!cards[i].at(3).empty());
  BOOST_TEST(text_of("cards.tsv") == text_of("cards-again.tsv"));
}

BOOST_AUTO_TEST_CASE(summaries_survive_a_kill_and_the_cancel_of_one_school) {
  BOOST_REQUIRE_MESSAGE(start("summaries") == 0, said);
  auto& s = summaries.at(0); // The killed run has no summary.
  BOOST_TEST(number(s, "resumed_rows") + number(s, "resumed_answers") >= 30);
  std::map<std::string, const json::object*> schools;
  for (auto& group : s.at("groups").as_array())
    schools[std::string{group.at("name").as_string()}] = &group.as_object();
  BOOST_REQUIRE(schools.size() == 3u);
  for (auto name : {"Northfield", "Lakeside"})
    BOOST_TEST(number(*schools[name], "completed") == 40);
  BOOST_TEST(number(*schools["Hillcrest"], "cancelled") > 0);
  BOOST_TEST(
    number(*schools["Hillcrest"], "completed") + number(*schools["Hillcrest"], "cancelled") == 40);

  const auto written = column(table("summaries.csv", ','), 1);
  const auto students = input_table("summaries/students.csv", ',');
  BOOST_REQUIRE(written.size() == 120u);
  for (size_t i = 0; i < written.size(); ++i)
    BOOST_TEST(written[i] == students[i + 1].at(1));
  // Every answer was paid for once, except those in flight at the kill.
  BOOST_TEST(number(requests(s), "attempts") <= 120 + 10);
  const auto status = json::parse(text_of("summaries.csv.status.json")).as_object();
  BOOST_TEST(status.at("groups").as_array().size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
