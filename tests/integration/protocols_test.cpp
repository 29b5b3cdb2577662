#include "tests/support/program_fixture.hpp"

#include <boost/test/data/test_case.hpp>

using namespace penstock;
using namespace penstock::test;
namespace data = boost::unit_test::data;
namespace json = boost::json;

namespace {

/// A provider: its protocol, and the default variable of its key.
struct provider {
  const char* protocol;
  const char* key_variable; ///< Null: it needs no key.
};
std::ostream& operator<<(std::ostream& out, const provider& p) { return out << p.protocol; }

const std::vector<provider> providers{{"openai", "OPENAI_API_KEY"},
                                      {"anthropic", "ANTHROPIC_API_KEY"},
                                      {"gemini", "GEMINI_API_KEY"},
                                      {"ollama", nullptr}};
const std::vector<provider> translating{providers.begin() + 1, providers.end()};

/// Bodies that every protocol supports, one for each kind of content.
constexpr const char* bodies[] = {
  R"({"model":"m","messages":[{"role":"user","content":"Plain \"words\" – für Zoë 😀."}]})",
  R"({"model":"m","messages":[{"role":"developer","content":"Be brief."},{"role":"system","content":[{"type":"text","text":"Be kind."}]},{"role":"user","content":[{"type":"text","text":"One"},{"type":"text","text":"two"}]},{"role":"assistant","content":"Three."},{"role":"user","content":"Four?"}],"temperature":0.5,"top_p":1,"seed":3,"stop":["END"],"user":"u"})",
  R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}]}]})",
  R"({"model":"m","messages":[{"role":"user","content":"Weather?"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"now","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"Noon."},{"role":"user","content":"And now?"}],"tools":[{"type":"function","function":{"name":"now"}}]})",
  R"({"model":"m","messages":[{"role":"user","content":"Grade it."}],"response_format":{"type":"json_schema","json_schema":{"name":"grade","schema":{"type":"object","properties":{"grade":{"type":"integer"}},"required":["grade"],"additionalProperties":false}}}})",
  R"({"model":"m","messages":[{"role":"user","content":"A long story that does not fit."}],"max_completion_tokens":3})",
};

struct fixture : program_fixture {
  explicit fixture(mock::mock_options options = {}) : program_fixture(std::move(options)) {}

  /// Each body `times` times, with different ids.
  void write_bodies(size_t times) const {
    std::string lines;
    for (size_t i = 0; i < times; ++i)
      for (auto* body : bodies)
        lines += R"({"custom_id":"id-)" + std::to_string(lines.size()) +
                 R"(","method":"POST","url":"/v1/chat/completions","body":)" + body + "}\n";
    write_file(in, lines);
  }

  /// Runs the input through `p` to a new output.
  run_end run_through(const provider& p, words options = {}, words env = {}) {
    out = dir / ("out-" + std::string{p.protocol} + ".jsonl");
    options.insert(options.begin(), {"--upstream", p.protocol, "--mode", "parallel"});
    auto c = run_command(options);
    c.env = std::move(env);
    return end_of(run_to_end(c));
  }

  uint64_t accepted_by(const char* protocol) const {
    const auto all = upstream.stats().at("protocols").as_object();
    const auto* one = all.if_contains(protocol);
    return one ? one->at("accepted").to_number<uint64_t>() : 0;
  }
};

std::string text_at(const json::value& v, std::string_view pointer) {
  boost::system::error_code ec;
  const auto* found = v.find_pointer({pointer.data(), pointer.size()}, ec);
  return found && found->is_string() ? std::string{found->get_string()} : std::string{};
}

} // namespace

BOOST_AUTO_TEST_SUITE(protocols)

