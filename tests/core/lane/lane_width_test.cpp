#include "core/lane/lane.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

/// A lane with an endless backlog.
struct fixture {
  void make(lane_limits l) {
    BOOST_REQUIRE(validate(l).has_value());
    lane_ = lane{std::move(l), now};
    for (uint64_t id = 1; id <= 5000; ++id) {
      permit_request r;
      r.id = id;
      r.owner = 1;
      r.tenant = "t";
      BOOST_REQUIRE(lane_.enqueue(r, now));
    }
  }
  void poll() {
    std::vector<permit> permits;
    lane_.poll(now, permits);
    for (const auto& p : permits)
      out.push_back(p.id);
  }
  void end_oldest(reply_kind kind = reply_kind::success, const limit_readings& limits = {}) {
    BOOST_REQUIRE(!out.empty());
    settlement s;
    s.id = out.front();
    s.kind = kind;
    s.limits = limits;
    out.erase(out.begin());
    lane_.settle(s, now);
  }
  /// Ends all requests in flight after `took`. @returns their number.
  size_t round(duration took = 1s, reply_kind kind = reply_kind::success) {
    poll();
    const auto n = out.size();
    now += took;
    while (!out.empty())
      end_oldest(kind);
    return n;
  }
  static lane_limits adaptive(width_rule rule, uint32_t most) {
    lane_limits l;
    l.in_flight_max = most;
    l.width = rule;
    l.breaker_trips_after = 0;
    return l;
  }

  time_point now{1h};
  lane lane_;
  std::vector<uint64_t> out;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(lane_width_suite, fixture)

BOOST_AUTO_TEST_CASE(widths_that_make_no_sense_are_refused_by_name) {
  lane_limits l;
  l.width = width_rule::adaptive;
  BOOST_REQUIRE(validate(l).has_error());
  BOOST_TEST(validate(l).error().context.starts_with("in_flight_max must be positive"));
  l = {};
  l.ramp = {5, 0, 10};
  BOOST_REQUIRE(validate(l).has_error());
  BOOST_TEST(validate(l).error().context.starts_with("ramp must have positive steps"));
  l.ramp = {5, 10};
  l.ramp_every = 0s;
  BOOST_TEST(validate(l).has_error());
}

BOOST_AUTO_TEST_CASE(an_adaptive_width_begins_at_64_and_grows_with_throughput) {
  make(adaptive(width_rule::until_published, 256));
  BOOST_TEST(round() == 64u);
  BOOST_TEST(round() == 128u);
  BOOST_TEST(round() == 256u);
  BOOST_TEST(round() == 256u);
  const auto s = lane_.snapshot(now);
  BOOST_TEST(s.in_flight_adaptive);
  BOOST_TEST(s.in_flight_limit == 256u);
}

BOOST_AUTO_TEST_CASE(a_configured_rate_leaves_the_width_alone) {
  auto l = adaptive(width_rule::until_published, 256);
  l.limit[0] = 60'000;
  make(l);
  BOOST_TEST(round() == 256u);
  BOOST_TEST(!lane_.snapshot(now).in_flight_adaptive);
}

BOOST_AUTO_TEST_CASE(a_width_that_is_told_to_adapt_does_so_beside_a_rate) {
  auto l = adaptive(width_rule::adaptive, 256);
  l.limit[0] = 60'000;
  make(l);
  BOOST_TEST(round() == 64u);
  BOOST_TEST(lane_.snapshot(now).in_flight_adaptive);
}

BOOST_AUTO_TEST_CASE(a_limit_named_by_a_header_ends_the_search) {
  make(adaptive(width_rule::until_published, 256));
  poll();
  BOOST_TEST(out.size() == 64u);
  limit_readings named;
  named[0] = {.limit = 500, .remaining = 400, .reset = 1s};
  end_oldest(reply_kind::success, named);
  poll();
  BOOST_TEST(out.size() == 256u);
  BOOST_TEST(!lane_.snapshot(now).in_flight_adaptive);
}

BOOST_AUTO_TEST_CASE(refusals_narrow_the_width_at_once) {
  for (auto kind : {reply_kind::overloaded, reply_kind::transport, reply_kind::server_error}) {
    out.clear();
    make(adaptive(width_rule::until_published, 64));
    poll();
    for (int i = 0; i < 10; ++i)
      end_oldest(kind);
    const auto cap = lane_.snapshot(now).in_flight_limit;
    BOOST_TEST(cap < 64u);
    const auto before = out.size();
    poll();
    BOOST_TEST(out.size() == std::max<size_t>(before, cap));
  }
}

BOOST_AUTO_TEST_CASE(what_was_abandoned_or_wrong_in_itself_says_nothing) {
  make(adaptive(width_rule::until_published, 64));
  poll();
  for (int i = 0; i < 20; ++i)
    end_oldest(reply_kind::bad_request);
  for (int i = 0; i < 20; ++i) {
    settlement s;
    s.id = out.front();
    s.kind = reply_kind::transport;
    s.abandoned = true;
    out.erase(out.begin());
    lane_.settle(s, now);
  }
  BOOST_TEST(lane_.snapshot(now).in_flight_limit == 64u);
}

BOOST_AUTO_TEST_CASE(a_ramp_widens_step_by_step) {
  lane_limits l;
  l.ramp = {5, 10, 25};
  l.ramp_every = 30s;
  make(l);
  const auto began = now;
  poll();
  BOOST_TEST(out.size() == 5u);
  BOOST_REQUIRE(lane_.next_wake(now));
  BOOST_TEST((*lane_.next_wake(now) == began + 30s));
  now += 30s - 1ns;
  poll();
  BOOST_TEST(out.size() == 5u);
  now += 1ns;
  poll();
  BOOST_TEST(out.size() == 10u);
  now += 30s;
  poll();
  BOOST_TEST(out.size() == 25u);
  BOOST_TEST(!lane_.next_wake(now)); // The last step stays.
  now += 1h;
  poll();
  BOOST_TEST(out.size() == 25u);
}

BOOST_AUTO_TEST_CASE(a_drop_goes_one_step_back_and_starts_its_time_anew) {
  lane_limits l;
  l.ramp = {5, 10, 25};
  l.ramp_every = 30s;
  l.breaker_trips_after = 0;
  make(l);
  poll();
  now += 40s;
  poll();
  BOOST_TEST(lane_.snapshot(now).in_flight_limit == 10u);
  end_oldest(reply_kind::overloaded);
  BOOST_TEST(lane_.snapshot(now).in_flight_limit == 5u);
  end_oldest(reply_kind::overloaded); // From the same moment.
  now += 29s;
  poll();
  BOOST_TEST(lane_.snapshot(now).in_flight_limit == 5u);
  now += 1s;
  poll();
  BOOST_TEST(lane_.snapshot(now).in_flight_limit == 10u);
}

BOOST_AUTO_TEST_CASE(the_least_of_cap_and_ramp_counts) {
  lane_limits l;
  l.in_flight_max = 7;
  l.ramp = {5, 10};
  make(l);
  poll();
  BOOST_TEST(out.size() == 5u);
  now += 1min;
  poll();
  BOOST_TEST(out.size() == 7u);
  BOOST_TEST(!lane_.next_wake(now));
}

BOOST_AUTO_TEST_SUITE_END()
