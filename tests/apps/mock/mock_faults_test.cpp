#include "apps/mock/mock_faults.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <set>

using namespace penstock;
using namespace penstock::mock;
using namespace std::chrono_literals;

namespace {

/// Which of `n` requests of different ids strike `spec`, from 1.
std::vector<int> struck(std::string_view spec, int n, uint64_t seed = 1) {
  fault_table t;
  t.set({parse_fault(spec).value()});
  std::vector<int> out;
  for (int i = 1; i <= n; ++i) {
    mock_random r{mix(seed ^ static_cast<uint64_t>(i))};
    if (t.pick({"/v1/chat/completions", "m", static_cast<uint64_t>(i), 0s, false}, r))
      out.push_back(i);
  }
  return out;
}

bool strikes_at(std::string_view spec, duration since) {
  fault_table t;
  t.set({parse_fault(spec).value()});
  mock_random r{1};
  return t.pick({"/v1/chat/completions", "m", 1, since, true}, r) != nullptr;
}

} // namespace

BOOST_AUTO_TEST_SUITE(mock_fault_rules)

BOOST_AUTO_TEST_CASE(schedules_strike_when_they_say) {
  BOOST_TEST((struck("500:nth=5", 12) == std::vector{5}));
  BOOST_TEST((struck("500:every=4", 12) == std::vector{4, 8, 12}));
  BOOST_TEST((struck("401:after=10", 12) == std::vector{10, 11, 12}));
  BOOST_TEST((struck("500:times=2", 12) == std::vector{1, 2}));
  BOOST_TEST((struck("reset_reused", 12).empty()));
}

BOOST_AUTO_TEST_CASE(probability_is_kept_and_the_seed_decides) {
  const auto a = struck("reset_before:p=0.1", 5000);
  BOOST_TEST(a.size() > 430);
  BOOST_TEST(a.size() < 570);
  BOOST_TEST((a == struck("reset_before:p=0.1", 5000)));
  BOOST_TEST((a != struck("reset_before:p=0.1", 5000, 2)));
}

BOOST_AUTO_TEST_CASE(first_counts_attempts_of_each_id) {
  fault_table t;
  t.set({parse_fault("500:first=2").value()});
  mock_random r{1};
  for (uint64_t id : {1, 2})
    for (int attempt = 1; attempt <= 4; ++attempt)
      BOOST_TEST((t.pick({"/", "m", id, 0s, false}, r) != nullptr) == (attempt <= 2));
}

BOOST_AUTO_TEST_CASE(windows_and_flaps_follow_the_clock) {
  BOOST_TEST(!strikes_at("500:from=10s,until=20s", 9999ms));
  BOOST_TEST(strikes_at("500:from=10s,until=20s", 10s));
  BOOST_TEST(!strikes_at("500:from=10s,until=20s", 20s));
  BOOST_TEST(!strikes_at("flap", 29s));
  BOOST_TEST(strikes_at("flap", 31s));
  BOOST_TEST(!strikes_at("flap", 61s));
  BOOST_TEST(strikes_at("hang:up=1s,down=2s", 4500ms));
  BOOST_TEST(!strikes_at("500:path=/v1/embeddings", 0s));
  BOOST_TEST(strikes_at("500:path=/v1/chat*", 0s));
  BOOST_TEST(!strikes_at("500:model=gpt", 0s));
}

BOOST_AUTO_TEST_CASE(words_that_mean_nothing_are_refused_with_the_word) {
  for (auto bad : {"", "nonsense", "500:p=2", "500:p=x", "500:p=", "500:when=3", "500:nth=0", "600",
                   "500:from=abc", "=", "p=1", "429_ra:1,2"})
    BOOST_TEST(!parse_fault(bad), bad);
  BOOST_TEST(parse_fault("500:when=3").error().context.find("when") != std::string::npos);
  for (const auto& f : fault_menu())
    BOOST_TEST(parse_fault(f.name).has_value(), f.name);
}

BOOST_AUTO_TEST_CASE(scripts_mix_short_and_long_forms) {
  const auto rules = parse_fault_script(
    R"({"faults":["429_ra:2,p=0.5",{"fault":"500","every":3,"from":"2s","arg":"x"}]})");
  BOOST_REQUIRE(rules.has_value());
  BOOST_TEST(rules->at(0).argument == "2");
  BOOST_TEST(rules->at(0).p == 0.5);
  BOOST_TEST(rules->at(1).every == 3);
  BOOST_TEST((rules->at(1).from == 2s));
  BOOST_TEST(rules->at(1).argument == "x");
  for (auto bad : {"", "{}", "[1]", "[\"nope\"]", "{\"faults\":3}", "[{\"p\":1}]"})
    BOOST_TEST(!parse_fault_script(bad), bad);
}

BOOST_AUTO_TEST_CASE(every_status_fault_answers_in_both_languages) {
  mock_random r{1};
  for (const auto& f : fault_menu()) {
    if (f.phase != fault_phase::status)
      continue;
    const auto s = make_status_fault(parse_fault(f.name).value(), r, {});
    BOOST_TEST(!s.error.type.empty(), f.name);
    BOOST_TEST(!s.error.anthropic_type.empty(), f.name);
    BOOST_TEST(!s.error.message.empty(), f.name);
  }
  for (int status = 400; status < 600; ++status)
    BOOST_TEST(make_status_fault(parse_fault(std::to_string(status)).value(), r, {}).error.status ==
               status);
  const auto date = make_status_fault(parse_fault("429_ra_date:7").value(), r,
                                      std::chrono::system_clock::time_point{});
  BOOST_TEST(date.headers == "retry-after: Thu, 01 Jan 1970 00:00:07 GMT\r\n");
}

BOOST_AUTO_TEST_CASE(spoiled_bodies_are_spoiled) {
  const std::string good = R"({"choices":[{"message":{"content":"echo: hello"}}]})";
  for (auto name : {"truncated_json", "malformed_json", "malformed_json:trailing", "empty_body",
                    "deep_nesting", "bom", "invalid_utf8"}) {
    std::string body = good, type = "application/json";
    spoil_body(parse_fault(name).value(), body, type);
    boost::system::error_code ec;
    boost::json::parse(body, ec);
    BOOST_TEST(ec.failed(), name);
  }
  std::string body = good, type;
  spoil_body(parse_fault("deep_nesting:500").value(), body, type);
  BOOST_TEST(std::count(body.begin(), body.end(), '[') == 500);
}

BOOST_AUTO_TEST_SUITE_END()
