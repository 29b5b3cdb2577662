#include "core/lane/lane.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

/// A lane without limits, and a provider that refuses.
struct fixture {
  bool ask(uint64_t id) {
    permit_request r;
    r.id = id;
    r.tenant = "t";
    return l.enqueue(r, now).has_value();
  }
  std::vector<permit> poll() {
    std::vector<permit> out;
    l.poll(now, out);
    return out;
  }
  void end(uint64_t id, reply_kind kind, std::optional<duration> retry_after = {},
           std::string reason = {}) {
    settlement s;
    s.id = id;
    s.kind = kind;
    s.retry_after = retry_after;
    s.reason = std::move(reason);
    l.settle(s, now);
  }
  /// Sends one request as soon as the lane allows it. @returns whether that was within an hour.
  bool send(reply_kind kind, std::optional<duration> retry_after = {}, std::string reason = {}) {
    const auto id = ++ids;
    if (!ask(id))
      return false;
    for (const auto last = now + 1h; now < last; now += 1s)
      if (!poll().empty()) {
        end(id, kind, retry_after, std::move(reason));
        return true;
      }
    return false;
  }
  /// Answers only 429s until the lane refuses. @returns how long that took.
  duration refuse(std::string reason = "no") {
    const auto begun = now;
    while (send(reply_kind::rate_limited, {}, reason))
      if (now - begun > 1h)
        break;
    return now - begun;
  }

  time_point now{1h};
  uint64_t ids = 0;
  lane l{lane_limits{}, now};
};

using breaker_state = lane_snapshot::breaker_state;

} // namespace

BOOST_FIXTURE_TEST_SUITE(lane_refusals_suite, fixture)

BOOST_AUTO_TEST_CASE(ten_minutes_of_nothing_but_429s_open_the_breaker_with_the_last_words) {
  const auto took = refuse("no money");
  BOOST_TEST((took >= 10min && took <= 11min));
  BOOST_TEST((l.snapshot(now).breaker == breaker_state::open));
  BOOST_TEST(l.snapshot(now).refusal == "no money");
  permit_request r;
  r.id = 999;
  const auto refused = l.enqueue(r, now);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::unavailable));
  BOOST_TEST(refused.error().context.find("nothing but 429") != std::string::npos);
  BOOST_TEST(refused.error().context.find("no money") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_waits_is_refused_with_the_same_words) {
  lane_limits narrow;
  narrow.in_flight_max = 1;
  l = lane{narrow, now};
  for (uint64_t id = 100; id < 103; ++id)
    BOOST_TEST(ask(id));
  const auto begun = now;
  std::vector<std::pair<uint64_t, error>> refused;
  while (refused.empty() && now - begun < 1h) {
    for (auto& p : poll()) {
      end(p.id, reply_kind::rate_limited, {}, "no money");
      ask(p.id);
    }
    refused = l.take_refused();
    now += 1s;
  }
  BOOST_REQUIRE(!refused.empty());
  BOOST_TEST((refused[0].second.code == errc::unavailable));
  BOOST_TEST(refused[0].second.context.find("no money") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_probe_that_is_refused_opens_it_again_and_a_success_closes_it) {
  refuse();
  now += 61s;
  BOOST_TEST(send(reply_kind::rate_limited, {}, "still no"));
  BOOST_TEST((l.snapshot(now).breaker == breaker_state::open));
  now += 61s;
  BOOST_TEST(send(reply_kind::success));
  BOOST_TEST((l.snapshot(now).breaker == breaker_state::closed));
  BOOST_TEST(l.snapshot(now).refusal.empty());
  BOOST_TEST((refuse() >= 10min)); // The time begins again.
}

BOOST_AUTO_TEST_CASE(a_success_or_a_hint_begins_the_time_anew_and_an_outage_does_not) {
  const auto for_nine_minutes = [&] {
    for (const auto last = now + 9min; now < last;)
      BOOST_REQUIRE(send(reply_kind::rate_limited));
  };
  for (auto how : {reply_kind::success, reply_kind::bad_request}) {
    for_nine_minutes();
    BOOST_TEST(send(how));
  }
  for_nine_minutes();
  BOOST_TEST(send(reply_kind::rate_limited, 1s));
  for_nine_minutes();
  BOOST_TEST((l.snapshot(now).breaker == breaker_state::closed));
  BOOST_TEST(send(reply_kind::server_error));
  BOOST_TEST((refuse() <= 2min));
}

BOOST_AUTO_TEST_CASE(one_long_wait_holds_one_request_and_others_go_one_at_a_time) {
  for (uint64_t id = 100; id < 110; ++id)
    BOOST_TEST(ask(id));
  BOOST_TEST(poll().size() == 10u);
  end(100, reply_kind::long_wait, 24h);
  for (uint64_t id = 101; id < 110; ++id)
    end(id, reply_kind::server_error);
  BOOST_TEST(!l.parked_until(now));
  BOOST_TEST(!l.opens_at(now));
  for (uint64_t id = 200; id < 205; ++id)
    BOOST_TEST(ask(id));
  BOOST_TEST(poll().size() == 1u);
  end(200, reply_kind::success);
  BOOST_TEST(poll().size() == 4u);
}

BOOST_AUTO_TEST_CASE(several_long_waits_in_a_row_park_the_lane_until_the_providers_time) {
  for (int i = 0; i < 4; ++i)
    BOOST_TEST(send(reply_kind::long_wait, 24h, "come back tomorrow"));
  BOOST_TEST(!l.parked_until(now));
  BOOST_TEST(send(reply_kind::long_wait, 24h, "come back tomorrow"));
  BOOST_TEST((l.parked_until(now) == now + 24h));
  permit_request r;
  r.id = 999;
  const auto refused = l.enqueue(r, now);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::quota_exhausted));
  BOOST_TEST(refused.error().context.find("come back tomorrow") != std::string::npos);
  now += 24h;
  BOOST_TEST(ask(300));
  BOOST_TEST(ask(301));
  BOOST_TEST(poll().size() == 1u);
  end(300, reply_kind::success);
  BOOST_TEST(poll().size() == 1u);
}

BOOST_AUTO_TEST_CASE(successes_between_long_waits_keep_the_lane_open) {
  for (int i = 0; i < 30; ++i) {
    BOOST_TEST(send(reply_kind::long_wait, 24h));
    BOOST_TEST(send(reply_kind::success));
  }
  BOOST_TEST(!l.parked_until(now));
}

BOOST_AUTO_TEST_CASE(a_quota_of_the_day_parks_at_once_and_keeps_its_words) {
  for (int i = 0; i < 5; ++i)
    send(reply_kind::long_wait, 2h, "wait");
  now += 2h;
  BOOST_TEST(send(reply_kind::success));
  BOOST_TEST(send(reply_kind::daily_quota, 3h));
  permit_request r;
  r.id = 999;
  BOOST_TEST(l.enqueue(r, now).error().context.find("daily quota") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
