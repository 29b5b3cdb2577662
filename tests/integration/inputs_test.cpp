#include "tests/support/program_fixture.hpp"

#include <boost/test/data/test_case.hpp>

#include <zlib.h>

#include <algorithm>
#include <csignal>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

struct fixture : program_fixture {
  uint64_t seen() const { return upstream.mock->stats().requests(); }

  /// A run that reads its standard input.
  command piped(const words& options = {}) const {
    auto c = run_command(options);
    c.args[2] = "-";
    c.input = true;
    return c;
  }
  /// Feeds `bytes` to a run through a pipe.
  run_end feed(std::string_view bytes, const words& options = {}) const {
    process p{piped(options)};
    p.write(bytes);
    p.close_input();
    const int code = p.wait();
    return end_of({code, p.out(), p.err()});
  }
  void write_gzip(std::string_view bytes) {
    in += ".gz";
    const auto file = ::gzopen(in.c_str(), "wb");
    ::gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    ::gzclose(file);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(inputs, fixture)

// P7
BOOST_AUTO_TEST_CASE(a_pipe_gives_the_same_output_as_a_file) {
  write_input(500);
  const auto end = feed(read_file(in));
  BOOST_TEST(end.code == 0);
  check_attempts(check(end));
}

BOOST_AUTO_TEST_CASE(a_slow_pipe_is_answered_as_it_flows) {
  write_input(3);
  process p{piped()};
  for (size_t i = 0; i < 3; ++i) {
    const auto line = request_line(i);
    p.write(line.substr(0, 20));
    BOOST_REQUIRE(wait_until([&] { return seen() == i; }));
    p.write(line.substr(20));
    BOOST_REQUIRE(wait_until([&] { return seen() == i + 1; })); // Not only at the end.
    BOOST_REQUIRE(wait_until([&] { return read_results(out).size() == i + 1; }));
  }
  p.close_input();
  BOOST_TEST(p.wait() == 0);
  check_results(in, out, mock_options);
}

BOOST_DATA_TEST_CASE(a_pipe_that_is_interrupted_goes_on_with_the_same_bytes_only,
                     boost::unit_test::data::make({SIGTERM, SIGKILL}), signal) {
  write_input(60);
  upstream.mock->set_faults(faults({"slow:10ms"}));
  {
    process p{piped({"--in-flight-max", "1", "--mode", "sequential"})};
    p.write(read_file(in));
    const auto written = [this] { return std::ranges::count(read_file(out), '\n'); };
    BOOST_REQUIRE(wait_until([&] { return written() >= 8; }));
    p.signal(signal);
    BOOST_TEST(p.wait() == (signal == SIGTERM ? 143 : -SIGKILL));
  }
  auto other = read_file(in);
  other.replace(other.find("question 0"), 10, "question X");
  const auto refused = feed(other);
  BOOST_TEST(refused.code != 0);
  BOOST_TEST(refused.err.find("--restart") != std::string::npos);
  const auto end = feed(read_file(in));
  BOOST_TEST(end.code == 0);
  check(end);
  BOOST_TEST(number(end.summary, "resumed") >= 8u);
}

BOOST_AUTO_TEST_CASE(what_is_no_jsonl_is_refused_before_an_output_exists) {
  for (std::string_view bytes : {"", "a,b\n1,2\n", "[\n{\"custom_id\":\"a\"}\n]\n", "\xff\xfe{"}) {
    write_file(in, bytes);
    const auto end = run();
    BOOST_TEST(end.code == 2);
    BOOST_TEST(!std::filesystem::exists(out));
  }
  BOOST_TEST(seen() == 0u);
}

BOOST_AUTO_TEST_CASE(line_ends_marks_and_blanks_of_all_kinds_are_understood) {
  std::string crlf = request_line(0);
  crlf.insert(crlf.size() - 1, "\r");
  std::string last = request_line(3);
  last.pop_back(); // No line break at the end.
  write_file(in,
             "\xef\xbb\xbf" + crlf + "\n\r\n   \t\n" + request_line(1) + request_line(2) + last);
  const auto end = run();
  BOOST_TEST(end.code == 0);
  BOOST_TEST(check(end).size() == 4u);
}

BOOST_AUTO_TEST_CASE(unusable_lines_fail_in_their_place_and_the_rest_goes_on) {
  const std::string no_body = R"({"custom_id":"x","method":"POST","url":"/v1/chat/completions"})";
  write_file(in, request_line(0) + "not json\n" + request_line(1) + "{\"a\":\"\xff\xfe\"}\n" +
                   std::string("{\"custom_id\":\"n\0\"}\n", 19) + no_body + "\n[]\n" +
                   request_line(2));
  const auto end = run();
  BOOST_TEST(end.code == 1);
  const auto results = check(end);
  BOOST_REQUIRE(results.size() == 8u);
  for (size_t i = 0; i < 8; ++i) {
    const bool good = i == 0 || i == 2 || i == 7;
    BOOST_TEST(results[i].is_completed() == good);
    if (good)
      continue;
    BOOST_TEST(results[i].record.error_code == "invalid_input");
    BOOST_TEST(results[i].record.attempts == 0u);
    BOOST_TEST(results[i].message.find("line " + std::to_string(i + 1)) != std::string::npos);
  }
  check_attempts(results);
}

BOOST_AUTO_TEST_CASE(one_line_of_50_mb_goes_through) {
  const size_t size = rounds(50u << 20, 20u << 20);
  write_file(in, request_line(0) + request_line(1, R"(,"user":")" + std::string(size, 'x') + '"') +
                   request_line(2));
  const auto end = run({"--timeout", "60s"});
  // The mock limits bodies, too: it may refuse this request, but no other.
  const auto results = check(end);
  BOOST_TEST(results.size() == 3u);
  BOOST_TEST(results[0].is_completed());
  BOOST_TEST(results[2].is_completed());
}

BOOST_AUTO_TEST_CASE(a_line_above_the_cap_is_a_failed_result) {
  write_file(in, request_line(0) + request_line(1, R"(,"user":")" + std::string(5000, 'x') + '"') +
                   request_line(2));
  const auto end = run({"--line-max", "4KiB"});
  BOOST_TEST(end.code == 1);
  const auto results = read_results(out);
  BOOST_REQUIRE(results.size() == 3u);
  BOOST_TEST(results[1].record.custom_id == "id-1");
  BOOST_TEST(results[1].record.error_code == "invalid_input");
  BOOST_TEST(results[2].is_completed());
}

BOOST_AUTO_TEST_CASE(a_gzipped_input_is_read_as_it_is_meant) {
  write_input(200);
  const auto plain = in;
  write_gzip(read_file(in));
  const auto end = run();
  BOOST_TEST(end.code == 0);
  check_results(plain, out, mock_options);
}

BOOST_AUTO_TEST_CASE(a_gzipped_input_that_was_cut_is_refused_before_the_first_send) {
  write_input(200);
  write_gzip(read_file(in));
  const auto whole = read_file(in);
  write_file(in, whole.substr(0, whole.size() - 20));
  const auto end = run();
  BOOST_TEST(end.code != 0);
  BOOST_TEST(end.err.find(in) != std::string::npos);
  BOOST_TEST(seen() == 0u);
}

BOOST_AUTO_TEST_CASE(another_input_for_the_same_output_is_refused) {
  write_input(50);
  {
    upstream.mock->set_faults(faults({"hang:after=20"}));
    process p{run_command({"--in-flight-max", "5"})};
    BOOST_REQUIRE(wait_until([this] { return seen() >= 24; }));
    p.signal(SIGKILL);
    p.wait();
    upstream.mock->set_faults({});
  }
  const auto before = read_file(out);
  write_input(50, "", 500); // Nothing in common: paid answers would be thrown away.
  const auto refused = run();
  BOOST_TEST(refused.code == 2);
  BOOST_TEST(refused.err.find("--restart") != std::string::npos);
  BOOST_TEST(read_file(out) == before);
  write_input(50);
  const auto end = run();
  BOOST_TEST(end.code == 0);
  check(end);
}

BOOST_AUTO_TEST_CASE(an_input_that_changes_under_the_run_stops_it) {
  const size_t lines = 20'000; // More than is read ahead.
  write_input(lines);
  upstream.mock->set_faults(faults({"slow:5ms"}));
  process p{run_command({"--in-flight-max", "10", "--window", "64"})};
  BOOST_REQUIRE(wait_until([this] { return seen() >= 50; }));
  auto bytes = read_file(in);
  const auto at = bytes.find("question " + std::to_string(lines - 10));
  BOOST_REQUIRE(at != bytes.npos);
  {
    std::fstream file{in, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(at));
    file << "QUESTION";
  }
  upstream.mock->set_faults({});
  BOOST_TEST(p.wait() == 3);
  BOOST_TEST(p.err().find("changed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(results_flow_to_standard_output_in_order) {
  write_input(300);
  auto c = bare_command({"run", in, "-o", "-", "--quiet", "--base-url", upstream.mock->base_url()});
  c.output_file = out;
  BOOST_TEST(run_to_end(c).code == 0);
  check_results(in, out, mock_options);
}

// P9
BOOST_AUTO_TEST_CASE(a_slow_reader_of_standard_output_slows_the_reading_of_the_input) {
  write_input(rounds(20'000, 5000));
  auto c = bare_command({"run", in, "-o", "-", "--quiet", "--base-url", upstream.mock->base_url(),
                         "--window", "256", "--in-flight-max", "32"});
  c.hold_output = true;
  process p{c};
  // It stops when the pipe and the window are full; without that it would end at once.
  uint64_t last = 0;
  BOOST_REQUIRE(wait_until([&] { return seen() > 100; }));
  while (seen() != std::exchange(last, seen()))
    std::this_thread::sleep_for(300ms);
  BOOST_TEST(last < 2000u);
  p.read_output();
  BOOST_TEST(p.wait() == 0);
  write_file(out, p.out());
  check_results(in, out, mock_options);
}

BOOST_AUTO_TEST_CASE(a_reader_of_standard_output_that_leaves_ends_the_run) {
  write_input(20'000);
  auto c = bare_command({"run", in, "-o", "-", "--quiet", "--base-url", upstream.mock->base_url()});
  c.hold_output = true;
  process p{c};
  BOOST_REQUIRE(wait_until([this] { return seen() > 10; }));
  p.close_output();
  BOOST_TEST(p.wait() == 3);
  BOOST_TEST(seen() < 20'000u);
}

BOOST_AUTO_TEST_SUITE_END()
