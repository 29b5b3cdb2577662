#include "apps/mock/mock_random.hpp"
#include "apps/mock/mock_text.hpp"
#include "tests/support/mock_fixture.hpp"

#include <boost/test/data/test_case.hpp>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

constexpr auto chat_path = "/v1/chat/completions";

mock::mock_options limited(mock::limit_style style, double rpm, double tokens) {
  mock::mock_options o;
  o.limits.style = style;
  o.limits.rpm = rpm;
  o.limits.tpm = o.limits.itpm = o.limits.otpm = tokens;
  return o;
}

std::string get(const mock_fixture& m, std::string_view target) {
  raw_client c{m.port()};
  c.send("GET " + std::string{target} + " HTTP/1.1\r\nhost: mock\r\n\r\n");
  return c.read_answer();
}

} // namespace

BOOST_AUTO_TEST_SUITE(mock_server)

BOOST_AUTO_TEST_CASE(statistics_equal_a_recount) {
  mock_fixture m{limited(mock::limit_style::openai, 40, 0)};
  int ok = 0, limited = 0;
  raw_client c{m.port()};
  for (int i = 0; i < 60; ++i) {
    c.send(m.request(chat_path, m.chat("r" + std::to_string(i)),
                     "x-client-request-id: id" + std::to_string(i % 50) + "\r\n"));
    const int status = m.status_of(c.read_answer());
    ok += status == 200;
    limited += status == 429;
  }
  BOOST_TEST(ok + limited == 60);
  BOOST_TEST(ok >= 40);
  const auto s = m.stats();
  BOOST_TEST(s.at("requests").to_number<int>() == 60);
  BOOST_TEST(s.at("accepted").to_number<int>() == ok);
  BOOST_TEST(s.at("rate_limited").to_number<int>() == limited);
  BOOST_TEST(s.at("status").at("200").to_number<int>() == ok);
  BOOST_TEST(s.at("in_flight").to_number<int>() == 0);
  BOOST_TEST(s.at("ids").at("distinct").to_number<int>() == 50);
  BOOST_TEST(s.at("ids").at("duplicates").to_number<int>() == 10);
  BOOST_TEST(s.at("ids").at("repeated").to_number<int>() == 10);
  BOOST_TEST(s.at("ids").at("top").at(0).at("id").as_string().starts_with("id"));
  BOOST_TEST(s.at("connections").at("accepted").to_number<int>() == 1);
  BOOST_TEST(s.at("connections").at("requests_per_connection_max").to_number<int>() == 60);
  int accepted = 0, rejected = 0;
  for (const auto& n : s.at("series").at("accepted").as_array())
    accepted += n.to_number<int>();
  for (const auto& n : s.at("series").at("rejected").as_array())
    rejected += n.to_number<int>();
  BOOST_TEST(accepted == ok);
  BOOST_TEST(rejected == limited);
  BOOST_TEST(s.at("worst").at("accepted_minute").to_number<int>() == ok);
  m.mock->reset_stats();
  BOOST_TEST(m.stats().at("requests").to_number<int>() == 0);
}

BOOST_AUTO_TEST_CASE(a_good_answer_twice_is_a_paid_duplicate_and_a_retry_after_an_error_is_not) {
  mock_fixture m;
  const auto id = [](std::string_view n) {
    return "x-client-request-id: " + std::string{n} + "\r\n";
  };
  m.post(chat_path, m.chat("a [[mock:500:first=1]]"), id("a"));
  m.post(chat_path, m.chat("a [[mock:500:first=1]]"), id("a"));
  BOOST_TEST(m.mock->stats().duplicates() == 1);
  BOOST_TEST(m.mock->stats().answered_duplicates() == 0);
  m.post(chat_path, m.chat("b"), id("b"));
  m.post(chat_path, m.chat("b"), id("b"));
  BOOST_TEST(m.mock->stats().answered_duplicates() == 1);
  BOOST_TEST(m.mock->stats().faults().at("500") == 1);
}

