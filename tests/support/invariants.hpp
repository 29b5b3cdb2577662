#pragma once

#include "tests/support/engine_world.hpp"

#include <cstdint>
#include <optional>

namespace penstock::test {

/// What the checker may expect of a job's end.
struct expectations {
  uint64_t attempts_max = 5;
  /// Lives that may each have spent all attempts of a request without a trace: hand-outs lost with
  /// their node, lives of the job. 0: nothing died, so the counts are exact.
  uint64_t deaths = 0;
  bool whole = true;    ///< Every request has its line.
  bool breaker = false; ///< A closed lane may have handed requests back, for one attempt each time.
};

/// The number in the body `{"n":12}` of a request; what an upstream of the tests answers to.
uint64_t number_of(const std::string& body);

/// What a right answer to request `index` says.
std::string answer_of(uint64_t index);

/// I1, I2: asserts that every line stands at its place and answers its own request. @returns a
/// recount of them. @param whole Nothing may be missing.
core::output_totals check_lines(const memory_files& files, bool whole);

/// I10: asserts that a final failure which another attempt could have changed has had all of them,
/// and that its text tells how many.
void check_effort(const memory_files& files, uint64_t attempts_max);

/// Asserts the invariants of faults.md on a job that has ended and on the world it ran in:
/// I1 nothing lost, I2 one outcome each, in order, at its place, I4 attempts bounded, I6 counters
/// equal a recount, I8 nothing outstanding, I9 nothing before its Retry-After, I10 no failure that
/// passes before all attempts. (I3 shows as I2: the outcome of an old epoch would be a second one.
/// I5 and I7 belong to the lane alone and are proven there.)
void check_invariants(engine_world& world, const job_progress& ended, const expectations& expected);

} // namespace penstock::test
