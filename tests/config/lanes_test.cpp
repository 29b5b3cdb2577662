#include "config/lanes.hpp"
#include "config/ramp.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <random>

using namespace penstock;
using namespace penstock::config;

namespace {

/// The definition of a pattern as code; exponential, only for short texts.
bool reference_match(std::string_view p, std::string_view t) {
  if (p.empty())
    return t.empty();
  if (p.front() == '*')
    return reference_match(p.substr(1), t) || (!t.empty() && reference_match(p, t.substr(1)));
  return !t.empty() && (p.front() == '?' || p.front() == t.front()) &&
         reference_match(p.substr(1), t.substr(1));
}

} // namespace

BOOST_AUTO_TEST_SUITE(lanes)

BOOST_AUTO_TEST_CASE(a_glob_matches_what_its_definition_says) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937 random{seed};
    for (int i = 0; i < 20'000; ++i) {
      std::string p(random() % 7, ' '), t(random() % 9, ' ');
      for (char& c : p)
        c = "ab*?"[random() % 4];
      for (char& c : t)
        c = "ab"[random() % 2];
      BOOST_REQUIRE_MESSAGE(glob_match(p, t) == reference_match(p, t), p << " against " << t);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_hostile_glob_does_not_explode) {
  std::string p;
  for (int i = 0; i < 100; ++i)
    p += "a*";
  // A backtracking matcher would never end.
  BOOST_TEST(!glob_match(p + "b", std::string(5000, 'a')));
}

BOOST_AUTO_TEST_CASE(the_first_lane_that_matches_wins_and_the_rest_is_default) {
  upstream_settings u;
  u.lanes = {{.name = "mini", .models = {"gpt-4o-mini*"}, .limits = {}},
             {.name = "gpt", .models = {"o3", "gpt-*"}, .limits = {}}};
  BOOST_TEST(lane_of(u, "gpt-4o-mini-2024")->name == "mini");
  BOOST_TEST(lane_of(u, "gpt-4o")->name == "gpt");
  BOOST_TEST(lane_of(u, "o3")->name == "gpt");
  BOOST_TEST((lane_of(u, "o3-mini") == nullptr));
  BOOST_TEST((lane_of(u, "") == nullptr));
}

BOOST_AUTO_TEST_CASE(a_lane_gets_its_limits_and_the_breaker_of_the_run) {
  settings s;
  s.run.in_flight_max = 7;
  s.run.breaker_trips_after = 3;
  s.run.breaker_open_for = std::chrono::seconds{9};
  limit_settings l{.rpm = 1,
                   .rpd = 2,
                   .tpm = 3,
                   .itpm = 4,
                   .otpm = 5,
                   .headroom = 0.5,
                   .adaptive = false,
                   .burst = std::chrono::seconds{6}};
  const auto out = lane_limits_of(s, l, core::charge_rule::anthropic);
  using core::dimension;
  const auto limit = [&](dimension d) { return out.limit[static_cast<size_t>(d)]; };
  BOOST_TEST(limit(dimension::requests_minute) == 1);
  BOOST_TEST(limit(dimension::requests_day) == 2);
  BOOST_TEST(limit(dimension::total_tokens) == 3);
  BOOST_TEST(limit(dimension::input_tokens) == 4);
  BOOST_TEST(limit(dimension::output_tokens) == 5);
  BOOST_TEST(out.in_flight_max == 7u);
  BOOST_TEST(out.headroom == 0.5);
  BOOST_TEST(!out.adaptive);
  BOOST_TEST((out.burst == std::chrono::seconds{6}));
  BOOST_TEST(out.breaker_trips_after == 3u);
  BOOST_TEST((out.breaker_open_for == std::chrono::seconds{9}));
  BOOST_TEST((out.charging == core::charge_rule::anthropic));
}

BOOST_AUTO_TEST_CASE(the_width_is_looked_for_unless_somebody_names_one) {
  using core::width_rule;
  const settings s;
  const auto rule = [&](const limit_settings& l) {
    return lane_limits_of(s, l, core::charge_rule::openai).width;
  };
  limit_settings l;
  BOOST_TEST((rule(l) == width_rule::until_published));
  l.in_flight = 40;
  BOOST_TEST((rule(l) == width_rule::fixed));
  BOOST_TEST(lane_limits_of(s, l, core::charge_rule::openai).in_flight_max == 40u);
  l.adaptive_in_flight = "true";
  BOOST_TEST((rule(l) == width_rule::adaptive));
  l = {};
  l.adaptive_in_flight = "false";
  BOOST_TEST((rule(l) == width_rule::fixed));
  l = {};
  l.ramp = "5 -> 10";
  BOOST_TEST((rule(l) == width_rule::fixed));
  BOOST_TEST(
    (lane_limits_of(s, l, core::charge_rule::openai).ramp == std::vector<uint32_t>{5, 10}));
}

BOOST_AUTO_TEST_CASE(a_ramp_is_read_with_arrows_or_commas) {
  using steps = std::vector<uint32_t>;
  BOOST_TEST((parse_ramp("5 -> 10 -> 25 -> 50") == steps{5, 10, 25, 50}));
  BOOST_TEST((parse_ramp("5,10,25") == steps{5, 10, 25}));
  BOOST_TEST((parse_ramp(" 5->10 , 7 ") == steps{5, 10, 7}));
  BOOST_TEST((parse_ramp("") == steps{}));
  for (auto wrong :
       {"5 ->", "-> 5", "5 10", "0 -> 5", "5 -> 100001", "5 > 10", "five", "5,,6", "-5"})
    BOOST_TEST(!parse_ramp(wrong), wrong);
}

BOOST_AUTO_TEST_SUITE_END()
