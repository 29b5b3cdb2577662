#include "core/lane/lane.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

/// A lane without limits that pauses on demand.
struct fixture {
  result<void> ask(uint64_t id, std::optional<duration> patience = {}) {
    permit_request r;
    r.id = id;
    r.tenant = "t";
    r.patience = patience;
    return l.enqueue(r, now);
  }
  std::vector<permit> poll() {
    std::vector<permit> out;
    l.poll(now, out);
    return out;
  }
  void end(uint64_t id, reply_kind kind, std::optional<duration> retry_after = {}) {
    settlement s;
    s.id = id;
    s.kind = kind;
    s.retry_after = retry_after;
    l.settle(s, now);
  }
  /// Sends one request, which is answered with 429 and a Retry-After.
  void pause(duration length) {
    BOOST_REQUIRE(ask(1).has_value());
    BOOST_REQUIRE(poll().size() == 1u);
    end(1, reply_kind::rate_limited, length);
  }
  static lane_limits narrow() {
    lane_limits limits;
    limits.in_flight_max = 1;
    limits.breaker_trips_after = 1;
    return limits;
  }

  time_point now{1h};
  lane l{narrow(), now};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(lane_patience_suite, fixture)

BOOST_AUTO_TEST_CASE(a_pause_longer_than_the_patience_refuses_and_a_shorter_one_does_not) {
  pause(60s);
  BOOST_TEST(ask(2).has_value());
  BOOST_TEST(ask(3, 60s).has_value());
  const auto refused = ask(4, 59s);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::rate_limited));
  BOOST_TEST(refused.error().context == "paused, resumes in 60 s");
  BOOST_TEST((l.opens_at(now) == now + 60s));
  now += 10s;
  BOOST_TEST(ask(5, 50s).has_value());
  BOOST_TEST(!ask(6, 0s).has_value());
}

BOOST_AUTO_TEST_CASE(who_waits_already_is_refused_when_the_pause_begins) {
  BOOST_REQUIRE(ask(1).has_value());
  BOOST_REQUIRE(poll().size() == 1u);
  BOOST_REQUIRE(ask(2).has_value());
  BOOST_REQUIRE(ask(4, 5s).has_value());
  BOOST_REQUIRE(ask(3, 5s).has_value());
  BOOST_REQUIRE(ask(5, 100s).has_value());
  end(1, reply_kind::rate_limited, 60s);
  const auto refused = l.take_refused();
  BOOST_REQUIRE(refused.size() == 2u);
  BOOST_TEST(refused[0].first == 3u);
  BOOST_TEST(refused[1].first == 4u);
  BOOST_TEST((refused[0].second.code == errc::rate_limited));
  BOOST_TEST(l.snapshot(now).waiting == 2u);
  now += 60s;
  BOOST_TEST(poll().size() == 1u);
  BOOST_TEST(!l.opens_at(now).has_value());
}

BOOST_AUTO_TEST_CASE(a_pause_that_grows_is_noticed) {
  BOOST_REQUIRE(ask(1).has_value());
  BOOST_REQUIRE(poll().size() == 1u);
  BOOST_REQUIRE(ask(2, 5s).has_value());
  end(1, reply_kind::rate_limited, 3s);
  BOOST_TEST(l.take_refused().empty());
  end(99, reply_kind::rate_limited, 30s); // More 429s of the same moment make it longer.
  BOOST_TEST(l.take_refused().size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_time_of_an_open_breaker_is_told) {
  BOOST_TEST(!l.opens_at(now).has_value());
  BOOST_REQUIRE(ask(1).has_value());
  BOOST_REQUIRE(poll().size() == 1u);
  end(1, reply_kind::server_error);
  BOOST_TEST((ask(2, 0s).error().code == errc::unavailable));
  const auto opens = l.opens_at(now);
  BOOST_REQUIRE(opens.has_value());
  BOOST_TEST((*opens > now && *opens <= now + 1s));
  now = *opens;
  BOOST_TEST(!l.opens_at(now).has_value());
}

BOOST_AUTO_TEST_CASE(the_time_of_a_spent_quota_is_told) {
  BOOST_REQUIRE(ask(1).has_value());
  BOOST_REQUIRE(poll().size() == 1u);
  end(1, reply_kind::daily_quota, 3600s);
  BOOST_TEST((ask(2, 0s).error().code == errc::quota_exhausted));
  BOOST_TEST((l.opens_at(now) == now + 3600s));
}

BOOST_AUTO_TEST_SUITE_END()
