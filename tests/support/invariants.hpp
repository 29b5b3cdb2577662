#pragma once

#include "tests/support/engine_world.hpp"

#include <cstdint>
#include <optional>

namespace penstock::test {

/// What to expect at the end of a job.
struct expectations {
  uint64_t attempts_max = 5;
  /// Number of deaths (nodes, lives of the job) that may each have lost the counts of all attempts
  /// of a request. 0: no death, so the counts are exact.
  uint64_t deaths = 0;
  bool whole = true; ///< Every request has its line.
  /// A closed lane may have given requests back, each time after one attempt.
  bool breaker = false;
};

/// The number in the body `{"n":12}` of a request, to which a test provider answers.
uint64_t number_of(const std::string& body);

/// The text of a right answer to request `index`.
std::string answer_of(uint64_t index);

/// I1, I2: asserts that every line is in its place and answers its own request.
/// @param whole No line may be missing. @returns counts of the lines.
core::output_totals check_lines(const memory_files& files, bool whole);

/// I10: asserts that a request with a final temporary failure has used all its attempts, and that
/// the text of the failure contains their number.
void check_effort(const memory_files& files, uint64_t attempts_max);

/// Asserts the invariants for a job that has ended and its world: I1 no request is lost; I2 one
/// outcome for each request, in order; I4 limited attempts; I6 counters equal a recount; I8 nothing
/// is outstanding; I9 no request before its Retry-After; I10 no final temporary failure before all
/// attempts are used. (A violation of I3 shows as I2: the outcome of an old epoch would be a second
/// one. I5 and I7 are checked in the tests of the lane.)
void check_invariants(engine_world& world, const job_progress& ended, const expectations& expected);

} // namespace penstock::test
