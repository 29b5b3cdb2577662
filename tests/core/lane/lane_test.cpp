#include "core/lane/lane.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

constexpr auto requests = static_cast<size_t>(dimension::requests_minute);
constexpr auto input = static_cast<size_t>(dimension::input_tokens);
constexpr auto output = static_cast<size_t>(dimension::output_tokens);
constexpr auto total = static_cast<size_t>(dimension::total_tokens);

/// A lane, a manual clock, and short names for the messages.
struct fixture {
  lane make(lane_limits l) {
    BOOST_REQUIRE(validate(l).has_value());
    return lane{l, now};
  }
  static lane_limits rpm(double n) {
    lane_limits l;
    l.limit[requests] = n;
    l.headroom = 1;
    l.adaptive = false;
    return l;
  }
  result<void> ask(lane& l, uint64_t id, uint32_t bytes = 35, uint32_t output_max = 0) {
    permit_request r;
    r.id = id;
    r.owner = id % 2;
    r.tenant = "t";
    r.input_bytes = bytes;
    r.output_tokens_max = output_max;
    return l.enqueue(r, now);
  }
  bool asked(lane& l, uint64_t id, uint32_t bytes = 35, uint32_t output_max = 0) {
    return ask(l, id, bytes, output_max).has_value();
  }
  std::vector<permit> poll(lane& l) {
    std::vector<permit> out;
    l.poll(now, out);
    return out;
  }
  void end(lane& l, uint64_t id, reply_kind kind = reply_kind::success,
           std::optional<duration> retry_after = {}) {
    settlement s;
    s.id = id;
    s.kind = kind;
    s.retry_after = retry_after;
    l.settle(s, now);
  }
  time_point now{1h};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(lane_suite, fixture)

BOOST_AUTO_TEST_CASE(settings_that_make_no_sense_are_refused_by_name) {
  lane_limits l;
  l.headroom = 1.2;
  BOOST_REQUIRE(validate(l).has_error());
  BOOST_TEST(validate(l).error().context.starts_with("headroom must be in (0, 1], is 1.2"));
  l = {};
  l.limit[total] = -1;
  BOOST_TEST(validate(l).has_error());
  l = {};
  l.burst = 0s;
  BOOST_TEST(validate(l).has_error());
}

BOOST_AUTO_TEST_CASE(without_limits_everything_starts_at_once) {
  auto l = make({});
  for (uint64_t i = 0; i < 1000; ++i)
    BOOST_TEST(asked(l, i));
  BOOST_TEST(poll(l).size() == 1000u);
}

BOOST_AUTO_TEST_CASE(a_full_bucket_bursts_and_then_flows_at_the_rate) {
  auto l = make(rpm(60));
  for (uint64_t i = 0; i < 100; ++i)
    BOOST_TEST(asked(l, i));
  BOOST_TEST(poll(l).size() == 60u);
  const auto wake = l.next_wake(now);
  BOOST_REQUIRE(wake);
  BOOST_TEST(to_ms(*wake - now) == 1000);
  now = *wake;
  BOOST_TEST(poll(l).size() == 1u);
}

BOOST_AUTO_TEST_CASE(no_more_than_the_cap_is_in_flight) {
  lane_limits limits;
  limits.in_flight_max = 3;
  auto l = make(limits);
  for (uint64_t i = 0; i < 5; ++i)
    BOOST_TEST(asked(l, i));
  BOOST_TEST(poll(l).size() == 3u);
  BOOST_TEST(!l.next_wake(now));
  end(l, 0);
  BOOST_TEST(poll(l).size() == 1u);
  BOOST_TEST(l.snapshot(now).in_flight_peak == 3u);
}

BOOST_AUTO_TEST_CASE(what_never_fits_is_refused_at_once_with_limit_and_size) {
  lane_limits limits;
  limits.limit[total] = 1000;
  auto l = make(limits);
  const auto refused = ask(l, 7, 35, 1001);
  BOOST_REQUIRE(refused.has_error());
  BOOST_TEST((refused.error().code == errc::request_too_large));
  BOOST_TEST(refused.error().context.find("1001") != std::string::npos);
  BOOST_TEST(refused.error().context.find("1000 per minute") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_fits_the_limit_but_not_the_headroom_is_granted_into_debt) {
  lane_limits limits;
  limits.limit[total] = 1000;
  limits.headroom = 0.5;
  limits.adaptive = false;
  auto l = make(limits);
  BOOST_TEST(asked(l, 1, 35, 900));
  BOOST_TEST(poll(l).size() == 1u);
  BOOST_TEST(l.snapshot(now).level[total] == -400, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(a_waiting_request_that_turns_out_too_large_is_refused_not_forgotten) {
  lane_limits limits;
  limits.limit[input] = 1000;
  limits.charging = charge_rule::as_used;
  limits.in_flight_max = 1;
  auto l = make(limits);
  BOOST_TEST(asked(l, 1, 1000));
  BOOST_TEST(poll(l).size() == 1u);
  BOOST_TEST(asked(l, 2, 3000));
  settlement s;
  s.id = 1;
  s.used = {.input_tokens = 900, .output_tokens = 1, .known = true};
  s.input_bytes = 1000;
  l.settle(s, now);
  BOOST_TEST(poll(l).empty());
  const auto refused = l.take_refused();
  BOOST_REQUIRE(refused.size() == 1u);
  BOOST_TEST(refused[0].first == 2u);
  BOOST_TEST((refused[0].second.code == errc::request_too_large));
}

BOOST_AUTO_TEST_CASE(retry_after_pauses_the_lane_exactly_that_long_and_the_longest_counts) {
  auto l = make(rpm(600));
  for (uint64_t i = 0; i < 3; ++i)
    BOOST_TEST(asked(l, i));
  BOOST_TEST(poll(l).size() == 3u);
  end(l, 0, reply_kind::rate_limited, 2s);
  end(l, 1, reply_kind::rate_limited, 5s);
  end(l, 2, reply_kind::rate_limited, 1s);
  for (uint64_t i = 10; i < 100; ++i)
    BOOST_TEST(asked(l, i));
  BOOST_TEST((l.next_wake(now) == now + 5s));
  now += 5s - 1ns;
  BOOST_TEST(poll(l).empty());
  now += 1ns;
  BOOST_TEST(poll(l).size() == 1u); // Not all at once: one every 0.1 s.
  now += 1s;
  BOOST_TEST(poll(l).size() <= 10u);
}

BOOST_AUTO_TEST_CASE(hintless_429s_double_the_pause_once_per_herd_and_success_resets_it) {
  auto l = make({});
  uint64_t id = 0;
  for (int64_t expected : {500, 1000, 2000, 4000, 8000, 16'000, 30'000, 30'000}) {
    for (int i = 0; i < 4; ++i)
      BOOST_TEST(asked(l, id + i));
    BOOST_REQUIRE(poll(l).size() == 4u);
    for (int i = 0; i < 4; ++i)
      end(l, id++, reply_kind::rate_limited);
    BOOST_REQUIRE(l.snapshot(now).paused_until);
    BOOST_TEST(to_ms(*l.snapshot(now).paused_until - now) == expected);
    now = *l.snapshot(now).paused_until;
  }
  BOOST_TEST(asked(l, id));
  BOOST_TEST(poll(l).size() == 1u);
  end(l, id++);
  BOOST_TEST(asked(l, id));
  BOOST_TEST(poll(l).size() == 1u);
  end(l, id++, reply_kind::rate_limited);
  BOOST_TEST(to_ms(*l.snapshot(now).paused_until - now) == 500);
}

BOOST_AUTO_TEST_CASE(a_daily_quota_parks_the_lane_and_refuses_what_waits) {
  lane_limits limits;
  limits.in_flight_max = 1;
  auto l = make(limits);
  BOOST_TEST(asked(l, 1));
  BOOST_TEST(asked(l, 2));
  BOOST_TEST(poll(l).size() == 1u);
  end(l, 1, reply_kind::daily_quota, 3600s);
  const auto refused = l.take_refused();
  BOOST_REQUIRE(refused.size() == 1u);
  BOOST_TEST((refused[0].second.code == errc::quota_exhausted));
  BOOST_TEST((ask(l, 3).error().code == errc::quota_exhausted));
  BOOST_TEST((l.parked_until(now) == now + 3600s));
  now += 3600s;
  BOOST_TEST(!l.parked_until(now));
  BOOST_TEST(asked(l, 4));
  BOOST_TEST(poll(l).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_open_breaker_refuses_and_lets_one_probe_through_after_its_time) {
  lane_limits limits;
  limits.breaker_trips_after = 2;
  auto l = make(limits);
  for (uint64_t i = 0; i < 2; ++i)
    BOOST_TEST(asked(l, i));
  poll(l);
  end(l, 0, reply_kind::transport);
  end(l, 1, reply_kind::server_error);
  BOOST_TEST((ask(l, 2).error().code == errc::unavailable));
  now += 1s;
  for (uint64_t i = 10; i < 13; ++i)
    BOOST_TEST(asked(l, i));
  auto probe = poll(l);
  BOOST_REQUIRE(probe.size() == 1u);
  BOOST_TEST(probe[0].probe);
  // A probe whose node dies does not block the lane.
  l.release_owner(probe[0].id % 2, now);
  probe = poll(l);
  BOOST_REQUIRE(probe.size() == 1u);
  end(l, probe[0].id);
  BOOST_TEST(asked(l, 20));
  BOOST_TEST(poll(l).size() >= 1u);
}

BOOST_AUTO_TEST_CASE(what_was_never_sent_costs_nothing) {
  lane_limits limits;
  limits.limit = {60, 0, 0, 0, 6000};
  auto l = make(limits);
  const auto before = l.snapshot(now);
  BOOST_TEST(asked(l, 1, 350, 500));
  BOOST_TEST(poll(l).size() == 1u);
  settlement s;
  s.id = 1;
  s.sent = false;
  l.settle(s, now);
  BOOST_TEST(l.snapshot(now).level[requests] == before.level[requests]);
  BOOST_TEST(l.snapshot(now).level[total] == before.level[total]);
  BOOST_TEST(l.snapshot(now).used_last_minute[total] == 0);
}

BOOST_AUTO_TEST_CASE(
  openai_keeps_unused_output_anthropic_never_took_it_and_gemini_counts_input_alone) {
  for (auto rule : {charge_rule::openai, charge_rule::anthropic, charge_rule::input_only}) {
    lane_limits limits;
    limits.limit = {0, 0, 0, 10'000, 10'000};
    limits.charging = rule;
    limits.headroom = 1;
    auto l = make(limits);
    BOOST_TEST(asked(l, 1, 350, 500));
    BOOST_TEST(poll(l).size() == 1u);
    if (rule == charge_rule::input_only) // 350 bytes, nothing for the 500 tokens of output.
      BOOST_TEST(l.snapshot(now).level[total] == 9900, boost::test_tools::tolerance(1e-9));
    settlement s;
    s.id = 1;
    s.used = {.input_tokens = 100, .output_tokens = 20, .known = true};
    l.settle(s, now);
    const double left = rule == charge_rule::openai      ? 9500
                        : rule == charge_rule::anthropic ? 9880
                                                         : 9900;
    BOOST_TEST(l.snapshot(now).level[total] == left, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(l.snapshot(now).level[output] == 9980, boost::test_tools::tolerance(1e-9));
  }
}

BOOST_AUTO_TEST_CASE(a_bad_request_counts_as_a_request_but_its_tokens_come_back) {
  lane_limits limits;
  limits.limit = {60, 0, 0, 0, 6000};
  limits.headroom = 1;
  auto l = make(limits);
  BOOST_TEST(asked(l, 1, 350, 500));
  BOOST_TEST(poll(l).size() == 1u);
  end(l, 1, reply_kind::bad_request);
  BOOST_TEST(l.snapshot(now).level[requests] == 59);
  BOOST_TEST(l.snapshot(now).level[total] == 6000);
}

BOOST_AUTO_TEST_CASE(headers_correct_the_level_downwards_at_once_and_never_above_the_capacity) {
  auto l = make(rpm(600));
  for (uint64_t i = 0; i < 2; ++i)
    BOOST_TEST(asked(l, i));
  poll(l);
  settlement s;
  s.id = 0;
  s.limits[requests] = {600, 100, 50s};
  l.settle(s, now);
  BOOST_TEST(l.snapshot(now).level[requests] <= 100);
  BOOST_TEST(l.snapshot(now).level[requests] >= 60);
  s.id = 1;
  s.limits[requests] = {1e30, 1e30, 1s};
  l.settle(s, now);
  BOOST_TEST(l.snapshot(now).level[requests] <= 600);
  BOOST_TEST(l.snapshot(now).limit[requests] == 600);
}

BOOST_AUTO_TEST_CASE(a_lower_limit_of_the_server_is_followed_and_its_return_too) {
  auto l = make(rpm(600));
  for (uint64_t i = 0; i < 2; ++i)
    BOOST_TEST(asked(l, i));
  poll(l);
  settlement s;
  s.id = 0;
  s.limits[requests].limit = 300;
  l.settle(s, now);
  BOOST_TEST(l.snapshot(now).limit[requests] == 300);
  s.id = 1;
  s.limits[requests].limit = 900;
  l.settle(s, now);
  BOOST_TEST(l.snapshot(now).limit[requests] == 600);
}

BOOST_AUTO_TEST_CASE(a_lane_restarted_empty_takes_over_permits_without_debt) {
  lane l{rpm(60), now, true};
  BOOST_TEST(asked(l, 1));
  BOOST_TEST(poll(l).empty());
  permit_request r;
  r.id = 9;
  l.adopt(r, now);
  BOOST_TEST(l.snapshot(now).in_flight == 1u);
  BOOST_TEST(l.snapshot(now).level[requests] >= 0);
  end(l, 9);
  end(l, 77);
  const auto s = l.snapshot(now);
  BOOST_TEST(s.adopted == 1u);
  BOOST_TEST(s.settled == 1u);
  BOOST_TEST(s.settled_unknown == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_queue_and_an_id_asked_for_twice_are_refused) {
  lane_limits limits;
  limits.queue_max = 2;
  auto l = make(limits);
  BOOST_TEST(asked(l, 1));
  BOOST_TEST((ask(l, 1).error().code == errc::internal));
  BOOST_TEST(asked(l, 2));
  BOOST_TEST((ask(l, 3).error().code == errc::overflow));
  BOOST_TEST(l.cancel(1));
  BOOST_TEST(!l.cancel(1));
  BOOST_TEST(asked(l, 3));
}

BOOST_AUTO_TEST_SUITE_END()
