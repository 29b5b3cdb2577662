#include "core/lane/lane_impl.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::core {

namespace {

constexpr auto input_dimension = static_cast<size_t>(dimension::input_tokens);
constexpr auto output_dimension = static_cast<size_t>(dimension::output_tokens);
constexpr auto total_dimension = static_cast<size_t>(dimension::total_tokens);
constexpr duration backoff_first = std::chrono::milliseconds{500};
constexpr duration backoff_max = std::chrono::seconds{30};
// For an unknown limit of which a header says "nothing left": try again after this time.
constexpr duration unknown_limit_pause_max = std::chrono::seconds{1};
constexpr uint32_t unproven_max = 2;
constexpr double unproven_rise = 10;
constexpr double lift_doubt_max = 0.3;
constexpr double crowd_share = 0.25;
constexpr duration day = std::chrono::hours{24};
constexpr uint32_t long_waits_max = 5;
// With less accepted work, a quotient of rates is meaningless.
constexpr duration measure_min = std::chrono::seconds{2};
constexpr double measure_work_seconds = 0.2;

bool is_429(reply_kind k) {
  return k == reply_kind::rate_limited || k == reply_kind::slow_down ||
         k == reply_kind::daily_quota || k == reply_kind::long_wait;
}

// The pause after a 429 without a Retry-After.
bool is_bare_refusal(const settlement& s) {
  return (s.kind == reply_kind::rate_limited || s.kind == reply_kind::slow_down) &&
         !(s.retry_after && *s.retry_after > duration::zero());
}

// The provider refused before it did any work: the request counts, but not its tokens.
bool refused_unworked(reply_kind k) {
  return is_429(k) || k == reply_kind::billing || k == reply_kind::unauthorized ||
         k == reply_kind::too_large || k == reply_kind::bad_request;
}

} // namespace

lane_cost lane::impl::actual_cost(const settlement& s, const outstanding& o) const {
  if (!s.sent)
    return {};
  lane_cost actual = o.cost;
  if (refused_unworked(s.kind)) {
    actual[input_dimension] = actual[output_dimension] = actual[total_dimension] = 0;
    return actual;
  }
  if (!s.used.known || s.used.input_tokens + s.used.output_tokens == 0)
    return actual;
  auto in = static_cast<double>(s.used.input_tokens);
  // Anthropic does not count tokens from its cache.
  if (limits.charging == charge_rule::anthropic)
    in -= static_cast<double>(std::min(s.used.cached_input_tokens, s.used.input_tokens));
  const auto out = static_cast<double>(s.used.output_tokens);
  actual[input_dimension] = in;
  actual[output_dimension] = out;
  // OpenAI gives no unused output back. The real input is the best guess of what it estimated.
  switch (limits.charging) {
  case charge_rule::openai:
    actual[total_dimension] = std::max<double>(o.output_tokens_max, in);
    break;
  case charge_rule::input_only: actual[total_dimension] = in; break;
  default: actual[total_dimension] = in + out;
  }
  return actual;
}

// Replaces the reserved cost by the real cost.
void lane::impl::reconcile(const settlement& s, const outstanding& o, time_point now) {
  const auto actual = actual_cost(s, o);
  lane_cost change{};
  for (size_t d = 0; d < dimension_count; ++d) {
    change[d] = actual[d] - o.cost[d];
    if (change[d] > 0)
      gauges[d].spend(change[d]);
    if (change[d] < 0)
      gauges[d].give_back(-change[d]);
    if (s.sent && !is_429(s.kind))
      accepted[d] += actual[d];
  }
  used.add(change, 1, now);
}

void lane::impl::learn(const settlement& s, const outstanding* o) {
  if (!s.sent || !s.used.known)
    return;
  const uint32_t bytes = s.input_bytes ? s.input_bytes : o ? o->input_bytes : 0;
  tokens.learn_input(bytes, s.used.input_tokens);
  if (s.kind == reply_kind::success)
    tokens.learn_output(s.used.output_tokens);
}

void lane::impl::judge_upstream(const settlement& s, bool probe, time_point now) {
  bool failed = s.kind == reply_kind::transport || s.kind == reply_kind::overloaded ||
                s.kind == reply_kind::server_error;
  // A malformed answer is not an outage, but does not show that an outage is over, either.
  if (s.kind == reply_kind::malformed) {
    if (!probe)
      return;
    failed = true;
  }
  if (s.abandoned || (!s.sent && !failed)) {
    if (probe)
      breaker.lose_probe(now);
    return;
  }
  const bool refuses = only_refuses(s, now);
  if (!failed && !refuses)
    return breaker.succeed(now, probe);
  const bool passed = breaker.passes();
  if (refuses ? breaker.trip(now, probe) : breaker.fail(now, probe, permits.size())) {
    refuse_all(errc::unavailable, breaker_text(now));
    if (passed)
      last_before_outage = ordinals;
  }
}

