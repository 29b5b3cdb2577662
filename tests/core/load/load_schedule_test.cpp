#include "core/load/load_schedule.hpp"

#include "core/json/json_check.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

load_script script_of(load_phase phase) {
  load_script s;
  s.tenants.emplace_back();
  s.tenants.back().requests.min = 1;
  s.phases = {std::move(phase)};
  return s;
}

std::vector<load_arrival_event> all_of(const load_script& s) {
  std::vector<load_arrival_event> out;
  for (load_schedule schedule{s}; schedule.peek();)
    out.push_back(schedule.take());
  return out;
}

std::vector<double> times_of(const load_script& s) {
  std::vector<double> out;
  for (auto& e : all_of(s))
    out.push_back(to_seconds(e.at));
  return out;
}

std::vector<uint64_t> sizes(const load_distribution& d, size_t count) {
  load_random random{7};
  std::vector<uint64_t> out(count);
  std::ranges::generate(out, [&] { return draw(d, random); });
  std::ranges::sort(out);
  return out;
}

double mean(const std::vector<uint64_t>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

} // namespace

BOOST_AUTO_TEST_SUITE(load_schedule_suite)

BOOST_AUTO_TEST_CASE(a_constant_rate_is_even_and_ends_with_its_phase) {
  const auto times = times_of(script_of({.name = "a", .length = 2s, .rate = 10}));
  BOOST_REQUIRE(times.size() == 20u);
  for (size_t i = 0; i < times.size(); ++i)
    BOOST_TEST(times[i] == static_cast<double>(i) / 10, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(no_rate_is_silence) {
  BOOST_TEST(times_of(script_of({.name = "a", .length = 2s, .rate = 0})).empty());
  BOOST_TEST(
    times_of(script_of({.name = "a", .length = 2s, .arrival = load_arrival::poisson})).empty());
  BOOST_TEST(
    times_of(script_of({.name = "a", .length = 2s, .arrival = load_arrival::ramp})).empty());
}

BOOST_AUTO_TEST_CASE(poisson_arrivals_have_the_rate_and_the_spread_of_strangers) {
  const auto times = times_of(
    script_of({.name = "a", .length = 200s, .arrival = load_arrival::poisson, .rate = 100}));
  BOOST_TEST(std::abs(static_cast<double>(times.size()) - 20000) < 600); // Four deviations.
  BOOST_TEST(std::ranges::is_sorted(times));
  double squares = 0;
  for (size_t i = 1; i < times.size(); ++i)
    squares += std::pow(times[i] - times[i - 1] - 0.01, 2);
  // The deviation of the gaps is their mean.
  BOOST_TEST(std::sqrt(squares / static_cast<double>(times.size())) == 0.01,
             boost::test_tools::tolerance(0.05));
}

BOOST_AUTO_TEST_CASE(a_burst_comes_at_once_and_again) {
  const auto times = times_of(script_of(
    {.name = "a", .length = 10s, .arrival = load_arrival::burst, .burst = 3, .every = 4s}));
  const std::vector<double> expected{0, 0, 0, 4, 4, 4, 8, 8, 8};
  BOOST_TEST(times == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_ramp_goes_from_one_rate_to_another) {
  for (auto [from, to] : {std::pair{0.0, 100.0}, {100.0, 0.0}, {20.0, 80.0}, {50.0, 50.0}}) {
    load_phase phase{
      .name = "a", .length = 100s, .arrival = load_arrival::ramp, .rate = from, .rate_to = to};
    const auto times = times_of(script_of(phase));
    BOOST_TEST(std::ranges::is_sorted(times));
    BOOST_TEST(std::abs(static_cast<double>(times.size()) - 50 * (from + to)) < 2);
    const auto half = std::ranges::count_if(times, [](double t) { return t < 50; });
    BOOST_TEST(std::abs(static_cast<double>(half) - 50 * (from + (from + to) / 2) / 2) < 3);
  }
}

BOOST_AUTO_TEST_CASE(phases_follow_each_other) {
  auto s = script_of({.name = "a", .length = 1s, .rate = 2});
  s.phases.push_back({.name = "b", .length = 3s, .rate = 0});
  s.phases.push_back({.name = "c", .length = 1s, .rate = 4});
  const std::vector<double> expected{0, 0.5, 4, 4.25, 4.5, 4.75};
  BOOST_TEST(times_of(s) == expected, boost::test_tools::per_element());
  BOOST_TEST((s.length() == 5s));
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_messages) {
  auto s = script_of({.name = "a", .length = 20s, .arrival = load_arrival::poisson, .rate = 100});
  s.mix = {1, 2, 0.5, 1, 1};
  s.tenants.front().requests = {load_shape::lognormal, 10, 1, 1, 1000};
  s.tenants.push_back(s.tenants.front());
  const auto first = all_of(s), second = all_of(s);
  s.seed = 2;
  const auto other = all_of(s);
  BOOST_REQUIRE(first.size() == second.size());
  size_t same_as_other = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    BOOST_TEST((first[i].at == second[i].at && first[i].kind == second[i].kind &&
                first[i].tenant == second[i].tenant && first[i].requests == second[i].requests &&
                first[i].pick == second[i].pick));
    same_as_other += i < other.size() && first[i].at == other[i].at;
  }
  BOOST_TEST(same_as_other < 3u);
}

BOOST_AUTO_TEST_CASE(another_mix_moves_no_arrival) {
  auto s = script_of({.name = "a", .length = 20s, .arrival = load_arrival::poisson, .rate = 50});
  const auto before = times_of(s);
  s.mix = {1, 1, 1, 1, 1};
  BOOST_TEST(before == times_of(s), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(messages_and_tenants_keep_to_their_weights) {
  auto s = script_of({.name = "a", .length = 100s, .rate = 200});
  s.mix = {3, 1, 0, 0, 0};
  s.tenants.push_back(s.tenants.front());
  s.tenants[0].weight = 9;
  s.tenants.push_back(s.tenants.front());
  s.tenants[2].weight = 0; // Is never drawn.
  std::array<double, load_messages> kinds{};
  std::array<double, 3> tenants{};
  for (auto& e : all_of(s)) {
    kinds[static_cast<size_t>(e.kind)] += 1;
    if (e.kind == load_message::submit) {
      tenants[e.tenant] += 1;
      BOOST_TEST(e.requests == 1u);
    }
  }
  BOOST_TEST(kinds[0] / 20000 == 0.75, boost::test_tools::tolerance(0.03));
  BOOST_TEST(kinds[1] / 20000 == 0.25, boost::test_tools::tolerance(0.06));
  BOOST_TEST(kinds[2] == 0);
  BOOST_TEST(tenants[0] / kinds[0] == 0.9, boost::test_tools::tolerance(0.03));
  BOOST_TEST(tenants[2] == 0);
}

BOOST_AUTO_TEST_CASE(sizes_keep_to_their_shape_and_bounds) {
  constexpr size_t count = 20000;
  BOOST_TEST(sizes({load_shape::constant, 42, 0, 0, 100}, 3).back() == 42u);
  BOOST_TEST(sizes({load_shape::constant, 420, 0, 0, 100}, 3).back() == 100u);
  const auto even = sizes({load_shape::uniform, 0, 0, 5, 14}, count);
  BOOST_TEST(even.front() == 5u);
  BOOST_TEST(even.back() == 14u);
  BOOST_TEST(mean(even) == 9.5, boost::test_tools::tolerance(0.02));
  const auto bell = sizes({load_shape::normal, 100, 10, 0, 1000}, count);
  BOOST_TEST(mean(bell) == 100, boost::test_tools::tolerance(0.01));
  BOOST_TEST(static_cast<double>(bell[count * 84 / 100]) == 110,
             boost::test_tools::tolerance(0.02));
  const auto log = sizes({load_shape::lognormal, 1000, 1, 10, 20000}, count);
  BOOST_TEST(static_cast<double>(log[count / 2]) == 1000, boost::test_tools::tolerance(0.05));
  BOOST_TEST(log.front() >= 10u);
  BOOST_TEST(log.back() <= 20000u);
}

BOOST_AUTO_TEST_CASE(zipf_makes_the_small_ones_frequent) {
  constexpr size_t count = 50000;
  for (double exponent : {0.8, 1.0, 1.5, 3.0}) {
    double sum = 0;
    for (int k = 1; k <= 100; ++k)
      sum += std::pow(k, -exponent);
    const auto drawn = sizes({load_shape::zipf, 0, exponent, 11, 110}, count);
    BOOST_TEST(drawn.front() == 11u);
    BOOST_TEST(drawn.back() <= 110u);
    for (uint64_t k : {1, 2, 5}) {
      const auto share = static_cast<double>(std::ranges::count(drawn, 10 + k)) / count;
      const auto expected = std::pow(static_cast<double>(k), -exponent) / sum;
      BOOST_TEST(std::abs(share - expected) < 4 * std::sqrt(expected / count) + 1e-4,
                 exponent << " " << k);
    }
  }
  BOOST_TEST(sizes({load_shape::zipf, 0, 1, 7, 7}, 10).back() == 7u); // One size only.
}

BOOST_AUTO_TEST_CASE(scaling_shortens_phases_and_actions_and_keeps_rates) {
  auto s = script_of({.name = "a", .length = 100s, .rate = 5});
  s.actions.push_back({.at = 50s, .deed = load_deed::suspend, .process = "n", .length = 10s});
  s.share_since = 20s;
  scale(s, 0.1);
  BOOST_TEST((s.phases[0].length == 10s && s.actions[0].at == 5s && s.actions[0].length == 1s &&
              s.share_since == 2s));
  BOOST_TEST(s.phases[0].rate == 5);
}

BOOST_AUTO_TEST_CASE(requests_are_valid_different_and_the_same_again) {
  load_script s;
  s.model = "with \"quotes\"";
  load_tenant tenant;
  tenant.body_bytes = {load_shape::constant, 500, 0, 0, 1000};
  tenant.output_tokens_max = 33;
  const auto one = load_request(s, tenant, 3, 1), again = load_request(s, tenant, 3, 1),
             two = load_request(s, tenant, 3, 2);
  BOOST_TEST(!check_json(*one.body).has_value());
  BOOST_TEST(*one.body == *again.body);
  BOOST_TEST(*one.body != *two.body);
  BOOST_TEST(one.custom_id == load_request_id(3, 1));
  BOOST_TEST(one.body->size() > 500u);
  BOOST_TEST(one.body->size() < 640u);
  BOOST_TEST(one.body->find("\"max_tokens\":33") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
