#include "tests/support/lane_model.hpp"

#include <boost/test/unit_test.hpp>

#include <iomanip>
#include <sstream>

using namespace penstock;
using namespace std::chrono_literals;
using core::charge_rule;
using core::dimension;
using core::reply_kind;
using test::lane_model;
using test::model_settings;
using headers = model_settings::header_time;

namespace {

/// As a user gives them who knows no more than the limits of a minute.
core::lane_limits unknown_limits(const model_settings& s) {
  core::lane_limits l;
  l.charging = s.charging;
  l.limit[static_cast<size_t>(dimension::requests_minute)] = s.rpm;
  if (s.charging == charge_rule::anthropic) {
    l.limit[static_cast<size_t>(dimension::input_tokens)] = s.tpm;
    l.limit[static_cast<size_t>(dimension::output_tokens)] = s.tpm;
  } else {
    l.limit[static_cast<size_t>(dimension::total_tokens)] = s.tpm;
  }
  l.burst_known = false;
  l.in_flight_max = 256;
  return l;
}

const char* name_of(headers h) {
  constexpr const char* names[] = {"none", "at admission", "at answer", "partial", "empty"};
  return names[static_cast<size_t>(h)];
}

/// The first minute with a provider that nothing is known of.
struct row {
  explicit row(model_settings s) : settings{std::move(s)} {
    settings.length = 60s;
    settings.script = {};
    settings.jitter = 0.005;
    const auto limits = unknown_limits(settings);
    lane_model m{settings, limits};
    m.run();
    refused = 1000.0 * static_cast<double>(m.rejected(0, 60)) /
              static_cast<double>(std::max<uint64_t>(1, m.answered(0, 60)));
    whole = m.use(0, 60);
    later = m.use(15, 60);
    std::ostringstream out;
    out << "rpm " << settings.rpm << ", bucket " << settings.bucket << " s, headers "
        << name_of(settings.headers) << ", start " << settings.start_level << ", latency "
        << to_seconds(settings.latency) << " s, charge x " << settings.charge_error << ", rule "
        << int(settings.charging) << ", seed " << settings.seed << ": " << std::setprecision(3)
        << refused << " per 1,000, share " << whole << ", after 15 s " << later << ", headroom "
        << m.lane.snapshot(m.start + 60s).headroom;
    text = out.str();
    BOOST_TEST_MESSAGE(text);
  }
  void check(double refused_max, double share_min) const {
    BOOST_TEST(refused <= refused_max, text);
    BOOST_TEST(later >= share_min, text);
  }
  model_settings settings;
  double refused = 0, whole = 0, later = 0;
  std::string text;
};

constexpr headers honest[] = {headers::none, headers::at_admission, headers::at_answer,
                              headers::partial};

} // namespace

BOOST_AUTO_TEST_SUITE(lane_unknown)

BOOST_AUTO_TEST_CASE(a_bucket_of_any_size_is_used_from_the_first_second) {
  for (double bucket : {1, 5, 20, 60})
    for (auto h : honest)
      for (uint64_t seed : {1, 2, 3})
        row{{.headers = h, .seed = seed, .script = {}, .bucket = bucket}}.check(1, 0.95);
}

BOOST_AUTO_TEST_CASE(a_bucket_that_is_empty_at_the_start_refuses_few) {
  for (double bucket : {1, 5, 60})
    for (auto h : honest)
      row{{.headers = h, .script = {}, .bucket = bucket, .start_level = 0}}.check(1, 0.95);
}

BOOST_AUTO_TEST_CASE(slow_answers_do_not_let_a_crowd_out) {
  for (double rpm : {600, 3000})
    for (auto h : honest)
      row{{.rpm = rpm, .headers = h, .latency = 3s, .script = {}, .bucket = 1}}.check(1.7, 0.95);
}

BOOST_AUTO_TEST_CASE(low_rates_with_a_bucket_of_one_second_are_paced) {
  for (double rpm : {60, 300})
    for (auto h : honest)
      for (auto latency : {500ms, 3000ms})
        row{{.rpm = rpm, .headers = h, .latency = latency, .script = {}, .bucket = 1}}.check(20,
                                                                                             0.95);
}

BOOST_AUTO_TEST_CASE(anthropic_rules_with_a_small_bucket_refuse_few) {
  for (auto h : {headers::none, headers::at_admission, headers::at_answer})
    row{{.charging = charge_rule::anthropic, .headers = h, .script = {}, .bucket = 5}}.check(1,
                                                                                             0.95);
}

BOOST_AUTO_TEST_CASE(wrong_token_sizes_cost_little) {
  for (auto h : honest)
    row{{.usage_error = 2.4, .headers = h, .script = {}, .bucket = 5}}.check(1, 0.95);
}

BOOST_AUTO_TEST_CASE(headers_that_claim_nothing_is_left_are_not_believed_for_long) {
  for (double bucket : {1, 5, 60})
    row{{.headers = headers::empty, .script = {}, .bucket = bucket}}.check(1, 0.9);
}

BOOST_AUTO_TEST_CASE(a_lie_about_a_limit_that_nobody_configured_does_not_stop_the_lane) {
  core::lane_limits limits;
  limits.in_flight_max = 8;
  time_point now{1h};
  core::lane l{limits, now};
  uint64_t asked = 0, answered = 0;
  std::vector<core::permit> permits;
  for (const auto end = now + 60s; now < end; now += 100ms) {
    for (auto& p : permits) {
      core::settlement s;
      s.id = p.id;
      for (auto& r : s.limits)
        r = {1000, 0, 24h};
      l.settle(s, now);
      ++answered;
    }
    permits.clear();
    while (l.snapshot(now).waiting < 20) {
      core::permit_request r;
      r.id = asked++;
      BOOST_REQUIRE(l.enqueue(r, now).has_value());
    }
    l.poll(now, permits);
  }
  BOOST_TEST(answered >= 0.9 * 8 * 600);
}

BOOST_AUTO_TEST_CASE(a_limit_that_nobody_configured_and_that_is_used_up_holds_the_lane) {
  core::lane_limits limits;
  limits.in_flight_max = 8;
  time_point now{1h};
  core::lane l{limits, now};
  const auto empty_until = now + 50s;
  uint64_t asked = 0, refused = 0;
  std::vector<core::permit> permits;
  for (const auto end = now + 60s; now < end; now += 100ms) {
    for (auto& p : permits) {
      core::settlement s;
      s.id = p.id;
      const bool first = p.id < 8;
      s.kind = first || now >= empty_until ? reply_kind::success : reply_kind::rate_limited;
      refused += s.kind == reply_kind::rate_limited;
      const auto left = now < empty_until ? empty_until - now : duration{1};
      s.limits[0] = {1000, now < empty_until ? 0 : 1000, left};
      if (s.kind == reply_kind::rate_limited)
        s.retry_after = left;
      l.settle(s, now);
    }
    permits.clear();
    while (l.snapshot(now).waiting < 20) {
      core::permit_request r;
      r.id = asked++;
      BOOST_REQUIRE(l.enqueue(r, now).has_value());
    }
    l.poll(now, permits);
  }
  BOOST_TEST(refused == 1u); // The probe.
}

BOOST_AUTO_TEST_SUITE_END()