void lane::impl::pause(time_point until, time_point now) {
  paused_until = pausing ? std::max(paused_until, until) : until;
  pausing = true;
  pass_one = false;
  std::vector<uint64_t> impatient;
  queue.take_if([&](auto& req) { return too_long(req, now); }, impatient);
  for (auto id : impatient)
    refused.emplace_back(id, pause_error(now));
}

// Starts the time over which the next 429 measures the accepted requests.
void lane::impl::begin_run(time_point now) {
  pause_began = now;
  last_before_pause = ordinals;
  accepted = {};
  heard = false;
}

void lane::impl::on_rate_limited(const settlement& s, const outstanding* o, time_point now) {
  ++rate_limited;
  const bool hinted = s.retry_after && *s.retry_after > duration::zero();
  const bool of_running_pause = o ? o->ordinal <= last_before_pause : pausing;
  if (hinted)
    pause(now + *s.retry_after, now);
  if (of_running_pause)
    return;
  for (auto& g : gauges)
    g.refused(now);
  if (!heard && pause_began && now - *pause_began >= measure_min) {
    const double seconds = to_seconds(now - *pause_began);
    double share = 0;
    for (size_t d = 0; d < dimension_count; ++d)
      if (gauges[d].limited())
        share = std::max(share, accepted[d] / (gauges[d].full_rate() * seconds));
    if (share * seconds >= measure_work_seconds)
      room.on_measured(share, now);
  }
  room.on_rate_limited(s.kind == reply_kind::slow_down);
  begin_run(now);
  if (!hinted) {
    const auto doublings = std::min(hintless++, 6u);
    pause(now + std::min(backoff_first * (1 << doublings), backoff_max), now);
  }
}

// Keeps since when, and with which words, the provider refuses. An outage in between proves
// nothing.
void lane::impl::hear_refusals(const settlement& s, time_point now) {
  if (is_429(s.kind)) {
    refusal = s.reason;
  } else if (s.kind == reply_kind::success) {
    refusal.clear();
    long_waits = 0;
  }
  if (is_bare_refusal(s))
    refused_since = refused_since.value_or(now);
  else if (s.kind == reply_kind::success || refused_unworked(s.kind))
    refused_since.reset();
}

bool lane::impl::only_refuses(const settlement& s, time_point now) const {
  return is_bare_refusal(s) && refused_since && now - *refused_since >= limits.refused_max;
}

void lane::impl::on_long_wait(const settlement& s, time_point now) {
  if (++long_waits < long_waits_max) {
    ++rate_limited;
    return;
  }
  long_waits = 1; // The next request after the wait goes alone, too.
  parked_for_waits = true;
  park(s, now);
}

void lane::impl::park(const settlement& s, time_point now) {
  ++rate_limited;
  const auto& reset = s.limits[static_cast<size_t>(dimension::requests_day)].reset;
  duration wait = s.retry_after.value_or(reset.value_or(day));
  if (wait <= duration::zero())
    wait = day;
  parked = std::max(parked.value_or(now), now + wait);
  refuse_all(errc::quota_exhausted, parked_text(now));
}

// A limit that is not configured: a header can only say that it is used up. Then one request goes
// after at most 1 s, alone. If it is answered although nothing is left, the claim is wrong.
void lane::impl::hear_of_unknown(size_t d, const settlement& s, const outstanding* o,
                                 time_point now) {
  const auto& r = s.limits[d];
  auto& claim = claims[d];
  if (is_429(s.kind))
    claim.is_wrong = false;
  if (!r.remaining || *r.remaining > 0 || !r.reset || *r.reset <= duration::zero()) {
    claim.since.reset();
    return;
  }
  if (claim.is_wrong || is_429(s.kind)) // A refusal pauses the lane itself.
    return;
  if (claim.since && o && o->granted_at > *claim.since && s.kind == reply_kind::success) {
    claim.is_wrong = true;
    claim.since.reset();
    return;
  }
  if (claim.since)
    return;
  claim.since = now;
  if (!pausing)
    begin_run(now);
  pause(now + std::min(*r.reset, unknown_limit_pause_max), now);
}

bool lane::impl::tests_claim() const {
  return std::any_of(claims.begin(), claims.end(), [](auto& c) { return c.since.has_value(); });
}

// Requests in flight before the first answer: 2, then 1 more after 0.3 s, 10 after 1 s, 40 after
// 2 s. They also keep to the rate.
uint32_t lane::impl::few_at(time_point now) const {
  const double seconds = first_granted ? to_seconds(now - *first_granted) : 0;
  return unproven_max + static_cast<uint32_t>(std::min(1e6, unproven_rise * seconds * seconds));
}

std::optional<time_point> lane::impl::next_few(time_point now) const {
  if (!limited || proven || limits.burst_known || !first_granted)
    return std::nullopt;
  const double more = few_at(now) - unproven_max + 1;
  return *first_granted + from_seconds(std::sqrt(more / unproven_rise)) +
         std::chrono::milliseconds{1};
}

