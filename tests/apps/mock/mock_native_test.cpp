#include "apps/mock/mock_arguments.hpp"
#include "tests/support/mock_fixture.hpp"

using namespace penstock;
using namespace penstock::test;
namespace json = boost::json;

namespace {

constexpr auto gemini_path = "/v1beta/models/m:generateContent";
constexpr auto gemini_stream = "/v1beta/models/m:streamGenerateContent";
const std::string gemini_hello = R"({"contents":[{"parts":[{"text":"hello"}]}]})";
const std::string ollama_hello = R"({"model":"m","messages":[{"role":"user","content":"hello"}]})";

mock::mock_options options(const std::vector<std::string>& words) {
  auto o = mock::parse_mock_options(words);
  if (!o)
    BOOST_FAIL(o.error().context);
  return std::move(*o);
}

json::value parsed(const std::string& answer) {
  boost::system::error_code ec;
  auto v = json::parse(mock_fixture::body_of(answer), ec);
  BOOST_TEST_REQUIRE(!ec, answer);
  return v;
}

/// A streamed answer without its chunks' frames, on a connection of its own.
std::string streamed(const mock_fixture& m, std::string_view path, std::string_view body,
                     const std::string& headers = "") {
  raw_client c{m.port()};
  c.send(m.request(path, body, "connection: close\r\n" + headers));
  c.read_all();
  std::string rest = m.body_of(c.received), out;
  while (!rest.empty()) {
    const size_t end = rest.find("\r\n");
    const auto size = std::stoul(rest.substr(0, end), nullptr, 16);
    if (size == 0)
      break;
    out += rest.substr(end + 2, size);
    rest.erase(0, end + 2 + size + 2);
  }
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(mock_native)

BOOST_AUTO_TEST_CASE(a_gemini_answer_has_exactly_this_form) {
  mock_fixture m;
  const auto v = parsed(m.post(gemini_path, gemini_hello));
  auto o = v.as_object();
  const auto text =
    std::string{o.at("candidates").at(0).at("content").at("parts").at(0).at("text").as_string()};
  o.erase("responseId");
  BOOST_TEST(
    json::serialize(o) ==
    R"({"candidates":[{"content":{"parts":[{"text":")" + text +
      R"("}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":8,)"
      R"("candidatesTokenCount":8,"totalTokenCount":16},"modelVersion":"m"})");
}

BOOST_AUTO_TEST_CASE(gemini_streams_events_or_one_array) {
  mock_fixture m;
  const auto whole = parsed(m.post(gemini_path, gemini_hello));
  const auto text =
    whole.at("candidates").at(0).at("content").at("parts").at(0).at("text").as_string();
  const auto joined = [](const std::vector<json::value>& chunks) {
    std::string out;
    for (const auto& c : chunks)
      out +=
        c.at("candidates").at(0).at("content").at("parts").at(0).at("text").as_string().c_str();
    return out;
  };
  std::vector<json::value> events;
  std::string rest = streamed(m, std::string{gemini_stream} + "?alt=sse", gemini_hello);
  while (!rest.empty()) {
    BOOST_TEST_REQUIRE(rest.starts_with("data: "));
    const size_t end = rest.find("\r\n\r\n");
    events.push_back(json::parse(rest.substr(6, end - 6)));
    rest.erase(0, end + 4);
  }
  BOOST_TEST(events.size() > 1);
  BOOST_TEST(joined(events) == text);
  for (size_t i = 0; i < events.size(); ++i)
    BOOST_TEST(events[i].at("candidates").at(0).as_object().contains("finishReason") ==
               (i + 1 == events.size()));
  const auto array = json::parse(streamed(m, gemini_stream, gemini_hello)).as_array();
  BOOST_TEST(joined({array.begin(), array.end()}) == text);
}

BOOST_AUTO_TEST_CASE(gemini_blocks_prompts_and_answers_in_its_own_way) {
  mock_fixture m;
  const auto strike = [&](std::string_view fault) {
    return parsed(
      m.post(gemini_path, gemini_hello, "x-mock-fault: " + std::string{fault} + "\r\n"));
  };
  BOOST_TEST(strike("refusal").at("promptFeedback").at("blockReason").as_string() ==
             "PROHIBITED_CONTENT");
  BOOST_TEST(!strike("refusal").as_object().contains("candidates"));
  BOOST_TEST(strike("content_filter").at("candidates").at(0).at("finishReason").as_string() ==
             "SAFETY");
  BOOST_TEST(!strike("empty_choices").as_object().contains("candidates"));
  BOOST_TEST(!strike("empty_choices").as_object().contains("promptFeedback"));
  BOOST_TEST(!strike("usage_missing").as_object().contains("usageMetadata"));
}

