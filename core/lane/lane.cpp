#include "core/lane/lane_impl.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::core {

namespace {

constexpr auto total = static_cast<size_t>(dimension::total_tokens);
constexpr auto input = static_cast<size_t>(dimension::input_tokens);
constexpr auto output = static_cast<size_t>(dimension::output_tokens);
// These steps are smooth enough, and avoid `exp` for every request.
constexpr duration pace_step = std::chrono::milliseconds{50};

std::string number(double x) { return std::to_string(static_cast<int64_t>(std::ceil(x))); }

error bad(const std::string& text) { return {errc::invalid_config, text}; }

// A wide lane can tell sooner that some requests get through again.
uint32_t probes_at_once(uint32_t width) { return width == 0 || width >= 16 ? 3 : 1; }

std::string in_seconds(time_point until, time_point now) {
  return number(to_seconds(until - now)) + " s";
}

} // namespace

result<void> validate(const lane_limits& l) {
  for (size_t d = 0; d < dimension_count; ++d)
    if (!std::isfinite(l.limit[d]) || l.limit[d] < 0)
      return bad("limit of " + std::string{to_string(static_cast<dimension>(d))} +
                 " must be zero (none) or positive, is " + std::to_string(l.limit[d]));
  if (!(l.headroom > 0 && l.headroom <= 1))
    return bad("headroom must be in (0, 1], is " + std::to_string(l.headroom));
  if (l.burst <= duration::zero())
    return bad("burst must be positive, is " + std::to_string(to_ms(l.burst)) + " ms");
  if (!(l.tokens_per_byte > 0 && l.tokens_per_byte <= 100))
    return bad("tokens_per_byte must be in (0, 100], is " + std::to_string(l.tokens_per_byte));
  if (l.breaker_open_for <= duration::zero())
    return bad("breaker_open_for must be positive, is " +
               std::to_string(to_ms(l.breaker_open_for)) + " ms");
  if (l.aging_bound < duration::zero())
    return bad("aging_bound must not be negative, is " + std::to_string(to_ms(l.aging_bound)) +
               " ms");
  if (l.width != width_rule::fixed && l.in_flight_max == 0)
    return bad("in_flight_max must be positive where the width is adaptive, is 0");
  for (auto step : l.ramp)
    if (step == 0)
      return bad("ramp must have positive steps, one is 0");
  if (!l.ramp.empty() && l.ramp_every <= duration::zero())
    return bad("ramp_every must be positive, is " + std::to_string(to_ms(l.ramp_every)) + " ms");
  if (l.queue_max == 0)
    return bad("queue_max must be positive, is 0");
  return {};
}

lane::impl::impl(lane_limits l, time_point now, bool start_empty)
    : limits{std::move(l)}, room{limits.headroom, limits.adaptive, now}, width{limits, now},
      breaker{{.trips_after = limits.breaker_trips_after,
               .probe_gap_max = limits.breaker_open_for,
               .probes_at_once = probes_at_once(limits.in_flight_max),
               // Processes that lose the same provider must not probe it together.
               .seed = static_cast<uint64_t>(now.time_since_epoch().count())}},
      queue{limits.aging_bound}, tokens{limits.tokens_per_byte}, advanced_to{now}, paced_at{now} {
  for (size_t d = 0; d < dimension_count; ++d) {
    gauges[d] = lane_gauge{static_cast<dimension>(d), limits, now, start_empty};
    limited = limited || gauges[d].limited();
  }
}

lane::impl::estimate lane::impl::estimate_of(const permit_request& req) const {
  estimate e;
  e.input = tokens.input_tokens(req.input_bytes);
  // The estimated output must not make a request too large if its input fits.
  e.output = std::min(tokens.output_tokens(req.output_tokens_max), gauges[output].largest());
  double both = 0;
  if (limits.charging == charge_rule::openai) {
    both = std::max<double>(req.output_tokens_max, e.input);
    e.input_counts = e.input >= req.output_tokens_max;
  } else if (limits.charging == charge_rule::input_only) {
    both = e.input;
    e.input_counts = true;
  } else {
    e.output = std::min(e.output, std::max(0.0, gauges[total].largest() - e.input));
    both = e.input + e.output;
    e.input_counts = true;
  }
  e.cost = {1, 1, e.input, e.output, both};
  return e;
}

