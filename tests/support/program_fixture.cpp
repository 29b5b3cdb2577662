#include "tests/support/program_fixture.hpp"

#include <algorithm>

namespace penstock::test {

program_fixture::program_fixture(mock::mock_options options)
    : mock_options(options), upstream(std::move(options)) {}

std::string program_fixture::request_line(size_t number, std::string_view more) {
  const auto n = std::to_string(number);
  return R"({"custom_id":"id-)" + n + R"(","method":"POST","url":"/v1/chat/completions","body":)" +
         mock_fixture::chat("question " + n, more) + "}\n";
}

void program_fixture::write_input(size_t count, std::string_view more, size_t first) const {
  std::string lines;
  for (size_t i = first; i < first + count; ++i)
    lines += request_line(i, more);
  write_file(in, lines);
}

command program_fixture::bare_command(words args) const {
  command c;
  c.args = std::move(args);
  c.args.insert(c.args.begin(), PENSTOCK_PROGRAM);
  return c;
}

command program_fixture::run_command(const words& options) const {
  words args{"run",     in,       "-o",     out, "--base-url", upstream.mock->base_url(),
             "--quiet", "--json", "--seed", "7"};
  args.insert(args.end(), options.begin(), options.end());
  return bare_command(std::move(args));
}

run_end program_fixture::end_of(finished f) {
  run_end end{std::move(f), {}};
  boost::system::error_code ec;
  const auto v = boost::json::parse(end.out, ec);
  if (!ec && v.is_object())
    end.summary = v.get_object();
  return end;
}

run_end program_fixture::run(const words& options) const {
  return end_of(run_to_end(run_command(options)));
}

std::vector<result_line> program_fixture::check(const run_end& end) const {
  BOOST_TEST_CONTEXT("it said: " << end.err << end.out.substr(0, 2000)) {
    auto results = check_results(in, out, mock_options);
    BOOST_REQUIRE(!end.summary.empty());
    check_summary(end.summary, results);
    return results;
  }
  return {};
}

void program_fixture::check_attempts(const std::vector<result_line>& results) const {
  const auto seen = upstream.mock->stats().requests() + upstream.mock->connections().unread;
  BOOST_TEST(attempts_of(results) == seen);
}

std::vector<mock::fault_rule> faults(const words& specs) {
  std::vector<mock::fault_rule> rules;
  for (const auto& spec : specs) {
    auto rule = mock::parse_fault(spec);
    BOOST_REQUIRE_MESSAGE(rule.has_value(), spec);
    rules.push_back(std::move(*rule));
  }
  return rules;
}

} // namespace penstock::test
