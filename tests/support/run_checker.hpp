#pragma once

#include "apps/mock/mock_options.hpp"
#include "core/jsonl/jsonl.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::test {

/// One line of an output.
struct result_line {
  core::output_record record;
  std::string line;    ///< As it stands in the file.
  std::string text;    ///< The answer's words; empty if there are none.
  std::string message; ///< Of the error.
  boost::json::value body;

  bool is_completed() const { return record.state == core::outcome_state::completed; }
  /// All that two runs of the same input must agree on: no times, no ids of exchanges.
  std::string essence() const;
};

/// Reads an output as any JSON program would. Fails the test at a line that is torn, damaged or not
/// JSON.
std::vector<result_line> read_results(const std::string& path);

/// What a mock with these options answers to each request of an input, in order; empty for lines
/// that are no requests.
std::vector<std::string> expected_answers(const std::string& input_path,
                                          const mock::mock_options& options);

/// I1 and I2: every line of the input has exactly one result, in its place, with its custom_id; a
/// completed one has the very answer that belongs to it.
/// @returns the results, for further questions.
std::vector<result_line> check_results(const std::string& input_path,
                                       const std::string& output_path,
                                       const mock::mock_options& options);

/// I6: the summary's counters equal a recount of the output.
void check_summary(const boost::json::object& summary, const std::vector<result_line>& results);

/// Sum of the attempts in the results.
uint64_t attempts_of(const std::vector<result_line>& results);
uint64_t count_state(const std::vector<result_line>& results, core::outcome_state state);

/// Member of a JSON object as a number; fails the test if it is none.
uint64_t number(const boost::json::object& o, std::string_view name);

} // namespace penstock::test
