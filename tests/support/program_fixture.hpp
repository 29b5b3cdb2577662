#pragma once

#include "tests/support/mock_fixture.hpp"
#include "tests/support/process.hpp"
#include "tests/support/run_checker.hpp"
#include "tests/support/temp_dir.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace penstock::test {

using words = std::vector<std::string>;

/// The result of a finished run.
struct run_end : finished {
  boost::json::object summary; ///< Of `--json`; empty if there was none.
};

/// The real program against a mock provider in this process, with input `in` and output `out` in a
/// new directory.
struct program_fixture {
  explicit program_fixture(mock::mock_options options = {});

  /// Writes `count` chat requests with ids "id-0" ... to `in`. `more` are further members of each
  /// body, with a leading comma; `first` shifts the ids.
  void write_input(size_t count, std::string_view more = "", size_t first = 0) const;
  /// One line of such an input, with its line break.
  static std::string request_line(size_t number, std::string_view more = "");

  /// `penstock run in -o out` against the mock, quiet, with a JSON summary.
  command run_command(const words& options = {}) const;
  /// `penstock` with only these words.
  command bare_command(words args) const;
  /// Runs `run_command(options)` to its end.
  run_end run(const words& options = {}) const;
  static run_end end_of(finished f);

  /// Finishes the run, then checks the results: complete, equal to the mock's answers, and counters
  /// equal to a recount. @returns the results.
  std::vector<result_line> check(const run_end& end) const;
  /// Checks that the attempts of the program equal the requests at the mock (read or not).
  void check_attempts(const std::vector<result_line>& results) const;

  mock::mock_options mock_options;
  mock_fixture upstream;
  temp_dir dir;
  std::string in = dir / "in.jsonl";
  std::string out = dir / "out.jsonl";
};

/// Faults in the mock's notation.
std::vector<mock::fault_rule> faults(const words& specs);

} // namespace penstock::test