BOOST_AUTO_TEST_CASE(openai_headers_have_exactly_this_form) {
  mock_fixture m{limited(mock::limit_style::openai, 1, 30000)};
  const auto a = m.post(chat_path, m.chat("hi", ",\"max_tokens\":6000"));
  BOOST_TEST(m.header_of(a, "x-ratelimit-limit-requests") == "1");
  BOOST_TEST(m.header_of(a, "x-ratelimit-remaining-requests") == "0");
  BOOST_TEST((m.header_of(a, "x-ratelimit-reset-requests") == "1m0s" ||
              m.header_of(a, "x-ratelimit-reset-requests").starts_with("59.")));
  BOOST_TEST(m.header_of(a, "x-ratelimit-limit-tokens") == "30000");
  BOOST_TEST(m.header_of(a, "x-ratelimit-remaining-tokens").starts_with("240"));
  BOOST_TEST(m.header_of(a, "x-request-id").size() == 20);
  const auto b = m.post(chat_path, m.chat("hi"));
  BOOST_TEST(m.status_of(b) == 429);
  BOOST_TEST(std::stoi(m.header_of(b, "retry-after")) >= 59);
  BOOST_TEST(std::stoi(m.header_of(b, "retry-after")) <= 60);
  const auto e = boost::json::parse(m.body_of(b)).at("error").as_object();
  BOOST_TEST(e.at("code").as_string() == "rate_limit_exceeded");
  BOOST_TEST(e.at("type").as_string() == "requests");
  BOOST_TEST(e.at("message").as_string().starts_with(
    "Rate limit reached for m in organization org-mock on requests per min (RPM): Limit 1, Used "
    "1, Requested 1. Please try again in "));
  const auto large = m.post(chat_path, m.chat("hi", ",\"max_tokens\":30001"));
  BOOST_TEST(m.body_of(large).find("Request too large for m in organization org-mock on tokens per "
                                   "min (TPM): Limit 30000, Requested 30001.") !=
             std::string::npos);
  BOOST_TEST(m.header_of(large, "retry-after").empty());
}

BOOST_AUTO_TEST_CASE(anthropic_headers_round_tokens_and_tell_times) {
  mock_fixture m{limited(mock::limit_style::anthropic, 1000, 20400)};
  const auto a = m.post("/v1/messages", m.chat("hi", ",\"max_tokens\":9"));
  BOOST_TEST(m.status_of(a) == 200);
  BOOST_TEST(m.header_of(a, "anthropic-ratelimit-requests-limit") == "1000");
  BOOST_TEST(m.header_of(a, "anthropic-ratelimit-requests-remaining") == "999");
  BOOST_TEST(m.header_of(a, "anthropic-ratelimit-input-tokens-remaining") == "20000");
  for (auto what : {"requests", "tokens", "input-tokens", "output-tokens"})
    BOOST_TEST(m.header_of(a, "anthropic-ratelimit-" + std::string{what} + "-reset").size() == 20);
  BOOST_TEST(m.header_of(a, "request-id").starts_with("req_"));
  const auto s = m.stats();
  const auto usage = boost::json::parse(m.body_of(a)).at("usage").as_object();
  BOOST_TEST(s.at("tokens").at("output").to_number<int>() ==
             usage.at("output_tokens").to_number<int>());
  BOOST_TEST(s.at("tokens").at("charged").to_number<int>() ==
             usage.at("output_tokens").to_number<int>() +
               usage.at("input_tokens").to_number<int>());
}

BOOST_AUTO_TEST_CASE(header_modes_show_as_much_as_they_say) {
  for (auto [mode, limit, remaining, reset] : {std::tuple{mock::header_mode::full, "9", "8", true},
                                               {mock::header_mode::partial, "9", "8", false},
                                               {mock::header_mode::none, "", "", false},
                                               {mock::header_mode::stale, "-1", "-1", true},
                                               {mock::header_mode::empty, "9", "0", true}}) {
    auto o = limited(mock::limit_style::openai, 9, 0);
    o.headers = mode;
    mock_fixture m{o};
    const auto a = m.post(chat_path, m.chat("hi"));
    BOOST_TEST(m.header_of(a, "x-ratelimit-limit-requests") == limit);
    BOOST_TEST(m.header_of(a, "x-ratelimit-remaining-requests") == remaining);
    BOOST_TEST(!m.header_of(a, "x-ratelimit-reset-requests").empty() == reset);
  }
}

