#include "tests/config/config_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace penstock;
using namespace penstock::config;
using penstock::test::contains;

namespace {

const std::filesystem::path root = PENSTOCK_SOURCE_DIR;

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream{file}.rdbuf();
  return out.str();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(config_files, penstock::test::config_fixture)

BOOST_AUTO_TEST_CASE(the_example_names_every_key_with_its_default) {
  // Remove the '#' of every line with a setting, except those of the lane.
  std::istringstream lines{text_of(root / "config/penstock.example.toml")};
  std::string toml, line;
  for (bool in_lane = false; std::getline(lines, line);) {
    in_lane = line.starts_with("# [[") || (in_lane && !line.starts_with('['));
    const bool sets = line.starts_with("# ") && contains(line.substr(0, 24), " = ");
    toml += (sets && !in_lane ? line.substr(2) : line) + "\n";
  }
  auto loaded = load_file(toml);
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), loaded.error().context);
  for (auto& row : keys()) {
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_TEST(loaded->origins.at(std::string{row.name}).starts_with("file "));
      BOOST_TEST((read(row, loaded->values) == read(row, settings{})));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_example_and_all_presets_load_as_they_are) {
  size_t presets = 0;
  for (auto& entry : std::filesystem::directory_iterator{root / "config/presets"}) {
    BOOST_TEST_CONTEXT(entry.path()) {
      request.file = entry.path().string();
      auto loaded = load(request);
      BOOST_REQUIRE_MESSAGE(loaded.has_value(), loaded.error().context);
      auto& upstream = loaded->values.upstream;
      BOOST_TEST(
        (upstream.limits.rpm > 0 || upstream.protocol == "ollama")); // Ollama has no limits.
      ++presets;
    }
  }
  BOOST_TEST(presets >= 3u);
  request.file = (root / "config/penstock.example.toml").string();
  BOOST_TEST(load(request).has_value());
}

BOOST_AUTO_TEST_CASE(core_and_config_know_nothing_of_actors_and_two_files_parse_toml) {
  std::vector<std::string> toml_users;
  size_t files = 0;
  for (auto folder : {"core", "config"}) {
    for (auto& entry : std::filesystem::recursive_directory_iterator{root / folder}) {
      const auto suffix = entry.path().extension();
      if (suffix != ".hpp" && suffix != ".cpp")
        continue;
      ++files;
      const auto text = text_of(entry.path());
      BOOST_TEST(!contains(text, "#include <caf/"), entry.path() << " includes CAF");
      if (contains(text, "#include <toml++/"))
        toml_users.push_back(entry.path().filename().string());
    }
  }
  BOOST_TEST(files > 20u);
  std::ranges::sort(toml_users);
  const std::vector<std::string> readers{"toml_file.cpp", "toml_tree.cpp"}; // Settings; recipes.
  BOOST_TEST(toml_users == readers, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
