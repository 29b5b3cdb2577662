#include "core/job/held_lanes.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

const error breaker_open{errc::unavailable, "the breaker is open"};
const error quota_used{errc::quota_exhausted, "the daily quota is used up"};

struct held_fixture {
  held_lanes held{{1s, 10s, 3s, 1s}};
  time_point now{};
  std::vector<uint32_t> attempts = std::vector<uint32_t>(10, 1);

  void hold(uint64_t index, held_lanes::lane_set lanes, error why = breaker_open,
            duration resume_in = {}, bool attempted = false) {
    held.hold(index, {std::move(lanes), std::move(why), resume_in, attempted}, now);
  }
  held_lanes::decision retry() {
    return held.retry(now, [this](uint64_t index) { return attempts[index]; });
  }
};

using indexes = std::vector<uint64_t>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(held_lanes_suite, held_fixture)

BOOST_AUTO_TEST_CASE(after_a_second_the_request_with_the_fewest_attempts_is_the_probe) {
  for (uint64_t i = 0; i < 3; ++i)
    hold(i, {0});
  attempts = {2, 1, 2};
  now += 999ms;
  BOOST_TEST(retry().ready.empty());
  now += 1ms;
  BOOST_TEST(retry().ready == indexes{1});
  BOOST_TEST(retry().ready.empty());
  BOOST_TEST((held.next_retry() == now + 1s));
}

BOOST_AUTO_TEST_CASE(a_fresh_outage_is_asked_about_often_and_an_old_one_rarely) {
  held = held_lanes{{1s, 1h, 1h, 250ms}};
  hold(0, {0});
  BOOST_TEST((held.next_retry() == now + 250ms));
  now += 250ms;
  retry();
  hold(0, {0});
  BOOST_TEST((held.next_retry() == now + 250ms));
  now += 10s;
  retry();
  BOOST_TEST((*held.next_retry() - now > 500ms));
  now += 1min;
  retry();
  BOOST_TEST((held.next_retry() == now + 1s));
}

BOOST_AUTO_TEST_CASE(an_answer_of_any_lane_of_a_group_frees_the_group) {
  hold(0, {2, 1});
  hold(1, {1, 2, 2}); // The same set in another order.
  hold(2, {3});
  hold(3, {12});
  BOOST_TEST(held.answered({1}) == (indexes{0, 1}));
  BOOST_TEST(held.answered({1}).empty());
  BOOST_TEST(held.answered({2}).empty()); // 2 is another lane than 12.
  BOOST_TEST(held.answered({12}) == indexes{3});
}

BOOST_AUTO_TEST_CASE(a_lane_that_answered_once_gets_more_patience) {
  hold(0, {0});
  held.answered({1});
  hold(1, {1});
  now += 4s;
  const auto first = retry();
  BOOST_REQUIRE(first.give_up.has_value());
  held.clear();
  hold(1, {1, 5});
  now += 10s;
  BOOST_TEST(!retry().give_up.has_value());
  now += 1s;
  BOOST_TEST(retry().give_up.has_value());
}

BOOST_AUTO_TEST_CASE(a_quota_frees_all_at_its_end_and_needs_no_patience) {
  hold(0, {0}, quota_used, 1h);
  hold(1, {0}, quota_used); // A later refusal does not know the end.
  now += 59min;
  BOOST_TEST(retry().ready.empty());
  now += 1min;
  const auto due = retry();
  BOOST_TEST(due.ready == (indexes{0, 1}));
  BOOST_TEST(!due.give_up.has_value());
  BOOST_TEST(!held.next_retry().has_value());
}

BOOST_AUTO_TEST_CASE(the_reason_names_a_quota_before_a_breaker) {
  BOOST_TEST(!held.reason().has_value());
  hold(0, {0}, quota_used, 1h);
  hold(1, {1});
  BOOST_REQUIRE(held.reason().has_value());
  BOOST_TEST(held.reason()->quota);
  BOOST_TEST(held.reason()->cause.context == quota_used.context);
}

BOOST_AUTO_TEST_CASE(the_cause_holds_the_failure_that_opened_the_breaker) {
  held.failed("HTTP 500");
  hold(0, {0});
  BOOST_TEST(held.reason()->cause.context ==
             "the breaker is open; the last request to fail: HTTP 500");
  hold(1, {0}, {errc::unavailable, "connection refused"}, {}, true);
  BOOST_TEST(held.reason()->cause.context == "connection refused");
}

BOOST_AUTO_TEST_CASE(a_request_that_was_told_to_wait_waits_alone) {
  held.hold_alone(3, {errc::rate_limited, "tomorrow"}, now + 24h);
  held.hold_alone(4, {errc::rate_limited, "later"}, now + 2h);
  hold(0, {0});
  BOOST_TEST(held.alone() == 2u);
  BOOST_TEST(held.first_alone().cause.context == "later");
  BOOST_TEST((held.first_alone().retry_at == now + 2h));
  BOOST_TEST(held.answered({0}) == indexes{0}); // Other answers on its lane do not free it.
  BOOST_TEST((held.next_retry() == now + 2h));
  now += 2h;
  BOOST_TEST(retry().ready == indexes{4});
  BOOST_TEST(held.alone() == 1u);
  now += 22h;
  BOOST_TEST(retry().ready == indexes{3});
  BOOST_TEST(!held.next_retry());
  held.hold_alone(5, {}, now + 1h);
  held.clear();
  BOOST_TEST(held.alone() == 0u);
}

BOOST_AUTO_TEST_CASE(the_end_of_such_a_job_tells_when_to_come_back) {
  const std::chrono::system_clock::time_point noon{
    std::chrono::seconds{1785585603}}; // 2026-08-01 12:00:03 UTC.
  const error said{errc::rate_limited, "Please retry after 86400 seconds."};
  const auto one = come_back_later(1, said, 24h, noon);
  BOOST_TEST((one.code == errc::quota_exhausted));
  BOOST_TEST(one.context == "the provider told 1 request to wait; come back at 2026-08-02 12:01 "
                            "UTC (in 1d). It said: Please retry after 86400 seconds.");
  BOOST_TEST(come_back_later(3, said, 90min, noon)
               .context.find("3 requests to wait; come back at "
                             "2026-08-01 13:31 UTC") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
