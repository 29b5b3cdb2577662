#include "core/attempt/attempt_plan.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;
using action = next_step::action;
using k = reply_kind;

namespace {

constexpr uint64_t longest = ~uint64_t{0}; // The random number for the largest jitter.
const time_point start{1h};

verdict of(reply_kind kind, std::optional<duration> wait = std::nullopt,
           errc code = errc::server_error) {
  verdict v;
  v.kind = kind;
  v.code = code;
  v.message = "m";
  v.retry_after = wait;
  return v;
}

bool near(duration a, duration b) { return a <= b && b - a < 1us; }

} // namespace

BOOST_AUTO_TEST_SUITE(retry_policy)

BOOST_AUTO_TEST_CASE(backoff_doubles_up_to_its_maximum) {
  const attempt_limits limits;
  BOOST_TEST(near(backoff(limits, 1, longest), 500ms));
  BOOST_TEST(near(backoff(limits, 2, longest), 1s));
  BOOST_TEST(near(backoff(limits, 6, longest), 16s));
  BOOST_TEST(near(backoff(limits, 7, longest), 30s));
  BOOST_TEST(near(backoff(limits, 4'000'000'000, longest), 30s));
  BOOST_TEST((backoff(limits, 5, 0) == 0s));
}

BOOST_AUTO_TEST_CASE(jitter_is_spread_over_the_whole_span) {
  const attempt_limits limits;
  std::mt19937_64 rng{1};
  int low = 0, high = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto wait = backoff(limits, 2, rng());
    BOOST_TEST((wait >= 0s && wait < 1s));
    low += wait < 250ms;
    high += wait > 750ms;
  }
  BOOST_TEST((low > 200 && low < 300));
  BOOST_TEST((high > 200 && high < 300));
}

BOOST_AUTO_TEST_CASE(senseless_limits_are_refused_by_name) {
  BOOST_TEST(validate(attempt_limits{}).has_value());
  const std::pair<attempt_limits, std::string_view> rows[] = {
    {{.attempts_max = 0}, "attempts"},
    {{.rate_limited_max = 0}, "rate_limited_max"},
    {{.backoff_base = 0s}, "backoff_base"},
    {{.backoff_base = 2s, .backoff_max = 1s}, "backoff_max"},
    {{.backoff_max = 25h}, "backoff_max"},
  };
  for (auto& [limits, key] : rows) {
    const auto valid = validate(limits);
    BOOST_REQUIRE(!valid);
    BOOST_TEST((valid.error().code == errc::invalid_config));
    BOOST_TEST(valid.error().context.starts_with(key));
  }
}

BOOST_AUTO_TEST_CASE(the_sequential_mode_waits_longer) {
  const auto limits = patient({});
  BOOST_TEST((limits.backoff_base == 2s && limits.backoff_max == 60s && limits.attempts_max == 5));
  BOOST_TEST(validate(limits).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(attempt_plan_machine)

BOOST_AUTO_TEST_CASE(an_answer_completes) {
  attempt_plan plan;
  const auto step = plan.judge(of(k::success), start, 0);
  BOOST_TEST((step.what == action::finish_completed && step.state == outcome_state::completed &&
              !step.failure));
  BOOST_TEST(plan.attempts() == 1u);
}

BOOST_AUTO_TEST_CASE(each_kind_leads_to_its_step) {
  const std::pair<reply_kind, action> rows[] = {
    {k::rate_limited, action::retry_after}, {k::slow_down, action::retry_after},
    {k::overloaded, action::retry_after},   {k::server_error, action::retry_after},
    {k::transport, action::retry_after},    {k::malformed, action::retry_after},
    {k::conflict, action::retry_after},     {k::daily_quota, action::park_job},
    {k::billing, action::abort_job},        {k::unauthorized, action::abort_job},
    {k::too_large, action::finish_failed},  {k::bad_request, action::finish_failed},
    {k::long_wait, action::hold_request},
  };
  for (auto [kind, what] : rows) {
    const auto step = attempt_plan{}.judge(of(kind), start, 0);
    BOOST_TEST((step.what == what), to_string(kind));
    BOOST_TEST(step.failure.has_value() == (what != action::retry_after));
  }
}

BOOST_AUTO_TEST_CASE(used_up_attempts_are_carried_over_and_fail_in_the_last_mode) {
  for (bool last_mode : {false, true}) {
    attempt_plan plan{{.attempts_max = 3}, std::nullopt, last_mode};
    BOOST_TEST(near(plan.judge(of(k::server_error), start, longest).wait, 500ms));
    BOOST_TEST(near(plan.judge(of(k::transport), start, longest).wait, 1s));
    const auto end = plan.judge(of(k::overloaded, {}, errc::overloaded), start, longest);
    BOOST_TEST((end.what == (last_mode ? action::finish_failed : action::carry_over)));
    BOOST_REQUIRE(end.failure);
    BOOST_TEST((end.failure->code == errc::overloaded && end.state == outcome_state::failed));
    BOOST_TEST(end.failure->context == "m");
  }
}

BOOST_AUTO_TEST_CASE(the_number_of_attempts_stands_in_the_text) {
  BOOST_TEST(after_attempts({errc::timeout, "m"}, 7).context == "m (after 7 attempts)");
  BOOST_TEST(after_attempts({errc::timeout, "m"}, 1).context == "m (after 1 attempt)");
}

BOOST_AUTO_TEST_CASE(a_hint_is_the_shortest_wait) {
  attempt_plan plan;
  BOOST_TEST((plan.judge(of(k::overloaded, 7s), start, longest).wait == 7s));
  BOOST_TEST(near(plan.judge(of(k::overloaded, 7ms), start, longest).wait, 1s));
}

BOOST_AUTO_TEST_CASE(a_herd_that_meets_a_429_burns_no_attempts) {
  attempt_plan plan{{.attempts_max = 2}};
  BOOST_TEST((plan.judge(of(k::server_error), start, 0).what == action::retry_after));
  for (int i = 0; i < 50; ++i) {
    const auto step = plan.judge(of(i % 2 ? k::rate_limited : k::slow_down, 20s), start, longest);
    BOOST_TEST(
      (step.what == action::retry_after && step.wait == 0s)); // The lane waits, not the request.
  }
  BOOST_TEST((plan.attempts() == 51u && plan.counted() == 1u && plan.rate_limited() == 50u));
  BOOST_TEST((plan.judge(of(k::success), start, 0).what == action::finish_completed));
}

BOOST_AUTO_TEST_CASE(an_upstream_that_answers_429_for_ever_is_given_up) {
  attempt_plan plan{{.rate_limited_max = 10}};
  for (int i = 0; i < 9; ++i)
    BOOST_TEST((plan.judge(of(k::rate_limited), start, 0).what == action::retry_after));
  const auto end = plan.judge(of(k::rate_limited, {}, errc::rate_limited), start, 0);
  BOOST_TEST((end.what == action::carry_over && end.failure->code == errc::rate_limited));
}

// I10: a temporary failure is final only after all attempts.
BOOST_AUTO_TEST_CASE(no_patience_that_ends_is_final_in_the_last_mode) {
  attempt_plan plan{{.attempts_max = 2, .rate_limited_max = 3}, std::nullopt, true};
  BOOST_TEST((plan.judge(of(k::server_error), start, 0).what == action::retry_after));
  BOOST_TEST((plan.judge(of(k::rate_limited), start, 0).what == action::retry_after));
  BOOST_TEST((plan.judge(of(k::rate_limited), start, 0).what == action::retry_after));
  const auto end = plan.judge(of(k::rate_limited, {}, errc::rate_limited), start, 0);
  BOOST_TEST((end.what == action::stay_open && end.failure->code == errc::rate_limited));
}

BOOST_AUTO_TEST_CASE(
  a_connection_that_died_in_reuse_is_tried_again_at_once_but_only_the_first_time) {
  attempt_plan plan;
  auto v = of(k::transport);
  v.transport = transport_error::stale_connection;
  BOOST_TEST((plan.judge(v, start, longest).wait == 0s));
  BOOST_TEST(near(plan.judge(v, start, longest).wait, 1s));
  BOOST_TEST(plan.counted() == 2u);
}

BOOST_AUTO_TEST_CASE(no_retry_is_planned_that_starts_after_the_deadline) {
  const auto deadline = start + 10s;
  BOOST_TEST((attempt_plan{{}, deadline}.judge(of(k::overloaded, 9s), start, 0).what ==
              action::retry_after));
  for (auto kind : {k::overloaded, k::rate_limited}) {
    const auto step = attempt_plan{{}, deadline}.judge(of(kind, 10s), start, 0);
    BOOST_TEST((step.what == action::finish_failed && step.state == outcome_state::expired));
    BOOST_TEST((step.failure->code == errc::expired));
    BOOST_TEST(step.failure->context.find("server_error: m") != std::string::npos);
  }
  BOOST_TEST((attempt_plan{{}, deadline}.judge(of(k::success), start + 11s, 0).what ==
              action::finish_completed));
  const auto bad =
    attempt_plan{{}, deadline}.judge(of(k::bad_request, {}, errc::bad_request), start + 11s, 0);
  BOOST_TEST((bad.state == outcome_state::failed && bad.failure->code == errc::bad_request));
}

BOOST_AUTO_TEST_CASE(a_cancelled_exchange_ends_as_cancelled) {
  const auto step = attempt_plan{}.judge(of(k::transport, {}, errc::cancelled), start, 0);
  BOOST_TEST((step.what == action::finish_failed && step.state == outcome_state::cancelled));
}

BOOST_AUTO_TEST_CASE(the_word_of_the_provider_wins_over_the_status) {
  const auto step = [](reply_kind kind, bool should_retry) {
    auto v = of(kind);
    v.should_retry = should_retry;
    return attempt_plan{}.judge(v, start, 0).what;
  };
  BOOST_TEST((step(k::bad_request, true) == action::retry_after));
  BOOST_TEST((step(k::unauthorized, true) == action::retry_after));
  BOOST_TEST((step(k::server_error, false) == action::finish_failed));
  BOOST_TEST((step(k::rate_limited, false) == action::finish_failed));
  BOOST_TEST((step(k::billing, true) == action::abort_job)); // The cause is kept.
  BOOST_TEST((step(k::too_large, true) == action::finish_failed));
  BOOST_TEST((step(k::daily_quota, true) == action::park_job));
  auto v = of(k::unauthorized);
  v.should_retry = true;
  attempt_plan plan{{.attempts_max = 2}};
  plan.judge(v, start, 0);
  BOOST_TEST((plan.judge(v, start, 0).what == action::abort_job));
}

BOOST_AUTO_TEST_CASE(a_parked_job_knows_for_how_long) {
  BOOST_TEST((attempt_plan{}.judge(of(k::daily_quota, 3h), start, 0).wait == 3h));
  BOOST_TEST((attempt_plan{}.judge(of(k::daily_quota), start, 0).wait == 0s));
}

BOOST_AUTO_TEST_CASE(a_refused_permit_leads_on_or_waits_or_ends) {
  const auto refuse = [](errc code, bool last_mode) {
    return attempt_plan{{}, std::nullopt, last_mode}.refused({code, "c"}, start, longest);
  };
  BOOST_TEST((refuse(errc::unavailable, false).what == action::carry_over));
  BOOST_TEST((refuse(errc::unavailable, true).what == action::retry_after));
  BOOST_TEST(near(refuse(errc::overflow, false).wait, 500ms));
  BOOST_TEST((refuse(errc::quota_exhausted, false).what == action::park_job));
  BOOST_TEST((refuse(errc::unauthorized, false).what == action::abort_job));
  BOOST_TEST((refuse(errc::request_too_large, false).what == action::finish_failed));
  BOOST_TEST((refuse(errc::cancelled, false).state == outcome_state::cancelled));
}

BOOST_AUTO_TEST_CASE(refusals_cost_no_attempts_but_end) {
  attempt_plan plan{{.attempts_max = 1, .rate_limited_max = 5}, std::nullopt, true};
  for (int i = 0; i < 4; ++i)
    BOOST_TEST((plan.refused({errc::unavailable, "open"}, start, 0).what == action::retry_after));
  BOOST_TEST(plan.attempts() == 0u);
  BOOST_TEST((plan.refused({errc::unavailable, "open"}, start, 0).what == action::stay_open));
}

BOOST_AUTO_TEST_CASE(every_sequence_of_failures_ends_within_both_budgets) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 rng{seed};
      const attempt_limits limits{.attempts_max = static_cast<uint32_t>(1 + rng() % 6),
                                  .rate_limited_max = static_cast<uint32_t>(1 + rng() % 20)};
      attempt_plan plan{limits, std::nullopt, rng() % 2 == 0};
      next_step step;
      uint32_t made = 0;
      do {
        step = plan.judge(of(static_cast<reply_kind>(1 + rng() % 7)), start, rng());
        ++made;
        BOOST_TEST((step.wait >= 0s && step.wait <= limits.backoff_max));
        BOOST_REQUIRE(made < limits.attempts_max + limits.rate_limited_max);
      } while (step.what == action::retry_after);
      BOOST_TEST(made == plan.attempts());
      BOOST_TEST(
        (plan.counted() == limits.attempts_max || plan.rate_limited() == limits.rate_limited_max));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