std::optional<error> lane::impl::too_large(const permit_request& req, const estimate& e) const {
  for (size_t d = input; d < dimension_count; ++d)
    if (gauges[d].too_large(e.cost[d]))
      return error{errc::request_too_large,
                   "request " + std::to_string(req.id) + " needs about " + number(e.cost[d]) +
                     " of " + std::string{to_string(static_cast<dimension>(d))} +
                     ", the limit is " + number(limits.limit[d]) + " per minute"};
  return std::nullopt;
}

void lane::impl::advance(time_point now) {
  if (now < advanced_to)
    return;
  const bool resumes = pausing && now >= paused_until;
  if (limited) {
    if (resumes)
      for (auto& g : gauges) {
        g.advance(paused_until);
        g.cut_to(0);
      }
    if (now - paced_at >= pace_step) {
      room.advance(now, demand);
      paced_at = now;
      for (auto& g : gauges)
        g.set_pace(room.value(), now);
    }
    for (auto& g : gauges)
      g.advance(now);
  }
  width.advance(now);
  if (resumes) {
    pausing = false;
    pass_one = true;
  }
  if (parked && now >= *parked)
    parked.reset();
  advanced_to = now;
}

// Tokens kept back for requests in flight: the correction of their estimates by the learned ratio,
// and the doubt.
double lane::impl::guard(size_t d) const {
  if (d != input && d != total)
    return 0;
  const double relearned = std::max(0.0, risky_bytes * tokens.tokens_per_byte() - risky_tokens);
  const double kept = relearned + doubt.share() * (doubt.unproven(d) + relearned);
  // What is paced from the start has little to keep back.
  return gauges[d].is_paced() ? std::min(kept, gauges[d].capacity() / 2) : kept;
}

bool lane::impl::fits(const estimate& e) const {
  if (!limited || pass_one)
    return true;
  for (size_t d = 0; d < dimension_count; ++d)
    if (!gauges[d].fits(e.cost[d], guard(d)))
      return false;
  return true;
}

bool lane::impl::is_full() const {
  auto most = long_waits > 0 || tests_claim() ? 1 : width.limit();
  // Before the first answer, no more than can be refused without harm.
  if (limited && !proven && !limits.burst_known) {
    const auto few = few_at(advanced_to);
    most = most > 0 ? std::min(most, few) : few;
  }
  // After an outage the lane opens step by step.
  if (const auto ramp = breaker.in_flight_limit(advanced_to); ramp > 0)
    most = most > 0 ? std::min(most, ramp) : ramp;
  return most > 0 && permits.size() >= most;
}

// Whether a request may start at all, without checking the buckets.
bool lane::impl::may_start(time_point now) const {
  if (is_full())
    return false;
  return !pausing && (breaker.passes() || breaker.wants_probe(now));
}

void lane::impl::hold(uint64_t id, outstanding o, double sign) {
  for (size_t d = 0; d < dimension_count; ++d)
    reserved[d] += sign * o.cost[d];
  if (o.input_counts) {
    risky_tokens += sign * o.input_tokens;
    risky_bytes += sign * o.input_bytes;
  }
  if (sign > 0)
    permits.insert(id, o);
  // Sums of doubles become inexact. Reset them when nothing is outstanding.
  if (permits.size() == 0) {
    reserved = {};
    risky_tokens = risky_bytes = 0;
  }
}

