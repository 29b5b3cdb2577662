#include "apps/mock/mock_arguments.hpp"
#include "apps/penstock/mock/mock_help.hpp"
#include "tests/support/mock_fixture.hpp"

#include <memory>
#include <vector>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

constexpr auto chat_path = "/v1/chat/completions";

mock::mock_options options(const std::vector<std::string>& words) {
  auto o = mock::parse_mock_options(words);
  if (!o)
    BOOST_FAIL(o.error().context);
  return std::move(*o);
}

/// Clients whose requests are in flight at the same time.
struct crowd {
  crowd(mock_fixture& m, size_t n) {
    const auto before = m.mock->stats().requests();
    for (size_t i = 0; i < n; ++i) {
      clients.push_back(std::make_unique<raw_client>(m.port()));
      clients.back()->send(m.request(chat_path, m.chat("r" + std::to_string(i))));
      while (m.mock->stats().requests() <= before + i) { // In this order.
      }
    }
  }
  std::vector<std::unique_ptr<raw_client>> clients;
};

} // namespace

BOOST_AUTO_TEST_SUITE(mock_load)

BOOST_AUTO_TEST_CASE(a_pool_of_servers_makes_the_others_wait_their_turn) {
  mock::server_pool pool{{2, 0, 0}};
  const time_point t0{1h};
  const auto finish = [&pool](time_point now) {
    mock::service_time t{1s, 10s};
    pool.enter(t, now);
    BOOST_TEST((t.total - t.first == 9s));
    return t.total;
  };
  BOOST_TEST((finish(t0) == 10s));
  BOOST_TEST((finish(t0) == 10s));
  BOOST_TEST((finish(t0) == 20s));
  BOOST_TEST((finish(t0 + 5s) == 15s)); // The other server is free at 10 s.
  BOOST_TEST((finish(t0 + 60s) == 10s));
}

BOOST_AUTO_TEST_CASE(thrashing_makes_all_slower_by_the_length_of_the_line) {
  mock::server_pool pool{{40, 0, 0.5}};
  BOOST_TEST(pool.thrash(40) == 1);
  BOOST_TEST(pool.thrash(80) == 1.5);
  BOOST_TEST(mock::server_pool{{}}.thrash(1000) == 1);
}

BOOST_AUTO_TEST_CASE(a_crowd_is_slowed_down_by_its_fourth_power) {
  mock_fixture m{options({"--slow-above", "2", "--latency", "40ms"})};
  const auto ms_of = [](const std::string& answer) {
    return std::stoi(mock_fixture::header_of(answer, "openai-processing-ms"));
  };
  crowd c{m, 4};
  std::vector<int> ms;
  for (auto& client : c.clients)
    ms.push_back(ms_of(client->read_answer()));
  BOOST_TEST(ms[0] == 42); // 1 + (1/2)^4
  BOOST_TEST(ms[3] >= 80); // 1 + (n/2)^4 with up to four.
  BOOST_TEST(ms[3] <= 680);
}

BOOST_AUTO_TEST_CASE(one_more_than_allowed_is_refused_in_the_words_of_its_protocol) {
  mock_fixture m{options({"--refuse-above", "2", "--latency", "30s"})};
  crowd c{m, 2};
  const auto third = m.post(chat_path, m.chat("x"));
  BOOST_TEST(m.status_of(third) == 503);
  BOOST_TEST(m.status_of(m.post("/v1/messages", m.chat("x", ",\"max_tokens\":9"))) == 529);
  mock_fixture line{options({"--servers", "1", "--queue", "1", "--latency", "30s"})};
  crowd two{line, 2};
  BOOST_TEST(line.status_of(line.post(chat_path, line.chat("x"))) == 503);
}

BOOST_AUTO_TEST_CASE(every_parallel_attempt_can_be_failed) {
  const auto status = [](mock_fixture& m) { return m.status_of(m.post(chat_path, m.chat("x"))); };
  mock_fixture m{options({"--fault", "concurrent:1", "--latency", "30s"})};
  {
    crowd one{m, 1}; // Keeps its place until it ends.
    BOOST_TEST(status(m) == 503);
    BOOST_TEST(status(m) == 503);
    BOOST_TEST(m.mock->stats().in_flight() == 1);
    m.mock->set_faults({mock::parse_fault("500:above=2").value()});
    crowd two{m, 1};
    BOOST_TEST(status(m) == 500);
  }
  BOOST_TEST(m.mock->stats().faults().at("concurrent") == 2);
  mock_fixture quick{options({"--fault", "concurrent"})};
  BOOST_TEST(status(quick) == 200); // Alone it works.
}

BOOST_AUTO_TEST_CASE(a_key_or_a_model_can_meet_a_fate_of_its_own) {
  mock_fixture m{options({"--fault", "401:key=A", "--fault", "500:key=team-*,model=big"})};
  const auto status = [&m](std::string_view key, std::string_view model) {
    const auto body =
      R"({"messages":[{"role":"user","content":"x"}],"model":")" + std::string{model} + "\"}";
    return m.status_of(
      m.post(chat_path, body, "authorization: Bearer " + std::string{key} + "\r\n"));
  };
  BOOST_TEST(status("A", "small") == 401);
  BOOST_TEST(status("AB", "small") == 200);
  BOOST_TEST(status("B", "big") == 200);
  BOOST_TEST(status("team-7", "big") == 500);
  BOOST_TEST(status("team-7", "small") == 200);
}

BOOST_AUTO_TEST_CASE(models_take_their_own_time) {
  auto o = options({"--latency-for", "slow*=28s", "--latency-for", "quick=ttft:p50=1s,tps=10"});
  BOOST_TEST((o.latency_of("slow-1").p50 == 28s));
  BOOST_TEST((o.latency_of("quick").p50 == 1s));
  BOOST_TEST((o.latency_of("quicker").what == mock::latency_model::kind::none));
  mock_fixture m{options({"--latency-for", "slow=28s", "--time-scale", "0.001"})};
  const auto ms = [&m](std::string_view model) {
    const auto body =
      R"({"messages":[{"role":"user","content":"x"}],"model":")" + std::string{model} + "\"}";
    return m.header_of(m.post(chat_path, body), "openai-processing-ms");
  };
  BOOST_TEST(ms("slow") == "28000");
  BOOST_TEST(ms("other") == "0");
}

BOOST_AUTO_TEST_CASE(words_that_make_no_sense_are_refused_with_the_option) {
  for (auto words : {std::vector<std::string>{"--latency-for", "28s"},
                     {"--latency-for", "m=soon"},
                     {"--queue", "3"},
                     {"--fault", "concurrent:none"},
                     {"--fault", "500:above=0"}}) {
    const auto o = mock::parse_mock_options(words);
    BOOST_TEST_REQUIRE(o.has_error(), words[1]);
    BOOST_TEST(o.error().context.find(words[0] == "--fault" ? "fault" : words[0]) !=
               std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_help_names_every_fault) {
  const auto help = cli::mock_footer();
  for (const auto& f : mock::fault_menu())
    BOOST_TEST(help.find(" " + std::string{f.name}) != help.npos, f.name);
}

BOOST_AUTO_TEST_SUITE_END()
