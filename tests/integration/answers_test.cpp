#include "tests/support/program_fixture.hpp"

#include <boost/test/data/test_case.hpp>

using namespace penstock;
using namespace penstock::test;
namespace data = boost::unit_test::data;

namespace {

struct fixture : program_fixture {
  /// 20 requests; the fifth one has this fault in every attempt.
  std::vector<result_line> run_with(const std::string& spec, words options = {}) {
    std::string lines;
    for (size_t i = 0; i < 20; ++i)
      lines += request_line(i, i == 4 ? R"(,"user":"[[mock:)" + spec + R"(]]")" : "");
    write_file(in, lines);
    options.insert(options.begin(), {"--in-flight-max", "10", "--attempts", "2", "--mode",
                                     "parallel", "--idle-timeout", "1s"});
    end = run(options);
    const auto results = check(end);
    check_attempts(results);
    return results;
  }
  /// Checks that only the fifth failed, with a short part of the answer in its error.
  void only_the_fifth_failed(const std::vector<result_line>& results, const words& codes) {
    BOOST_TEST(end.code == 1);
    BOOST_TEST(count_state(results, core::outcome_state::completed) == 19u);
    const auto& r = results.at(4);
    BOOST_TEST_CONTEXT(r.line.substr(0, 400)) {
      BOOST_TEST(!r.is_completed());
      BOOST_TEST((std::find(codes.begin(), codes.end(), r.record.error_code) != codes.end()));
      BOOST_TEST(r.message.size() < 2000u);
      BOOST_TEST(r.line.size() < 70'000u);
    }
  }

  run_end end;
};

const words malformed{
  "truncated_json",
  "malformed_json",
  "malformed_json:trailing",
  "empty_body",
  "deep_nesting:10000",
  "deep_nesting:1000000",
  "html_200",
  "wrong_type:text/html",
  "empty_choices",
  "null_content",
  "wrong_len_long",
  "wrong_len_short",
  "truncated_len",
  "truncated_chunked",
  "error_in_200",
  "garbage",
  "redirect",
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(answers, fixture)

// U8
BOOST_DATA_TEST_CASE(a_malformed_answer_fails_its_request_alone, data::make(malformed), spec) {
  const auto results = run_with(spec);
  if (spec.starts_with("wrong_type")) // The bytes decide, not what they are called.
    return;
  only_the_fifth_failed(results, {"bad_response", "connection_failed", "server_error", "timeout",
                                  "bad_request", "response_too_large"});
}

BOOST_AUTO_TEST_CASE(an_endless_answer_is_cut_at_the_cap) {
  const auto results = run_with("huge_body:100");
  only_the_fifth_failed(results, {"response_too_large"});
}

BOOST_AUTO_TEST_CASE(a_large_answer_below_the_cap_is_kept) {
  write_file(in, request_line(0, R"(,"user":"[[mock:huge_body:8]]")"));
  BOOST_TEST(run().code == 0);
  const auto results = read_results(out); // The filler text of the mock, not the echo.
  BOOST_TEST(results.at(0).text.size() == 8u << 20);
}

BOOST_DATA_TEST_CASE(an_answer_that_arrives_oddly_is_an_answer,
                     data::make(words{"chunked", "close_delimited", "keepalive_noise", "bom",
                                      "clock_skew:3600", "headers_lying", "slow:100ms"}),
                     spec) {
  const auto results = run_with(spec);
  BOOST_TEST(end.code == 0);
  BOOST_TEST(count_state(results, core::outcome_state::completed) == 20u);
}

BOOST_DATA_TEST_CASE(an_answer_that_was_paid_for_is_repaired,
                     data::make(words{"invalid_utf8", "half_surrogate"}), spec) {
  write_file(in, request_line(0, R"(,"user":"[[mock:)" + spec + R"(]]")"));
  BOOST_TEST(run().code == 0);
  const auto results = read_results(out);
  BOOST_REQUIRE(results.size() == 1u);
  const auto& record = results[0].record;
  BOOST_TEST(record.attempts == 1u);
  BOOST_REQUIRE(record.notes.size() == 1u);
  BOOST_TEST(record.notes[0].find("repaired") != std::string::npos);
}

BOOST_DATA_TEST_CASE(a_request_that_is_refused_fails_at_once_and_alone,
                     data::make(words{"400_ctx", "404_model", "413", "422", "400", "501"}), spec) {
  const auto results = run_with(spec);
  only_the_fifth_failed(results, {"bad_request", "request_too_large"});
  BOOST_TEST(results.at(4).record.attempts == 1u);
  BOOST_TEST(!results.at(4).body.is_null()); // The text of the provider is kept.
}

BOOST_AUTO_TEST_CASE(an_answer_that_was_delivered_and_lost_is_asked_for_again_once) {
  const auto results = run_with("dup_delivery:first=1");
  BOOST_TEST(end.code == 0);
  BOOST_TEST(results.at(4).record.attempts == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