BOOST_AUTO_TEST_CASE(faults_and_limits_change_while_it_runs) {
  mock_fixture m;
  BOOST_TEST(m.status_of(m.post(chat_path, m.chat("a"))) == 200);
  BOOST_TEST(m.status_of(m.post("/faults", R"({"faults":["401:after=2"]})")) == 200);
  BOOST_TEST(m.status_of(m.post(chat_path, m.chat("a"))) == 200);
  BOOST_TEST(m.status_of(m.post(chat_path, m.chat("a"))) == 401);
  BOOST_TEST(m.status_of(m.post("/faults", R"(["nonsense"])")) == 400);
  BOOST_TEST(m.status_of(m.post("/faults", "[]")) == 200);
  BOOST_TEST(m.status_of(m.post("/limits", R"({"style":"openai","rpm":1})")) == 200);
  BOOST_TEST(m.status_of(m.post(chat_path, m.chat("a"))) == 200);
  BOOST_TEST(m.status_of(m.post(chat_path, m.chat("a"))) == 429);
  BOOST_TEST(m.status_of(m.post("/limits", R"({"rpm":-1})")) == 400);
  BOOST_TEST(m.status_of(m.post("/limits", R"({"rmp":1})")) == 400);
  BOOST_TEST(m.status_of(get(m, "/healthz")) == 200);
  BOOST_TEST(m.status_of(get(m, "/stats?since=20&series=0")) == 200);
  BOOST_TEST(m.status_of(get(m, "/v1/models")) == 200);
  BOOST_TEST(m.status_of(get(m, "/nowhere")) == 404);
  BOOST_TEST(m.status_of(get(m, chat_path)) == 405);
}

BOOST_AUTO_TEST_CASE(the_same_seed_meets_the_same_faults_in_any_order) {
  const auto fates = [](bool backwards) {
    mock::mock_options o;
    o.seed = 42;
    o.faults = {mock::parse_fault("500:p=0.3").value()};
    mock_fixture m{o};
    std::string out(40, '?');
    raw_client c{m.port()};
    for (size_t i = 0; i < out.size(); ++i) {
      const size_t id = backwards ? out.size() - 1 - i : i;
      c.send(m.request(chat_path, m.chat(std::to_string(id))));
      out[id] = m.status_of(c.read_answer()) == 200 ? '.' : 'x';
    }
    return out;
  };
  const auto a = fates(false);
  BOOST_TEST(a == fates(true));
  BOOST_TEST(a.find('x') != a.npos);
  BOOST_TEST(a.find('.') != a.npos);
}

BOOST_AUTO_TEST_CASE(latency_holds_answers_and_leavers_leave_the_count) {
  mock::mock_options o;
  o.latency = mock::parse_latency("fixed:30s").value();
  mock_fixture slow{o};
  {
    raw_client c{slow.port()};
    c.send(slow.request(chat_path, slow.chat("a")));
    while (slow.mock->stats().in_flight() == 0) {
    }
  }
  while (slow.mock->stats().in_flight() != 0) {
  }
  BOOST_TEST(slow.mock->stats().abandoned_count() == 1);
  BOOST_TEST(slow.mock->stats().in_flight_peak() == 1);
  o.time_scale = 0.001; // The same thirty seconds take thirty milliseconds.
  mock_fixture fast{o};
  const auto before = std::chrono::steady_clock::now();
  BOOST_TEST(fast.status_of(fast.post(chat_path, fast.chat("a"))) == 200);
  BOOST_TEST((std::chrono::steady_clock::now() - before >= 30ms));
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
  mock::mock_options o;
  o.latency = mock::parse_latency("lognormal:p50=3ms,sigma=1").value();
  mock_fixture m{o};
  raw_client c{m.port()};
  std::string all;
  for (int i = 0; i < 50; ++i)
    all += m.request(chat_path, m.chat("number " + std::to_string(i) + "."));
  c.send(all);
  for (int i = 0; i < 50; ++i)
    BOOST_TEST(c.read_answer().find("echo: number " + std::to_string(i) + ".") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(garbage_on_the_port_is_refused_and_never_crashes) {
  constexpr uint64_t seed = 20261121;
  BOOST_TEST_CONTEXT("seed " << seed) {
    mock_fixture m;
    mock::mock_random r{seed};
    const auto good =
      m.request(chat_path, m.chat("hello", ",\"stream\":true"), "x-mock-fault: 500:p=0.5\r\n");
    for (int i = 0; i < 300; ++i) {
      std::string bytes = good;
      if (i % 3 == 0) {
        bytes.resize(1 + r.next() % 400);
        for (auto& b : bytes)
          b = static_cast<char>(r.next());
      }
      for (int flips = i % 3 == 0 ? 0 : 1 + static_cast<int>(r.next() % 8); flips > 0; --flips)
        bytes[r.next() % bytes.size()] = static_cast<char>(r.next());
      raw_client c{m.port()};
      c.send(bytes);
      c.read_all(2ms);
    }
    BOOST_TEST(m.status_of(m.post(chat_path, m.chat("still here"))) == 200);
    BOOST_TEST(m.mock->connections().bad_requests > 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()
