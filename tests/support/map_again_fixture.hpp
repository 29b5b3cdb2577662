#pragma once

#include "tests/support/map_fixture.hpp"

namespace penstock::test {

/// Maps that run into the same output once more.
struct again_fixture : map_fixture {
  using map_fixture::map_fixture;

  /// Each row is a request of its own.
  run_end map(words options = {}) const {
    options.insert(options.end(), {"--mode", "parallel"});
    return map_fixture::map(options);
  }

  /// Rows with these words; `school` is nothing that a request uses.
  void write_words(const std::vector<std::string>& all, const std::string& school = "north") const {
    std::string text = "word,school\n";
    for (auto& w : all)
      text += w + "," + school + "\n";
    write_file(in, text);
  }
  static std::vector<std::string> some_words(size_t n) {
    std::vector<std::string> all;
    for (size_t i = 0; i < n; ++i)
      all.push_back("word-" + std::to_string(i));
    return all;
  }
  /// Each row of the output is that of its word, in their order, and the model spoke of it.
  void check_words(const std::vector<std::string>& all) const {
    const auto lines = lines_of(out);
    BOOST_REQUIRE(lines.size() == all.size() + 1);
    for (size_t i = 0; i < all.size(); ++i) {
      BOOST_TEST(lines[i + 1].starts_with(all[i] + ","), lines[i + 1]);
      BOOST_TEST(lines[i + 1].find(all[i] + ".", all[i].size()) != std::string::npos, lines[i + 1]);
    }
  }
  /// Requests that one kill may cost twice: two in flight, and answers that wait for the commit of
  /// the journal. On a busy machine several of them wait.
  static constexpr uint64_t twice_max = 2 + 8;
  /// Runs until `stop_at` requests were seen, then dies.
  void kill_at(uint64_t stop_at, words options = {}) const {
    options.insert(options.end(), {"--max-in-flight", "2", "--mode", "parallel"});
    process p{map_command(options)};
    BOOST_REQUIRE(wait_until([&] { return p.has_ended() || seen() >= stop_at; }));
    BOOST_TEST(!p.has_ended());
    p.signal(SIGKILL);
    p.wait();
    BOOST_REQUIRE(wait_until([&] { return upstream.mock->stats().in_flight() == 0; }));
  }
  static uint64_t change(const run_end& end, const char* name) {
    return number(end.summary.at("input_changes").as_object(), name);
  }
};

struct slow_again : again_fixture {
  slow_again() : again_fixture(slow_fixture::options()) {}
};

} // namespace penstock::test