BOOST_AUTO_TEST_CASE(gemini_limits_requests_and_input_and_tells_so_in_the_body_only) {
  mock_fixture m{options({"--limits", "gemini", "--rpm", "2", "--tpm", "1000"})};
  const auto large =
    m.post(gemini_path, R"({"contents":[{"parts":[{"text":")" + std::string(8000, 'x') + "\"}]}]}");
  BOOST_TEST(m.status_of(large) == 429);
  BOOST_TEST(m.body_of(large).find("InputTokensPerModelPerMinute") != std::string::npos);
  const auto good = m.post(gemini_path, gemini_hello); // A rejected one costs a request.
  BOOST_TEST(m.status_of(good) == 200);
  const auto limited = m.post(gemini_path, gemini_hello);
  BOOST_TEST(m.status_of(limited) == 429);
  for (const auto& a : {good, limited}) {
    BOOST_TEST(m.header_of(a, "retry-after").empty());
    BOOST_TEST(a.find("ratelimit") == a.npos);
  }
  const auto details = parsed(limited).at("error").at("details").as_array();
  BOOST_TEST(details.at(0).at("violations").at(0).at("quotaId").as_string() ==
             "GenerateRequestsPerMinutePerProjectPerModel");
  BOOST_TEST(details.at(0).at("violations").at(0).at("quotaValue").as_string() == "2");
  const auto wait = std::string{details.at(1).at("retryDelay").as_string()};
  BOOST_TEST(wait.ends_with("s"));
  BOOST_TEST((std::stod(wait) > 25 && std::stod(wait) <= 30)); // Half a minute brings one.
}

BOOST_AUTO_TEST_CASE(native_limits_follow_the_protocol_of_each_request) {
  mock_fixture m{options({"--limits", "native", "--rpm", "1", "--tpm", "90000"})};
  const auto status = [&](std::string_view path, std::string_view body) {
    return m.status_of(m.post(path, body));
  };
  for (int expected : {200, 429}) {
    BOOST_TEST(status("/v1/chat/completions", m.chat("hi")) == expected);
    BOOST_TEST(status("/v1/messages", m.chat("hi", ",\"max_tokens\":9")) == expected);
    BOOST_TEST(status(gemini_path, gemini_hello) == expected);
    BOOST_TEST(status("/api/embed", R"({"model":"m","input":"x"})") == 200); // Ollama has no rates.
  }
  const auto a = m.post("/v1/chat/completions", m.chat("hi"));
  BOOST_TEST(m.header_of(a, "x-ratelimit-limit-tokens") == "90000");
  BOOST_TEST(m.stats().at("limits").at("rpm").to_number<int>() == 1);
}

BOOST_AUTO_TEST_CASE(ollama_streams_lines_unless_told_otherwise) {
  mock_fixture m;
  auto lines = streamed(m, "/api/chat", ollama_hello);
  std::string text;
  json::value last;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    last = json::parse(lines.substr(0, end));
    text += last.at("message").at("content").as_string().c_str();
    lines.erase(0, end + 1);
    BOOST_TEST(last.at("done").as_bool() == lines.empty());
  }
  BOOST_TEST(text.starts_with("echo: hello #"));
  BOOST_TEST(last.at("done_reason").as_string() == "stop");
  BOOST_TEST(last.at("eval_count").to_number<int>() > 0);
  const auto cut = streamed(m, "/api/chat", ollama_hello, "x-mock-fault: sse_error\r\n");
  const auto end = cut.rfind('\n', cut.size() - 2);
  BOOST_TEST(json::parse(cut.substr(end + 1)).at("error").is_string());
  const auto generated =
    parsed(m.post("/api/generate", R"({"model":"m","stream":false,"prompt":"hello"})"));
  BOOST_TEST(generated.at("response").as_string() == text);
}

BOOST_AUTO_TEST_CASE(a_full_ollama_says_that_its_queue_is) {
  mock_fixture m{
    options({"--limits", "ollama", "--servers", "1", "--queue", "1", "--latency", "30s"})};
  raw_client one{m.port()}, two{m.port()};
  one.send(m.request("/api/chat", ollama_hello));
  two.send(m.request("/api/chat", ollama_hello));
  while (m.mock->stats().in_flight() < 2) {
  }
  const auto a = m.post("/api/chat", ollama_hello);
  BOOST_TEST(m.status_of(a) == 503);
  BOOST_TEST(parsed(a).at("error").as_string() ==
             "server busy, please try again.  maximum pending requests exceeded");
  BOOST_TEST(options({"--limits", "ollama"}).servers.queue == 512);
}