void lane::impl::grant(time_point now, const estimate& e, std::vector<permit>& out) {
  const auto weight = static_cast<uint64_t>(std::max(1.0, std::round(e.input + e.output)));
  const auto req = queue.pop(weight, now);
  outstanding o;
  o.owner = req.owner;
  o.ordinal = ++ordinals;
  o.cost = e.cost;
  o.input_tokens = e.input;
  o.input_bytes = req.input_bytes;
  o.output_tokens_max = req.output_tokens_max;
  o.round = doubt.granted(e.cost);
  o.probe = breaker.wants_probe(now);
  o.input_counts = e.input_counts;
  if (o.probe)
    breaker.begin_probe(now);
  if (limited) {
    pass_one = false;
    for (size_t d = 0; d < dimension_count; ++d) {
      gauges[d].spend(e.cost[d]);
      // Output is charged while it is produced, so a header does not include requests in flight.
      const bool later = limits.charging != charge_rule::openai && (d == output || d == total);
      o.spent_at[d] = gauges[d].spent() - (later ? reserved[d] + e.cost[d] : 0);
    }
  }
  used.add(e.cost, 1, now);
  o.granted_at = now;
  first_granted = first_granted.value_or(now);
  o.in_flight = static_cast<uint32_t>(permits.size()) + 1;
  width.granted(o.ordinal, o.in_flight, now);
  hold(req.id, o, 1);
  ++granted;
  in_flight_peak = std::max(in_flight_peak, static_cast<uint32_t>(permits.size()));
  out.push_back({req.id, e.input, e.output, o.probe});
}

void lane::impl::refuse_all(errc code, const std::string& why) {
  std::vector<uint64_t> ids;
  queue.drain(ids);
  for (auto id : ids)
    refused.emplace_back(id, error{code, why});
}

std::string lane::impl::breaker_text(time_point now) const {
  if (refused_since && now - *refused_since >= limits.refused_max)
    return "the upstream has answered nothing but 429 for " + in_seconds(now, *refused_since) +
           (refusal.empty() ? "" : ", it says: " + refusal) + "; next probe in " +
           in_seconds(breaker.probe_at(), now);
  return "the breaker is open, next probe in " + in_seconds(breaker.probe_at(), now);
}

std::string lane::impl::parked_text(time_point now) const {
  if (parked_for_waits)
    return "the upstream tells requests to wait for hours (" + refusal + "), resumes in " +
           in_seconds(*parked, now);
  return "the daily quota is used up, resumes in " + in_seconds(*parked, now);
}

// Whether a request should use another lane instead of waiting for the end of the pause.
bool lane::impl::too_long(const permit_request& req, time_point now) const {
  return req.patience && pausing && paused_until - now > *req.patience;
}

error lane::impl::pause_error(time_point now) const {
  return {errc::rate_limited, "paused, resumes in " + in_seconds(paused_until, now)};
}

lane::lane() : lane(lane_limits{}, time_point{}) {}
lane::lane(lane_limits limits, time_point now, bool start_empty)
    : impl_{std::make_unique<impl>(std::move(limits), now, start_empty)} {}
lane::~lane() = default;
lane::lane(lane&&) noexcept = default;
lane& lane::operator=(lane&&) noexcept = default;

result<void> lane::enqueue(permit_request req, time_point now) {
  auto& l = *impl_;
  l.advance(now);
  if (l.parked)
    return error{errc::quota_exhausted, l.parked_text(now)};
  if (l.breaker.refuses(now))
    return error{errc::unavailable, l.breaker_text(now)};
  if (l.too_long(req, now))
    return l.pause_error(now);
  if (l.queue.size() >= l.limits.queue_max)
    return error{errc::overflow, std::to_string(l.queue.size()) + " requests wait already"};
  if (l.queue.contains(req.id) || l.permits.find(req.id))
    return error{errc::internal, "permit " + std::to_string(req.id) + " was asked for twice"};
  if (l.limited)
    if (auto e = l.too_large(req, l.estimate_of(req)))
      return *e;
  l.queue.push(std::move(req), now);
  return {};
}

