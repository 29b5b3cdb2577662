#include "core/lane/circuit_breaker.hpp"

#include "core/base/random.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::core {

namespace {

constexpr duration gap_first = std::chrono::milliseconds{500};
constexpr duration gap_first_unknown = std::chrono::seconds{1};
// A lane that answered so recently is tested soon.
constexpr duration moment = std::chrono::seconds{60};
// The gap is this part of the outage.
constexpr int outage_parts = 5;
// From this gap on, several probes go at once.
constexpr duration several_from = std::chrono::milliseconds{1500};
constexpr duration second = std::chrono::seconds{1};

constexpr uint32_t ramp_first = 4;
constexpr duration ramp_doubles = std::chrono::milliseconds{250};
constexpr int ramp_doublings = 10;

constexpr time_point never = time_point::min();

} // namespace

time_point circuit_breaker::probe_at() const {
  const auto due = batch_left_ > 0 ? never : batch_at_;
  // Never more than three in any second.
  return last_probes_[0] == time_point{} ? due : std::max(due, last_probes_[0] + second);
}

duration circuit_breaker::gap(time_point now) const {
  const bool recent = answered_ && down_since_ - *answered_ < moment;
  const auto least = recent ? gap_first : gap_first_unknown;
  return std::min(std::max((now - down_since_) / outage_parts, least), rules_.probe_gap_max);
}

void circuit_breaker::schedule(time_point now) {
  const auto longest = gap(now);
  const auto shortest = std::min(longest, second / 3);
  const double share = to_unit_interval(next_random(random_));
  batch_at_ = now + shortest + from_seconds(to_seconds(longest - shortest) * share);
}

void circuit_breaker::begin_probe(time_point now) {
  if (batch_left_ == 0 || now >= batch_at_) {
    batch_left_ = gap(now) >= several_from ? std::max(1u, rules_.probes_at_once) : 1;
    schedule(now);
  }
  --batch_left_;
  std::rotate(last_probes_.begin(), last_probes_.begin() + 1, last_probes_.end());
  last_probes_.back() = now;
  ++probes_out_;
  state_ = state::half_open;
}

void circuit_breaker::succeed(time_point now, bool probe) {
  if (state_ == state::closed) {
    failures_ = 0;
    answered_ = now;
    return;
  }
  if (!(probe && state_ == state::half_open)) {
    // The answer to a request from before the outage: no proof, but a reason to look.
    batch_at_ = std::min(batch_at_, now);
    return;
  }
  state_ = state::closed;
  failures_ = 0;
  batch_left_ = probes_out_ = 0;
  answered_ = ramp_from_ = now;
}

bool circuit_breaker::end_probe() {
  batch_left_ = 0;
  probes_out_ -= probes_out_ > 0;
  if (probes_out_ > 0)
    return false;
  state_ = state::open;
  return true;
}

bool circuit_breaker::fail(time_point now, bool probe, size_t unresolved) {
  if (state_ == state::half_open && probe)
    return end_probe();
  if (state_ != state::closed || rules_.trips_after == 0)
    return false;
  if (++failures_ < rules_.trips_after || failures_ < unresolved)
    return false;
  // A failure during the ramp continues the outage.
  open(now, in_flight_limit(now) > 0 ? down_since_ : now);
  return true;
}

bool circuit_breaker::trip(time_point now, bool probe) {
  if (state_ == state::half_open && probe)
    return end_probe();
  if (state_ != state::closed)
    return false;
  open(now, now - outage_parts * rules_.probe_gap_max);
  return true;
}

void circuit_breaker::lose_probe(time_point now) {
  if (state_ != state::half_open)
    return;
  end_probe();
  batch_at_ = std::min(batch_at_, now);
}

void circuit_breaker::open(time_point now, time_point down_since) {
  state_ = state::open;
  failures_ = 0;
  down_since_ = down_since;
  ramp_from_.reset();
  batch_left_ = probes_out_ = 0;
  schedule(now);
  ++trips_;
}

uint32_t circuit_breaker::in_flight_limit(time_point now) const {
  if (state_ != state::closed || !ramp_from_)
    return 0;
  const auto doublings = (now - *ramp_from_) / ramp_doubles;
  return doublings >= ramp_doublings ? 0 : ramp_first << std::max<int64_t>(0, doublings);
}

std::optional<time_point> circuit_breaker::next_rise(time_point now) const {
  if (in_flight_limit(now) == 0)
    return std::nullopt;
  return *ramp_from_ + ((now - *ramp_from_) / ramp_doubles + 1) * ramp_doubles;
}

} // namespace penstock::core
