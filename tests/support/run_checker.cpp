#include "tests/support/run_checker.hpp"
#include "tests/support/temp_dir.hpp"

#include "apps/mock/mock_shape.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>

namespace penstock::test {

namespace json = boost::json;

namespace {

/// Calls `use` for each line without its line break. @returns the rest after the last line break.
std::string_view for_each_line(std::string_view text,
                               const std::function<void(std::string_view)>& use) {
  for (size_t end; (end = text.find('\n')) != text.npos; text.remove_prefix(end + 1))
    use(text.substr(0, end));
  return text;
}

/// The requests of an input, as the program reads them. A byte order mark is not a part of the
/// first.
std::vector<core::request> read_requests(const std::string& path) {
  std::vector<core::request> requests;
  std::string bytes = read_file(path);
  if (bytes.starts_with("\xef\xbb\xbf"))
    bytes.erase(0, 3);
  uint64_t number = 0;
  const auto add = [&](std::string_view line) {
    ++number;
    if (!core::is_blank(line))
      requests.push_back(core::parse_request_line(line, requests.size(), number));
  };
  if (const auto rest = for_each_line(bytes, add); !rest.empty())
    add(rest);
  return requests;
}

std::string string_at(const json::value& v, std::string_view pointer) {
  boost::system::error_code ec;
  const auto* found = v.find_pointer(pointer, ec);
  const auto* s = found ? found->if_string() : nullptr;
  return s ? std::string{*s} : std::string{};
}

/// The fault of the result of request `index`; empty: none.
std::string fault_of(const result_line& r, uint64_t index, const core::request& request,
                     const std::string& answer) {
  if (r.record.index != index)
    return "its index is " + std::to_string(r.record.index);
  if (r.record.custom_id != request.custom_id)
    return "it belongs to " + request.custom_id;
  if (!r.is_completed())
    return r.record.error_code.empty() || r.message.empty() ? "it failed without a reason" : "";
  if (request.rejection)
    return "its line is unusable, and yet it completed";
  if (r.record.status_code != 200 || (r.record.attempts == 0 && !r.record.cached))
    return "it completed without an answer";
  return r.text == answer ? "" : "the answer should be " + answer;
}

} // namespace

std::string result_line::essence() const {
  std::string out = record.custom_id + '|' + std::string{to_string(record.state)} + '|' +
                    record.error_code + '|' + std::to_string(record.status_code) + '|' + text;
  for (uint64_t n : {record.used.input_tokens, record.used.output_tokens})
    out += '|' + std::to_string(n);
  return out;
}

std::vector<result_line> read_results(const std::string& path) {
  std::vector<result_line> results;
  const std::string bytes = read_file(path);
  const auto rest = for_each_line(bytes, [&](std::string_view line) {
    result_line r;
    const auto where = path + " line " + std::to_string(results.size() + 1) + ": ";
    const auto record = core::parse_output_line(line);
    // Only failed assertions: logging one for every line is slow.
    if (!record)
      BOOST_FAIL(where << to_string(record.error()));
    r.record = *record;
    r.line = line;
    boost::system::error_code ec;
    json::parse_options options;
    options.max_depth = 20'000;
    const auto v = json::parse({line.data(), line.size()}, ec, {}, options);
    if (ec)
      BOOST_FAIL(where << "no JSON: " << line.substr(0, 200));
    r.text = string_at(v, "/response/body/choices/0/message/content");
    r.message = string_at(v, "/error/message");
    if (const auto* body = v.find_pointer("/response/body", ec))
      r.body = *body;
    results.push_back(std::move(r));
  });
  BOOST_REQUIRE_MESSAGE(rest.empty(), path << " ends in a torn line");
  return results;
}

std::vector<std::string> expected_answers(const std::string& input_path,
                                          const mock::mock_options& options) {
  std::vector<std::string> answers;
  for (const auto& r : read_requests(input_path)) {
    answers.emplace_back();
    const auto* form = r.body ? mock::find_shape(r.url) : nullptr;
    if (!form || r.rejection)
      continue;
    if (const auto call = form->parse(*r.body))
      answers.back() = mock::make_answer(*call, options.output, options.tokens, options.seed).text;
  }
  return answers;
}

std::vector<result_line> check_results(const std::string& input_path,
                                       const std::string& output_path,
                                       const mock::mock_options& options) {
  const auto requests = read_requests(input_path);
  const auto answers = expected_answers(input_path, options);
  auto results = read_results(output_path);
  BOOST_TEST(results.size() == requests.size());
  for (size_t i = 0; i < std::min(results.size(), requests.size()); ++i) {
    const auto wrong = fault_of(results[i], i, requests[i], answers[i]);
    if (!wrong.empty())
      BOOST_FAIL("output line " << i + 1 << ": " << wrong << ": "
                                << results[i].line.substr(0, 500));
  }
  return results;
}

void check_summary(const json::object& summary, const std::vector<result_line>& results) {
  core::output_totals totals;
  for (const auto& r : results)
    totals.add(r.record);
  BOOST_TEST(number(summary, "completed") == totals.completed);
  BOOST_TEST(number(summary, "failed") == totals.failed);
  BOOST_TEST(number(summary, "cancelled") == totals.cancelled);
  BOOST_TEST(number(summary, "expired") == totals.expired);
  if (number(summary, "packs") == 0) { // The requests of a pack share one exchange.
    BOOST_TEST(number(summary, "attempts") == totals.attempts);
    BOOST_TEST(number(summary, "rate_limited") == totals.rate_limited);
  }
  BOOST_TEST(number(summary, "input_tokens") == totals.input_tokens);
  BOOST_TEST(number(summary, "output_tokens") == totals.output_tokens);
}

uint64_t attempts_of(const std::vector<result_line>& results) {
  uint64_t sum = 0;
  for (const auto& r : results)
    sum += r.record.attempts;
  return sum;
}

uint64_t count_state(const std::vector<result_line>& results, core::outcome_state state) {
  return static_cast<uint64_t>(
    std::count_if(results.begin(), results.end(),
                  [state](const result_line& r) { return r.record.state == state; }));
}

uint64_t number(const json::object& o, std::string_view name) {
  const auto* v = o.if_contains({name.data(), name.size()});
  boost::system::error_code ec;
  const auto n = v ? v->to_number<uint64_t>(ec) : 0;
  BOOST_REQUIRE_MESSAGE(v && !ec, name << " is no number in " << json::serialize(o).substr(0, 500));
  return n;
}

} // namespace penstock::test
