#pragma once

#include "tests/support/program_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace penstock::test {

using namespace std::chrono_literals;

/// One stage, plain text.
inline constexpr auto plain_recipe = R"(
[[stages]]
name = "say"
prompt = "Say {{word}}."
)";

/// Two stages; the first answers JSON.
inline constexpr auto two_stages = R"(
[[stages]]
name = "extract"
prompt = "Extract from {{word}}."
corrections = 2
[stages.schema]
type = "object"
required = ["title", "score"]
additionalProperties = false
[stages.schema.properties.title]
type = "string"
[stages.schema.properties.score]
type = "integer"

[[stages]]
name = "improve"
prompt = "Improve {{extract.title}} of {{word}}."

[output]
columns = ["word", "extract.score", "improve"]
)";

inline std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in{path};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

struct map_fixture : program_fixture {
  explicit map_fixture(mock::mock_options options = {}) : program_fixture(std::move(options)) {
    in = dir / "in.csv";
    out = dir / "out.csv";
    write_recipe(plain_recipe);
  }

  std::string recipe = dir / "recipe.toml";
  void write_recipe(std::string_view text) const { write_file(recipe, text); }
  /// Rows "word-0" ...; groups take turns.
  void write_rows(size_t rows, const std::vector<std::string>& schools = {"north"}) const {
    std::string text = "word,school\n";
    for (size_t i = 0; i < rows; ++i)
      text += "word-" + std::to_string(i) + "," + schools[i % schools.size()] + "\n";
    write_file(in, text);
  }
  command map_command(const words& options = {}) const {
    words args{"map",     recipe, in,       "-o", out,      "--base-url", upstream.mock->base_url(),
               "--model", "m",    "--seed", "7",  "--json", "--quiet"};
    args.insert(args.end(), options.begin(), options.end());
    return bare_command(std::move(args));
  }
  run_end map(const words& options = {}) const { return end_of(run_to_end(map_command(options))); }
  uint64_t seen() const { return upstream.mock->stats().requests(); }
  boost::json::object status() const {
    boost::system::error_code ec;
    auto v = boost::json::parse(read_file(out + ".status.json"), ec);
    return !ec && v.is_object() ? v.get_object() : boost::json::object{};
  }
  /// Checks that row `i` of the output is that of word-i, with an answer of the model about it
  /// (unless its echo was cut).
  void check_order(size_t rows, bool spoken = true) const {
    const auto lines = lines_of(out);
    BOOST_REQUIRE(lines.size() == rows + 1);
    for (size_t i = 0; i < rows; ++i) {
      const auto word = "word-" + std::to_string(i);
      BOOST_TEST(lines[i + 1].starts_with(word + ","), lines[i + 1]);
      if (spoken)
        BOOST_TEST(lines[i + 1].find(word + ".", word.size()) != std::string::npos, lines[i + 1]);
    }
  }
};

struct slow_fixture : map_fixture {
  slow_fixture() : map_fixture(options()) {}
  static mock::mock_options options() {
    mock::mock_options o;
    o.latency = *mock::parse_latency("lognormal:p50=30ms,sigma=0.7");
    return o;
  }
};

inline const boost::json::object& stage(const run_end& end, size_t i) {
  return end.summary.at("stages").as_array().at(i).as_object();
}

} // namespace penstock::test