void lane::impl::listen(const settlement& s, const outstanding* o, time_point now) {
  for (size_t d = 0; d < dimension_count; ++d) {
    const auto& r = s.limits[d];
    if (!r.limit && !r.remaining)
      continue;
    if (!gauges[d].limited()) {
      hear_of_unknown(d, s, o, now);
      continue;
    }
    heard = heard || r.remaining;
    lane_gauge::heard_at at;
    at.answered = s.kind == reply_kind::success;
    if (o && o->in_flight > 0) {
      at.granted = o->granted_at;
      at.cost = o->cost[d];
    }
    // While the estimates are in doubt, the estimated spending is not reliable.
    if (o && doubt.share() < lift_doubt_max)
      at.spent_since = (gauges[d].spent() - o->spent_at[d]) * (1 + doubt.share());
    // Anthropic rounds the remaining tokens to thousands.
    const bool rounded = limits.charging == charge_rule::anthropic && d >= input_dimension &&
                         r.remaining && std::fmod(*r.remaining, 1000) == 0;
    const double before = gauges[d].level();
    gauges[d].hear(r, at, rounded ? 500 : 0, now);
    // A few paced requests have proven little about the crowd that may go out now.
    if (!limits.burst_known && gauges[d].level() > before + crowd_share * gauges[d].capacity())
      doubt.begin_again();
  }
}

void lane::settle(const settlement& s, time_point now) {
  auto& l = *impl_;
  l.advance(now);
  const auto found = l.permits.take(s.id);
  const auto* o = found ? &*found : nullptr;
  if (o) {
    ++l.settled;
    l.hold(s.id, *o, -1);
    l.reconcile(s, *o, now);
  } else {
    ++l.unknown;
  }
  l.learn(s, o);
  if (o && o->in_flight > 0)
    l.width.ended(s, o->ordinal, o->in_flight, o->granted_at, now);
  if (s.sent && !s.abandoned)
    l.hear_refusals(s, now);
  l.judge_upstream(s, o && l.is_probe(*o), now);
  l.listen(s, o, now);
  if (o)
    l.doubt.answered(o->round, l.permits.size() == 0);
  if (s.abandoned)
    return;
  switch (s.kind) {
  case reply_kind::rate_limited:
  case reply_kind::slow_down: l.on_rate_limited(s, o, now); break;
  case reply_kind::daily_quota:
    l.parked_for_waits = false;
    l.park(s, now);
    break;
  case reply_kind::long_wait: l.on_long_wait(s, now); break;
  case reply_kind::success:
    l.proven = l.proven || s.sent;
    if (s.sent && o && o->ordinal > l.last_before_pause)
      l.hintless = 0;
    break;
  default:
    // An overloaded upstream may also send a Retry-After.
    if (s.retry_after && *s.retry_after > duration::zero())
      l.pause(now + *s.retry_after, now);
  }
}

void lane::adopt(const permit_request& req, time_point now) {
  auto& l = *impl_;
  l.advance(now);
  if (l.permits.find(req.id))
    return;
  l.queue.cancel(req.id);
  const auto e = l.estimate_of(req);
  impl::outstanding o;
  o.owner = req.owner;
  o.ordinal = ++l.ordinals;
  o.input_tokens = e.input;
  o.input_bytes = req.input_bytes;
  o.output_tokens_max = req.output_tokens_max;
  o.round = l.doubt.granted({});
  for (size_t d = 0; d < dimension_count; ++d) {
    // It was granted before a restart: spend the content of the bucket, but make no debt.
    o.cost[d] = l.gauges[d].limited() ? std::clamp(l.gauges[d].level(), 0.0, e.cost[d]) : e.cost[d];
    l.gauges[d].spend(o.cost[d]);
    o.spent_at[d] = l.gauges[d].spent();
  }
  l.used.add(o.cost, 1, now);
  l.hold(req.id, o, 1);
  ++l.adopted;
  l.in_flight_peak = std::max(l.in_flight_peak, static_cast<uint32_t>(l.permits.size()));
}

void lane::release_owner(uint64_t owner, time_point now) {
  auto& l = *impl_;
  l.advance(now);
  l.queue.cancel_owner(owner);
  std::vector<uint64_t> ids;
  l.permits.for_each([&](uint64_t id, const impl::outstanding& o) {
    if (o.owner == owner)
      ids.push_back(id);
  });
  for (auto id : ids) {
    const auto o = l.permits.take(id);
    l.hold(id, *o, -1);
    if (l.is_probe(*o))
      l.breaker.lose_probe(now);
    l.width.forgotten(o->ordinal, now);
    l.doubt.answered(o->round, l.permits.size() == 0);
    ++l.released;
  }
}

} // namespace penstock::core
