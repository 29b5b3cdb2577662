#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

struct source {
  std::string path;   ///< From the root.
  std::string folder; ///< Its first part: a layer.
  std::string text;
};

std::vector<source> sources() {
  static const std::vector<source> all = [] {
    const fs::path root{PENSTOCK_SOURCE_DIR};
    std::vector<source> result;
    for (auto folder : {"core", "messages", "actors", "config", "apps", "tests"})
      for (auto& entry : fs::recursive_directory_iterator(root / folder)) {
        const auto ending = entry.path().extension();
        if (ending == ".hpp" || ending == ".cpp")
          result.push_back({fs::relative(entry.path(), root).string(), folder,
                            penstock::test::read_file(entry.path().string())});
      }
    return result;
  }();
  return all;
}

/// What stands between the brackets or quotes of the includes.
std::vector<std::string> includes(const source& s) {
  static const std::regex line{R"((?:^|\n)[ \t]*#[ \t]*include[ \t]*([<"][^>"\n]+))"};
  std::vector<std::string> result;
  for (std::sregex_iterator it{s.text.begin(), s.text.end(), line}, end; it != end; ++it)
    result.push_back((*it)[1]);
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(architecture_suite)

BOOST_AUTO_TEST_CASE(the_layers_are_there) {
  std::map<std::string, size_t> files;
  for (auto& s : sources())
    ++files[s.folder];
  BOOST_TEST(files.size() == 6u);
  BOOST_TEST(files["core"] > 20u);
}

BOOST_AUTO_TEST_CASE(decisions_and_settings_know_nothing_of_actors) {
  for (auto& s : sources())
    if (s.folder == "core" || s.folder == "config")
      for (auto& name : includes(s))
        BOOST_TEST(!name.starts_with("<caf/"), s.path << " includes " << name);
}

BOOST_AUTO_TEST_CASE(includes_point_one_way) {
  const std::map<std::string, std::set<std::string>> allowed{
    {"core", {"core"}},
    {"config", {"config", "core"}},
    {"messages", {"messages", "core"}},
    {"actors", {"actors", "messages", "config", "core"}},
    {"apps", {"apps", "actors", "messages", "config", "core"}},
  };
  for (auto& s : sources()) {
    auto to = allowed.find(s.folder);
    if (to == allowed.end())
      continue;
    for (auto& name : includes(s)) {
      const auto folder = name.substr(1, name.find('/') - 1);
      if (name[0] == '"' && name.find('/') != std::string::npos)
        BOOST_TEST(to->second.count(folder) == 1u, s.path << " includes " << name);
      else
        BOOST_TEST(name[0] == '<', s.path << " does not begin at the root: " << name);
    }
  }
}

BOOST_AUTO_TEST_CASE(only_wrappers_know_the_wrapped_libraries) {
  for (auto& s : sources())
    for (auto& name : includes(s))
      if (name.starts_with("<curl/") || name.starts_with("<SQLiteCpp/") || name == "<sqlite3.h")
        BOOST_TEST((s.path.starts_with("core/io/") || s.path.starts_with("tests/")),
                   s.path << " includes " << name);
}

// P10: a wall clock that jumps can expire or stall nothing, because nothing that measures time
// reads it.
BOOST_AUTO_TEST_CASE(only_dates_and_ages_come_from_the_wall_clock) {
  const std::set<std::string> allowed{
    "actors/node/worker.cpp",       // Retry-After as a date.
    "core/io/http/http_server.cpp", // The Date header.
    "core/io/file/wall_clock.cpp",  // The age of kept answers, which outlive the process.
  };
  size_t readers = 0;
  for (auto& s : sources()) {
    if (s.folder == "tests" || s.path.starts_with("apps/mock/"))
      continue;
    for (auto* word : {"system_clock::now", "CLOCK_REALTIME", "gettimeofday", "time(nullptr)"})
      if (s.text.find(word) != std::string::npos) {
        ++readers;
        BOOST_TEST(allowed.contains(s.path), s.path << " reads the wall clock");
      }
  }
  BOOST_TEST(readers == allowed.size());
}

BOOST_AUTO_TEST_CASE(no_source_file_is_too_long_to_read) {
  constexpr long lines_max = 400;
  for (auto& s : sources()) {
    const auto lines = std::count(s.text.begin(), s.text.end(), '\n');
    BOOST_TEST(lines <= lines_max, s.path << " has " << lines << " lines");
  }
}

BOOST_AUTO_TEST_SUITE_END()
