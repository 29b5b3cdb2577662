#include "tests/support/invariants.hpp"

#include <boost/test/unit_test.hpp>

#include <charconv>
#include <map>
#include <set>
#include <string>

namespace penstock::test {

namespace {

/// Checks I4 and the attempts of I6.
void check_attempts(engine_world& world, const expectations& expected) {
  struct seen {
    uint64_t calls = 0, rate_limited = 0;
  };
  std::map<uint64_t, seen> by_index;
  for (auto& call : world.upstream->calls) {
    auto& s = by_index[number_of(call.body)];
    ++s.calls;
    s.rate_limited += call.status == 429;
  }
  for (auto& [index, s] : by_index) {
    BOOST_TEST_CONTEXT("request " << index) {
      BOOST_TEST(!world.files->input[index]->rejection);
      const auto bound = (expected.attempts_max + 2) * (1 + expected.deaths);
      if (!expected.breaker)
        BOOST_TEST(s.calls - s.rate_limited <= bound);
      if (expected.deaths > 0 || index >= world.files->lines.size())
        continue;
      auto record = core::parse_output_line(world.files->lines[index]);
      BOOST_TEST(record->attempts == s.calls);
      BOOST_TEST(record->rate_limited == s.rate_limited);
    }
  }
}

/// Whether a later attempt may succeed.
bool passes(const std::string& code) {
  static const std::set<std::string> codes{"rate_limited", "server_error",      "overloaded",
                                           "timeout",      "connection_failed", "bad_response",
                                           "unavailable",  "overflow"};
  return codes.contains(code);
}

/// I9: no request arrives while the lane pauses.
void check_pauses(const engine_world& world) {
  auto& calls = world.upstream->calls;
  for (auto& paused : calls) {
    if (paused.retry_after <= caf::timespan{})
      continue;
    const auto from = paused.at + paused.delay, to = from + paused.retry_after;
    for (auto& call : calls)
      if (call.at > from)
        BOOST_TEST((call.at >= to));
  }
}

} // namespace

uint64_t number_of(const std::string& body) {
  uint64_t n = 0;
  std::from_chars(body.data() + body.find(':') + 1, body.data() + body.size(), n);
  return n;
}

std::string answer_of(uint64_t index) { return "answer-" + std::to_string(index); }

core::output_totals check_lines(const memory_files& files, bool whole) {
  core::output_totals totals;
  BOOST_TEST(files.gaps == 0u);
  BOOST_TEST(files.lines.size() <= files.input.size());
  if (whole) {
    BOOST_TEST(files.lines.size() == files.input.size());
    BOOST_TEST(files.kept.empty());
  }
  for (uint64_t i = 0; i < files.lines.size(); ++i) {
    auto record = core::parse_output_line(files.lines[i]);
    BOOST_REQUIRE(record.has_value());
    totals.add(*record);
    BOOST_TEST(record->index == i);
    BOOST_TEST(record->custom_id == files.input[i]->custom_id);
    const auto answered = files.lines[i].find('"' + answer_of(i) + '"') != std::string::npos;
    BOOST_TEST(answered == (record->state == core::outcome_state::completed), files.lines[i]);
    if (files.input[i]->rejection)
      BOOST_TEST(record->error_code == "invalid_input");
  }
  for (auto& [index, line] : files.kept) {
    BOOST_TEST(index >= files.lines.size());
    if (auto record = core::parse_output_line(line))
      totals.add(*record);
  }
  return totals;
}

void check_effort(const memory_files& files, uint64_t attempts_max) {
  for (auto& line : files.lines) {
    auto record = core::parse_output_line(line);
    if (!record || record->state != core::outcome_state::failed || !passes(record->error_code))
      continue;
    BOOST_TEST(record->attempts - record->rate_limited >= attempts_max, line);
    const auto told = "(after " + std::to_string(record->attempts) + " attempt";
    BOOST_TEST(line.find(told) != line.npos, line);
  }
}

void check_invariants(engine_world& world, const job_progress& ended,
                      const expectations& expected) {
  auto& files = *world.files;
  const auto totals = check_lines(files, expected.whole);
  check_attempts(world, expected);
  check_effort(files, expected.attempts_max);
  if (expected.deaths == 0)
    check_pauses(world);
  // I6
  BOOST_TEST(ended.completed == totals.completed);
  BOOST_TEST(ended.failed == totals.failed);
  BOOST_TEST(ended.cancelled == totals.cancelled);
  BOOST_TEST(ended.expired == totals.expired);
  BOOST_TEST(ended.attempts == totals.attempts);
  BOOST_TEST(ended.rate_limited == totals.rate_limited);
  BOOST_TEST(ended.written == files.lines.size());
  BOOST_TEST(ended.in_flight == 0u);
  if (expected.whole)
    BOOST_TEST(ended.read == files.input.size());
  // I8
  BOOST_TEST(world.upstream->open.empty());
  BOOST_TEST(world.workers() == 0u);
  const auto lane = world.lane();
  BOOST_TEST(lane.in_flight == 0u);
  BOOST_TEST(lane.waiting == 0u);
  BOOST_TEST(lane.granted + lane.adopted == lane.settled + lane.released);
}

} // namespace penstock::test
