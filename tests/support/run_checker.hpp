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
  std::string line;    ///< As in the file.
  std::string text;    ///< The text of the answer; empty if there is none.
  std::string message; ///< Message of the error.
  boost::json::value body;

  bool is_completed() const { return record.state == core::outcome_state::completed; }
  /// The members that are equal in all runs of the same input: no times, no request ids.
  std::string essence() const;
};

/// Reads an output with a plain JSON parser. Fails the test at a line that is incomplete, damaged
/// or not JSON.
std::vector<result_line> read_results(const std::string& path);

/// The answer of a mock with these options to each request of an input, in order; empty for lines
/// that are not requests.
std::vector<std::string> expected_answers(const std::string& input_path,
                                          const mock::mock_options& options);

/// I1 and I2: every line of the input has exactly one result, in its place, with its custom_id. A
/// completed result has the right answer. @returns the results.
std::vector<result_line> check_results(const std::string& input_path,
                                       const std::string& output_path,
                                       const mock::mock_options& options);

/// I6: the summary's counters equal a recount of the output.
void check_summary(const boost::json::object& summary, const std::vector<result_line>& results);

/// Sum of the attempts of the results.
uint64_t attempts_of(const std::vector<result_line>& results);
uint64_t count_state(const std::vector<result_line>& results, core::outcome_state state);

/// A member of a JSON object as a number. Fails the test if it is not a number.
uint64_t number(const boost::json::object& o, std::string_view name);

} // namespace penstock::test