BOOST_AUTO_TEST_CASE(embeddings_are_the_same_numbers_everywhere) {
  mock_fixture m;
  const auto openai =
    parsed(m.post("/v1/embeddings", R"({"model":"e","input":["a","b"],"dimensions":3})"));
  const auto ollama =
    parsed(m.post("/api/embed", R"({"model":"e","input":["a","b"],"dimensions":3})"));
  const auto gemini = parsed(m.post(
    "/v1beta/models/e:batchEmbedContents",
    R"({"requests":[{"model":"models/e","content":{"parts":[{"text":"a"}]},"outputDimensionality":3},)"
    R"({"model":"models/e","content":{"parts":[{"text":"b"}]},"outputDimensionality":3}]})"));
  const auto single =
    parsed(m.post("/v1beta/models/e:embedContent",
                  R"({"content":{"parts":[{"text":"b"}]},"outputDimensionality":3})"));
  const auto expected = json::serialize(openai.at("data").at(1).at("embedding"));
  BOOST_TEST(json::serialize(ollama.at("embeddings").at(1)) == expected);
  BOOST_TEST(json::serialize(gemini.at("embeddings").at(1).at("values")) == expected);
  BOOST_TEST(json::serialize(single.at("embedding").at("values")) == expected);
  BOOST_TEST(ollama.at("prompt_eval_count").to_number<int>() ==
             openai.at("usage").at("prompt_tokens").to_number<int>());
}

BOOST_AUTO_TEST_CASE(counting_tokens_agrees_with_the_usage_and_costs_nothing) {
  mock_fixture m{options({"--limits", "native", "--rpm", "1"})};
  const auto counted = parsed(m.post("/v1/messages/count_tokens", m.chat("hello there")));
  const auto by_gemini = parsed(m.post("/v1beta/models/m:countTokens", gemini_hello));
  const auto used = parsed(m.post("/v1/messages", m.chat("hello there", ",\"max_tokens\":99")));
  BOOST_TEST(counted.at("input_tokens") == used.at("usage").at("input_tokens"));
  const auto answer = parsed(m.post(gemini_path, gemini_hello));
  BOOST_TEST(by_gemini.at("totalTokens") == answer.at("usageMetadata").at("promptTokenCount"));
}

BOOST_AUTO_TEST_CASE(anthropic_makes_json_when_it_is_told_in_words) {
  mock_fixture m;
  const auto openai = parsed(m.post(
    "/v1/chat/completions", m.chat("hello", R"(,"response_format":{"type":"json_object"})")));
  const auto told = parsed(
    m.post("/v1/messages",
           m.chat("hello",
                  R"(,"max_tokens":99,"system":"Answer with one JSON object and nothing else.")")));
  const auto text = told.at("content").at(0).at("text").as_string();
  BOOST_TEST(json::parse(text).at("answer").as_string().starts_with("echo: hello #"));
  BOOST_TEST(openai.at("choices").at(0).at("message").at("content").as_string() == text);
}

BOOST_AUTO_TEST_CASE(what_a_protocol_would_not_take_is_refused_in_its_words) {
  mock_fixture m;
  const auto system = m.post(
    "/v1/messages", R"({"model":"m","max_tokens":9,"messages":[{"role":"system","content":"x"}]})");
  BOOST_TEST(m.status_of(system) == 400);
  BOOST_TEST(m.body_of(system).find("top-level `system`") != std::string::npos);
  const auto role =
    m.post(gemini_path, R"({"contents":[{"role":"assistant","parts":[{"text":"x"}]}]})");
  BOOST_TEST(parsed(role).at("error").at("status").as_string() == "INVALID_ARGUMENT");
  const auto parts =
    m.post("/api/chat",
           R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]})");
  BOOST_TEST(m.status_of(parts) == 400);
  BOOST_TEST(parsed(parts).at("error").is_string());
  BOOST_TEST(m.status_of(m.post("/v1beta/models/m:explainContent", "{}")) == 404);
  const auto named = parsed(m.post("/v1beta/tunedModels/a%20b:generateContent", gemini_hello));
  BOOST_TEST(named.at("modelVersion").as_string() == "tunedModels/a b");
}

BOOST_AUTO_TEST_SUITE_END()
