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
  std::string path;   ///< Path from the root.
  std::string folder; ///< The first part of the path: a layer.
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

/// The names in the includes, without brackets or quotes.
std::vector<std::string> includes(const source& s) {
  static const std::regex line{R"((?:^|\n)[ \t]*#[ \t]*include[ \t]*([<"][^>"\n]+))"};
  std::vector<std::string> result;
  for (std::sregex_iterator it{s.text.begin(), s.text.end(), line}, end; it != end; ++it)
    result.push_back((*it)[1]);
  return result;
}

/// The table of rooms: which other rooms each room may include. Rooms that those rooms may include
/// are allowed, too. A new room needs a row here and a line in the README.md of its folder.
const std::map<std::string, std::set<std::string>>& rooms() {
  static const std::map<std::string, std::set<std::string>> table{
    // Decisions and data.
    {"core/base", {}},
    {"core/json", {"core/base"}},
    {"core/lane", {"core/base"}},
    {"core/protocol", {"core/base", "core/json"}},
    {"core/jsonl", {"core/base", "core/json"}},
    {"core/attempt", {"core/base", "core/json"}},
    {"core/job", {"core/base", "core/lane"}},
    {"core/engine", {"core/base", "core/json"}},
    {"core/pack", {"core/base", "core/json"}},
    {"core/recipe", {"core/base", "core/json", "core/jsonl"}},
    {"core/map", {"core/recipe", "core/jsonl", "core/lane"}},
    {"core/load", {"core/base", "core/json"}},
    {"core/view", {"core/base", "core/json", "core/job", "core/lane"}},
    {"core/api", {"core/jsonl", "core/job", "core/protocol", "core/view"}},
    // Libraries and the operating system.
    {"core/io/http", {"core/base"}},
    {"core/io/file", {"core/base", "core/json", "core/jsonl"}},
    {"core/io/store", {"core/api", "core/jsonl", "core/attempt", "core/job", "core/io/file"}},
    {"core/io/document", {"core/recipe", "core/io/file"}},
    // Settings.
    {"config", {"core"}},
    {"config/recipe", {"config", "core"}},
    {"config/script", {"config", "config/recipe", "core"}},
    // Messages and actors.
    {"messages", {"core"}},
    {"actors/lane", {"messages", "config"}},
    {"actors/cache", {"messages", "config", "core/io"}},
    {"actors/node", {"messages", "config", "core/io"}},
    {"actors/job", {"messages", "config", "core/io"}},
    {"actors/store", {"messages", "config", "core/io"}},
    {"actors/map", {"messages", "config", "core/io"}},
    {"actors/engine", {"actors/job", "actors/store"}},
    {"actors/peer", {"actors/node"}},
    {"actors/http", {"messages", "config", "core", "core/io"}},
    {"actors/supervisor",
     {"actors/engine", "actors/job", "actors/lane", "actors/cache", "actors/node", "actors/store"}},
    {"actors/host", {"actors/supervisor", "actors/peer"}},
    // Programs.
    {"apps/mock", {"core", "core/io"}},
    {"apps/penstock/cli", {"config", "core"}},
    {"apps/penstock/view", {"messages", "config", "core"}},
    {"apps/penstock/process", {"apps/penstock/cli", "apps/penstock/view", "actors", "apps/mock"}},
    {"apps/penstock/run", {"apps/penstock/process"}},
    {"apps/penstock/map", {"apps/penstock/process", "config/recipe"}},
    {"apps/penstock/serve", {"apps/penstock/process"}},
    {"apps/penstock/load", {"apps/penstock/process", "apps/penstock/mock", "config/script"}},
    {"apps/penstock/mock", {"apps/penstock/cli", "apps/mock", "core"}},
    {"apps/penstock/client", {"apps/penstock/process", "apps/penstock/run"}},
    {"apps/penstock",
     {"apps/penstock/client", "apps/penstock/load", "apps/penstock/map", "apps/penstock/serve"}},
  };
  return table;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

/// Whether `room` may include `other`. A row that names a whole folder ("core", "core/io",
/// "actors") allows each of its rooms; "core" does not include "core/io".
bool may_include(const std::string& room, const std::string& other) {
  auto row = rooms().find(room);
  if (row == rooms().end())
    return false;
  const auto names = [&](const std::string& allowed) {
    return allowed == other || folder_of(other) == allowed;
  };
  for (auto& allowed : row->second) {
    if (names(allowed))
      return true;
    for (auto& [part, _] : rooms())
      if ((part == allowed || (!rooms().contains(allowed) && folder_of(part) == allowed)) &&
          may_include(part, other))
        return true;
  }
  return false;
}

/// The fault of an include of `name` (as written after the bracket or quote) in the file at `path`;
/// empty: none.
std::string broken_rule(const std::string& path, const std::string& name) {
  const auto room = folder_of(path);
  const auto row = rooms().find(room);
  if (row == rooms().end())
    return path + " lies in no room: add a row for \"" + room + "\" to tests/architecture_test.cpp";
  const auto told = [&](const std::string& why) {
    std::string allowed;
    for (auto& one : row->second)
      allowed += (allowed.empty() ? "" : ", ") + one;
    return path + " includes " + name.substr(1) + ": " + why + ". The row \"" + room +
           "\" of the table of rooms allows " + (allowed.empty() ? "nothing else" : allowed);
  };
  if (name[0] == '<')
    return name.starts_with("<caf/") && (path.starts_with("core/") || path.starts_with("config/"))
             ? told("decisions and settings know nothing of actors")
             : "";
  if (name.find('/') == std::string::npos)
    return told("an include begins at the root");
  const auto other = folder_of(name.substr(1));
  return other == room || may_include(room, other) ? "" : told("the rule is broken");
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

// A room may include itself, the rooms of its row, and the rooms that those may include.
BOOST_AUTO_TEST_CASE(every_room_keeps_its_row) {
  for (auto& s : sources())
    if (s.folder != "tests" &&
        !s.path.starts_with("apps/examples/")) // Examples are other projects.
      for (auto& name : includes(s))
        if (auto broken = broken_rule(s.path, name); !broken.empty())
          BOOST_ERROR(broken);
}

BOOST_AUTO_TEST_CASE(a_planted_include_is_found_in_every_room) {
  for (auto& [room, _] : rooms()) {
    // A room above all others, and one that nothing may include but the program itself.
    for (std::string planted : {"apps/penstock/client/client.hpp", "apps/examples/none.hpp"}) {
      if (folder_of(planted) == room || room == "apps/penstock")
        continue;
      const auto broken = broken_rule(room + "/some.cpp", '"' + planted);
      BOOST_TEST(broken.find(room + "/some.cpp") != std::string::npos);
      BOOST_TEST(broken.find("row \"" + room + "\"") != std::string::npos, broken);
    }
    BOOST_TEST(!broken_rule(room + "/some.cpp", "\"no_room.hpp").empty());
  }
  BOOST_TEST(!broken_rule("core/lane/lane.hpp", "\"core/protocol/protocol.hpp").empty());
  BOOST_TEST(broken_rule("core/lane/lane.hpp", "\"core/base/time.hpp").empty());
  BOOST_TEST(!broken_rule("core/base/time.hpp", "<caf/all.hpp").empty());
  BOOST_TEST(!broken_rule("core/new_room/x.hpp", "\"core/base/time.hpp").empty());
}

// tests/readmes checks their length.
BOOST_AUTO_TEST_CASE(every_room_has_a_readme) {
  for (auto& [room, _] : rooms())
    BOOST_TEST(fs::exists(fs::path{PENSTOCK_SOURCE_DIR} / room / "README.md"), room);
}

BOOST_AUTO_TEST_CASE(only_wrappers_know_the_wrapped_libraries) {
  for (auto& s : sources())
    for (auto& name : includes(s))
      if (name.starts_with("<curl/") || name.starts_with("<SQLiteCpp/") || name == "<sqlite3.h")
        BOOST_TEST((s.path.starts_with("core/io/") || s.path.starts_with("tests/")),
                   s.path << " includes " << name);
}

// P10: a jump of the wall clock has no effect on time limits, because code that measures time does
// not read it.
BOOST_AUTO_TEST_CASE(only_dates_and_ages_come_from_the_wall_clock) {
  const std::set<std::string> allowed{
    "actors/job/coordinator_held.cpp",   // When to come back, for people.
    "apps/penstock/map/map_control.cpp", // The time at which a pause ends, for people.
    "apps/penstock/view/progress.cpp",   // The same.
    "actors/node/worker.cpp",            // Retry-After as a date.
    "actors/node/worker_stream.cpp",     // The same.
    "core/io/http/http_server.cpp",      // The Date header.
    "core/io/file/wall_clock.cpp",       // The age of kept answers, which outlive the process.
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
