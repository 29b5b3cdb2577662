#include "actors/lane/rate_limiter.hpp"

#include "tests/support/deterministic_system.hpp"

using namespace penstock;
using namespace std::chrono_literals;

namespace {

/// A permit taker that records its messages.
struct taker_log {
  std::vector<uint64_t> granted;
  std::vector<std::pair<uint64_t, errc>> refused;
};

permit_taker_actor::behavior_type taker(permit_taker_actor::pointer self, rate_limiter_actor to,
                                        std::vector<core::permit_request> calls,
                                        std::shared_ptr<taker_log> log) {
  for (auto& call : calls)
    self->send(to, atom::acquire_v, call);
  return {
    [log](atom::granted, const core::permit& p) { log->granted.push_back(p.id); },
    [log](atom::refused, uint64_t id, const error& e, caf::timespan) {
      log->refused.emplace_back(id, e.code);
    },
  };
}

struct fixture : test::deterministic_system {
  std::shared_ptr<taker_log> log = std::make_shared<taker_log>();

  rate_limiter_actor start(core::lane_limits limits) {
    return spawn(actors::rate_limiter, limits, false);
  }

  static core::lane_limits per_minute(double rpm, uint32_t in_flight = 0) {
    core::lane_limits l;
    l.limit[static_cast<size_t>(core::dimension::requests_minute)] = rpm;
    l.headroom = 1;
    l.adaptive = false;
    l.burst = 1s;
    l.in_flight_max = in_flight;
    return l;
  }

  static std::vector<core::permit_request> calls(uint64_t n) {
    std::vector<core::permit_request> result(n);
    for (uint64_t i = 0; i < n; ++i) {
      result[i].id = i + 1;
      result[i].tenant = "t";
    }
    return result;
  }

  static core::settlement settled(uint64_t id, core::reply_kind kind = core::reply_kind::success) {
    core::settlement s;
    s.id = id;
    s.kind = kind;
    return s;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(rate_limiter_suite, fixture)

BOOST_AUTO_TEST_CASE(permits_flow_at_the_rate_of_the_limit) {
  auto aut = start(per_minute(120));
  spawn(taker, aut, calls(6), log);
  run();
  const auto burst = log->granted.size();
  BOOST_TEST(burst >= 1u);
  BOOST_TEST(burst <= 2u);
  for (int i = 0; i < 30; ++i)
    advance(100ms);
  BOOST_TEST(log->granted.size() == 6u);
  BOOST_TEST((log->granted == std::vector<uint64_t>{1, 2, 3, 4, 5, 6}));
}

BOOST_AUTO_TEST_CASE(a_settled_permit_makes_room_in_flight) {
  auto aut = start(per_minute(0, 2));
  spawn(taker, aut, calls(3), log);
  run();
  BOOST_TEST(log->granted.size() == 2u);
  self->send(aut, atom::settle_v, settled(1));
  run();
  BOOST_TEST(log->granted.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_retry_after_pauses_every_asker) {
  auto aut = start(per_minute(0));
  spawn(taker, aut, calls(1), log);
  run();
  BOOST_REQUIRE(log->granted.size() == 1u);
  auto s = settled(1, core::reply_kind::rate_limited);
  s.retry_after = 2s;
  self->send(aut, atom::settle_v, s);
  run();
  auto second = calls(2);
  spawn(taker, aut, std::vector{second[1]}, log);
  run();
  BOOST_TEST(log->granted.size() == 1u);
  advance(1900ms);
  BOOST_TEST(log->granted.size() == 1u);
  advance(200ms);
  BOOST_TEST(log->granted.size() == 2u);
}

BOOST_AUTO_TEST_CASE(pauses_do_not_leave_timers_behind) {
  auto aut = start(per_minute(600, 50));
  spawn(taker, aut, calls(4000), log);
  run();
  for (uint64_t i = 0; i < 100; ++i) {
    advance(500ms);
    auto s = settled(log->granted.at(i), core::reply_kind::rate_limited);
    s.retry_after = 2s - std::chrono::milliseconds{10 * i};
    self->send(aut, atom::settle_v, s);
    run();
    advance(2s);
  }
  BOOST_TEST(sched.clock().schedule().size() <= 4u);
}

BOOST_AUTO_TEST_CASE(a_withdrawn_request_is_never_granted) {
  auto aut = start(per_minute(0, 1));
  spawn(taker, aut, calls(2), log);
  run();
  self->send(aut, atom::withdraw_v, uint64_t{2});
  self->send(aut, atom::settle_v, settled(1));
  run();
  BOOST_TEST((log->granted == std::vector<uint64_t>{1}));
}

BOOST_AUTO_TEST_CASE(what_can_never_fit_is_refused_at_once) {
  core::lane_limits limits;
  limits.limit[static_cast<size_t>(core::dimension::total_tokens)] = 100;
  auto aut = start(limits);
  auto big = calls(1);
  big[0].output_tokens_max = 5000;
  spawn(taker, aut, big, log);
  run();
  BOOST_REQUIRE(log->refused.size() == 1u);
  BOOST_TEST((log->refused[0].second == errc::request_too_large));
}

BOOST_AUTO_TEST_CASE(an_adopted_permit_counts_in_flight) {
  auto aut = start(per_minute(0, 1));
  self->send(aut, atom::adopt_v, calls(1)[0]);
  run();
  auto two = calls(2);
  spawn(taker, aut, std::vector{two[1]}, log);
  run();
  BOOST_TEST(log->granted.empty());
  self->send(aut, atom::settle_v, settled(1));
  run();
  BOOST_TEST(log->granted.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_a_dead_owner_held_is_free_again) {
  auto aut = start(per_minute(0, 1));
  auto two = calls(2);
  two[0].owner = 7;
  two[1].owner = 8;
  spawn(taker, aut, two, log);
  run();
  BOOST_TEST((log->granted == std::vector<uint64_t>{1}));
  self->send(aut, atom::release_v, uint64_t{7});
  run();
  BOOST_TEST((log->granted == std::vector<uint64_t>{1, 2}));
}

BOOST_AUTO_TEST_SUITE_END()