BOOST_AUTO_TEST_CASE(the_same_file_gives_equal_texts_through_all_four) {
  fixture f;
  f.write_bodies(rounds(20, 4));
  std::vector<std::string> first;
  for (auto& p : providers) {
    BOOST_TEST_CONTEXT(p.protocol) {
      const auto end = f.run_through(p);
      BOOST_TEST(end.code == 0, end.err);
      std::vector<std::string> texts;
      for (auto& r : f.check(end)) {
        BOOST_TEST(r.is_completed());
        texts.push_back(r.text + '|' + text_at(r.body, "/object") + '|' +
                        text_at(r.body, "/choices/0/finish_reason"));
      }
      BOOST_TEST(texts.size() == std::size(bodies) * rounds(20, 4));
      if (first.empty())
        first = texts;
      BOOST_TEST(texts == first, boost::test_tools::per_element());
      BOOST_TEST(f.accepted_by(p.protocol) == texts.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(cached_and_reasoning_tokens_arrive_in_outcome_and_answer) {
  mock::mock_options options;
  options.detail = {.cached_share = 0.5, .reasoning_tokens = 40};
  fixture f{options};
  f.write_bodies(1);
  for (auto& p : providers) {
    BOOST_TEST_CONTEXT(p.protocol) {
      const auto end = f.run_through(p);
      for (auto& r : f.check(end)) {
        const auto& used = r.record.used;
        BOOST_TEST(used.known);
        BOOST_TEST(used.input_tokens > 0u);
        if (std::string_view{p.protocol} != "ollama") { // Ollama reports neither.
          BOOST_TEST(used.cached_input_tokens == used.input_tokens / 2);
          BOOST_TEST(used.reasoning_tokens <= 40u);
        }
        const auto& shown = r.body.at("usage");
        BOOST_TEST(shown.at("prompt_tokens").to_number<uint64_t>() == used.input_tokens);
        BOOST_TEST(shown.at("completion_tokens").to_number<uint64_t>() == used.output_tokens);
        BOOST_TEST(shown.at("prompt_tokens_details").at("cached_tokens").to_number<uint64_t>() ==
                   used.cached_input_tokens);
      }
    }
  }
}

BOOST_DATA_TEST_CASE(embeddings_are_translated_where_there_are_any, data::make(translating), p) {
  fixture f;
  write_file(f.in, R"({"url":"/v1/embeddings","body":{"model":"e","input":"One."}})"
                   "\n"
                   R"({"url":"/v1/embeddings","body":{"model":"e","input":["One.","Two."]}})"
                   "\n");
  const auto end = f.run_through(p);
  const auto results = read_results(f.out);
  BOOST_REQUIRE(results.size() == 2u);
  if (std::string_view{p.protocol} == "anthropic") {
    BOOST_TEST(end.code == 1);
    BOOST_TEST(f.upstream.mock->stats().requests() == 0u);
    for (auto& r : results)
      BOOST_TEST(r.message.find("no embeddings") != std::string::npos, r.message);
    return;
  }
  BOOST_TEST(end.code == 0, end.err);
  const auto single = results[0].body.at("data").as_array();
  const auto both = results[1].body.at("data").as_array();
  BOOST_TEST(single.size() == 1u);
  BOOST_TEST(both.size() == 2u);
  BOOST_TEST(json::serialize(single[0]) == json::serialize(both[0]));
  BOOST_TEST(json::serialize(both[0].at("embedding")) != json::serialize(both[1].at("embedding")));
}

BOOST_DATA_TEST_CASE(the_key_goes_where_the_provider_wants_it, data::make(providers), p) {
  mock::mock_options options;
  options.keys = {"key-1"};
  fixture f{options};
  f.write_bodies(1);
  const auto variable = std::string{p.key_variable ? p.key_variable : "OLLAMA_API_KEY"};
  const words named = p.key_variable ? words{} : words{"--api-key-env", variable};
  const auto refused = f.run_through(p, named, {variable + "=key-2"});
  BOOST_TEST(refused.code == 3);
  BOOST_TEST(refused.summary.at("error").at("code").as_string() == "unauthorized");
  BOOST_TEST(refused.err.find("key-2") == std::string::npos);
  const auto end = f.run_through(p, named, {variable + "=key-1"});
  BOOST_TEST(end.code == 0, end.err);
  f.check(end);
}

BOOST_DATA_TEST_CASE(what_passes_is_retried_and_what_does_not_fails_in_openais_shape,
                     data::make(providers), p) {
  fixture f;
  f.write_bodies(10);
  f.upstream.mock->set_faults(
    faults({"429_ra:1,nth=3", "500:nth=5", "503:nth=7", "529:nth=9", "400_ctx:nth=20"}));
  const auto end = f.run_through(p, {"--in-flight-max", "4"});
  BOOST_TEST(end.code == 1, end.err);
  const auto results = f.check(end);
  f.check_attempts(results);
  BOOST_TEST(count_state(results, core::outcome_state::failed) == 1u);
  BOOST_TEST(attempts_of(results) == results.size() + 4);
  for (auto& r : results)
    if (!r.is_completed()) {
      BOOST_TEST(r.record.error_code == "bad_request");
      BOOST_TEST(!text_at(r.body, "/error/message").empty(), r.line);
      BOOST_TEST(r.message == text_at(r.body, "/error/message"));
    }
}

BOOST_DATA_TEST_CASE(money_stops_the_job_in_any_language, data::make(translating), p) {
  fixture f;
  f.write_bodies(10);
  f.upstream.mock->set_faults(faults({"402:after=10"}));
  const auto end = f.run_through(p, {"--in-flight-max", "4"});
  BOOST_TEST(end.code == 3, end.err);
  BOOST_TEST(end.summary.at("error").at("code").as_string() == "billing");
  BOOST_TEST(f.upstream.mock->stats().requests() <= 10u + 2 * 4);
}

BOOST_DATA_TEST_CASE(limits_that_only_the_answers_tell_are_kept, data::make(translating), p) {
  mock::mock_options options;
  options.limits.style = mock::limit_style::native;
  options.limits.rpm = 1800; // 30 a second, 18 at once.
  options.limits.burst = 0.01;
  fixture f{options};
  f.write_bodies(10);
  const auto end = f.run_through(p, {"--in-flight-max", "8"});
  BOOST_TEST(end.code == 0, end.err);
  const auto results = f.check(end);
  f.check_attempts(results);
  BOOST_TEST(number(end.summary, "rate_limited") == f.upstream.mock->stats().status(429));
}

BOOST_DATA_TEST_CASE(native_bodies_come_back_as_the_provider_wrote_them, data::make(translating),
                     p) {
  fixture f;
  const std::string_view protocol = p.protocol;
  const std::string line =
    protocol == "anthropic"
      ? R"({"url":"/v1/messages","body":{"model":"m","max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}})"
    : protocol == "gemini"
      ? R"({"url":"/v1beta/models/m:generateContent","body":{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}})"
      : R"({"url":"/api/chat","body":{"model":"m","messages":[{"role":"user","content":"Hi"}]}})";
  const std::string_view pointer = protocol == "anthropic" ? "/content/0/text"
                                   : protocol == "gemini"  ? "/candidates/0/content/parts/0/text"
                                                           : "/message/content";
  write_file(f.in, line + "\n");
  const auto end = f.run_through(p);
  BOOST_TEST(end.code == 0, end.err);
  const auto results = read_results(f.out);
  BOOST_REQUIRE(results.size() == 1u);
  BOOST_TEST(text_at(results[0].body, pointer).starts_with("echo: Hi #"), results[0].line);
  BOOST_TEST(results[0].record.used.known);
}

BOOST_AUTO_TEST_SUITE_END()