void lane::poll(time_point now, std::vector<permit>& out) {
  auto& l = *impl_;
  l.advance(now);
  l.demand = false;
  while (!l.queue.empty() && l.may_start(now)) {
    const auto* head = l.queue.front(now);
    const auto e = l.estimate_of(*head);
    // The estimator may have learned since this request was queued.
    if (auto refusal = l.too_large(*head, e)) {
      l.refused.emplace_back(head->id, std::move(*refusal));
      l.queue.drop_front();
      continue;
    }
    if (!l.fits(e)) {
      l.demand = true;
      break;
    }
    l.grant(now, e, out);
  }
}

std::optional<time_point> lane::next_wake(time_point now) const {
  auto& l = *impl_;
  if (l.queue.empty())
    return std::nullopt;
  if (l.is_full()) {
    std::optional<time_point> next;
    for (const auto& rise : {l.width.next_rise(), l.breaker.next_rise(now), l.next_few(now)})
      if (rise && *rise > now)
        next = std::min(*rise, next.value_or(time_point::max()));
    return next;
  }
  time_point wake = now;
  if (!l.breaker.passes()) {
    if (l.breaker.probes_used_up())
      return std::nullopt;
    wake = std::max(wake, l.breaker.probe_at());
  }
  if (l.pausing)
    return std::max(wake, l.paused_until);
  const auto e = l.estimate_of(*l.queue.front(now));
  if (!l.fits(e))
    for (size_t d = 0; d < dimension_count; ++d) {
      const auto wait = l.gauges[d].ready_in(e.cost[d], l.guard(d));
      if (wait == duration::max())
        return std::nullopt; // Requests in flight must be settled first.
      wake = std::max(wake, l.advanced_to + wait);
    }
  if (const auto aging = l.queue.next_aging(); aging && *aging > now)
    wake = std::min(wake, *aging);
  return wake;
}

bool lane::cancel(uint64_t id) { return impl_->queue.cancel(id); }

std::vector<std::pair<uint64_t, error>> lane::take_refused() {
  return std::exchange(impl_->refused, {});
}

std::optional<time_point> lane::parked_until(time_point now) const {
  return impl_->parked && now < *impl_->parked ? impl_->parked : std::nullopt;
}

std::optional<time_point> lane::opens_at(time_point now) const {
  auto& l = *impl_;
  auto at = now;
  if (l.parked)
    at = std::max(at, *l.parked);
  if (l.breaker.refuses(now))
    at = std::max(at, l.breaker.probe_at());
  if (l.pausing)
    at = std::max(at, l.paused_until);
  return at > now ? std::optional{at} : std::nullopt;
}

lane_snapshot lane::snapshot(time_point now) const {
  auto& l = *impl_;
  l.advance(now);
  lane_snapshot s;
  s.in_flight = static_cast<uint32_t>(l.permits.size());
  s.in_flight_peak = l.in_flight_peak;
  s.waiting = static_cast<uint32_t>(l.queue.size());
  s.in_flight_limit = l.width.limit();
  s.in_flight_adaptive = l.width.adaptive();
  s.headroom = l.room.value();
  for (size_t d = 0; d < dimension_count; ++d) {
    s.limit[d] = l.gauges[d].limit();
    s.level[d] = l.gauges[d].level();
    s.capacity[d] = l.gauges[d].capacity();
  }
  s.used_last_minute = l.used.sum(now);
  s.paused_until = opens_at(now);
  s.breaker = static_cast<lane_snapshot::breaker_state>(l.breaker.current());
  s.granted = l.granted;
  s.settled = l.settled;
  s.rate_limited = l.rate_limited;
  s.breaker_trips = l.breaker.trips();
  s.tokens_per_byte = l.tokens.tokens_per_byte();
  s.output_tokens_p95 = l.tokens.output_p95();
  s.adopted = l.adopted;
  s.released = l.released;
  s.settled_unknown = l.unknown;
  s.refusal = l.refusal;
  return s;
}

} // namespace penstock::core
