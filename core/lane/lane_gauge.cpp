#include "core/lane/lane_gauge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace penstock::core {

namespace {

constexpr double spare_share = 0.05;
// So small a limit in a header is wrong. It may slow us, but not stop us.
constexpr double learned_limit_min = 0.02;
constexpr double nonsense_factor = 1.05;
// An unknown bucket is used like one of half a second, until more is proven.
constexpr double first_seconds = 0.5;
constexpr duration proven_after = std::chrono::seconds{5};
constexpr uint32_t contradictions_max = 5;
constexpr duration trusted_max = std::chrono::minutes{10};
// With a bucket of one request, each must arrive later than the refill.
constexpr double jitter_seconds = 0.02;
constexpr double few_requests = 3;

// Sums of many doubles are not exact.
double tolerance(double cost) { return 1e-6 * std::max(1.0, cost); }

bool counts_requests(dimension d) {
  return d == dimension::requests_minute || d == dimension::requests_day;
}

} // namespace

lane_gauge::lane_gauge(dimension d, const lane_limits& limits, time_point now, bool empty)
    : configured_{limits.limit[static_cast<size_t>(d)]}, limit_{configured_},
      headroom_{limits.headroom}, pace_{limits.headroom} {
  if (!limited())
    return;
  const bool daily = d == dimension::requests_day;
  window_seconds_ = daily ? 86'400 : 60;
  burst_windows_ = daily ? 1 : to_seconds(limits.burst) / 60;
  capacity_min_ = counts_requests(d) ? 1 : 0;
  largest_ = std::max(configured_, full_capacity(configured_));
  const double slack = counts_requests(d) ? 1 : 2;
  roof_ = token_bucket{slack * full_capacity(configured_), slack * full_rate(), now};
  learns_ = !limits.burst_known && !daily;
  own_size_ = std::max(capacity_min_, first_seconds * full_rate());
  bucket_ = token_bucket{usable_size(), usable_rate(), now};
  if (empty)
    bucket_.set_level(0);
}

double lane_gauge::full_capacity(double limit) const {
  return std::max(capacity_min_, limit * burst_windows_);
}

double lane_gauge::usable_size() const {
  const double whole = full_capacity(limit_) * headroom_;
  return std::max(capacity_min_,
                  learns_ ? std::min(whole, std::max(own_size_, told_size_)) : whole);
}

double lane_gauge::usable_rate() const {
  const double rate = full_rate() * pace_;
  if (learns_ && capacity_min_ > 0 && usable_size() < few_requests)
    return std::min(rate, full_rate() / (1 + full_rate() * jitter_seconds));
  return rate;
}

double lane_gauge::largest() const {
  return limited() ? largest_ : std::numeric_limits<double>::infinity();
}

void lane_gauge::resize(time_point now) { bucket_.resize(usable_size(), usable_rate(), now); }

void lane_gauge::set_pace(double factor, time_point now) {
  if (!limited() || factor == pace_)
    return;
  pace_ = factor;
  resize(now);
}

void lane_gauge::advance(time_point now) {
  bucket_.advance(now);
  roof_.advance(now);
  if (!learns_)
    return;
  was_full_ = was_full_ || bucket_.level() >= 0.9 * own_size_;
  if (std::exchange(emptied_, false))
    emptied_at_ = now;
  if (emptied_at_ && now - *emptied_at_ >= proven_after) {
    emptied_at_.reset();
    own_size_ = std::min(2 * own_size_, full_capacity(limit_));
    resize(now);
  }
}

bool lane_gauge::fits(double cost, double guard) const {
  if (!limited())
    return true;
  const double level = bucket_.level() + tolerance(cost);
  return level - guard >= cost || (cost > bucket_.capacity() && level >= bucket_.capacity());
}

duration lane_gauge::ready_in(double cost, double guard) const {
  if (fits(cost, guard))
    return duration::zero();
  return bucket_.ready_in(cost > bucket_.capacity() ? bucket_.capacity() : cost + guard);
}

void lane_gauge::spend(double cost) {
  if (!limited())
    return;
  spent_ += cost;
  bucket_.debit(cost);
  if (was_full_ && bucket_.level() <= 0.1 * own_size_) {
    was_full_ = false;
    emptied_ = true;
  }
  roof_.debit(cost);
  // A debt larger than the bucket of the provider is impossible, so such a usage is wrong.
  bucket_.set_level(std::max(bucket_.level(), -largest_));
  roof_.set_level(std::max(roof_.level(), -largest_));
}

void lane_gauge::give_back(double cost) {
  bucket_.credit(cost);
  roof_.credit(cost);
}

void lane_gauge::cut_to(double cost) { bucket_.set_level(std::min(bucket_.level(), cost)); }

bool lane_gauge::contradicts(double remaining, const heard_at& at, time_point now) {
  if (remaining >= std::max(1.0, at.cost)) {
    claimed_empty_.reset();
    contradictions_ = 0;
    return false;
  }
  if (!at.answered || !at.granted)
    return false;
  if (!claimed_empty_)
    claimed_empty_ = now;
  else if (*at.granted >= *claimed_empty_ && now >= trusted_until_ &&
           ++contradictions_ >= contradictions_max)
    ignores_ = true;
  return ignores_;
}

void lane_gauge::refused(time_point now) {
  if (!limited())
    return;
  own_size_ = std::max(capacity_min_, own_size_ / 2);
  emptied_at_.reset();
  was_full_ = emptied_ = false;
  claimed_empty_.reset();
  contradictions_ = 0;
  if (ignores_) {
    trusted_until_ = now + trusted_for_;
    trusted_for_ = std::min(2 * trusted_for_, trusted_max);
    ignores_ = false;
  }
  resize(now);
}

void lane_gauge::hear(const limit_reading& r, const heard_at& at, double rounding, time_point now) {
  if (!limited())
    return;
  if (r.limit && *r.limit > 0) {
    const double learned = std::clamp(*r.limit, learned_limit_min * configured_, configured_);
    if (learned != limit_) {
      limit_ = learned;
      resize(now);
    }
  }
  if (!r.remaining)
    return;
  const double remaining = *r.remaining;
  // Also false for NaN. More left than the limit is impossible: ignore such a header.
  const double server_limit = std::max(configured_, r.limit.value_or(0));
  if (!(remaining >= 0 && remaining <= nonsense_factor * server_limit))
    return;
  if (remaining == 0 && r.reset.value_or(duration::zero()) <= duration::zero())
    return; // Placeholder.
  if (contradicts(remaining, at, now) || ignores_)
    return;

  // The remaining tokens plus the refill until it is full are the size of the provider's bucket. It
  // may be much smaller than the limit of a minute (60 per minute enforced as 1 per second).
  double size = full_capacity(limit_);
  if (r.reset)
    size = std::min(size, remaining + full_rate() * to_seconds(*r.reset));
  if (remaining > told_size_) {
    told_size_ = remaining;
    resize(now);
  }
  const double spare = spare_share * std::min(size, told_size_);
  // The reading is as old as its request. What has refilled since, and was not spent, is there. In
  // a large bucket that is little, and our estimate of what was spent may be further off.
  double refilled = 0;
  if (at.granted && at.spent_since) {
    const double since = full_rate() * to_seconds(now - *at.granted);
    if (since > size / 2)
      refilled = std::max(0.0, since - *at.spent_since);
  }
  double most = std::min(size, remaining + refilled);
  // A number of requests is rounded down, which is much of a small bucket.
  if (capacity_min_ > 0 && size < few_requests)
    most += 1;
  bucket_.set_level(std::min(bucket_.level(), most + rounding - spare));
  if (at.spent_since)
    lift(r, remaining - rounding, *at.spent_since, spare);
}

// The tokens left at the provider, minus all that we have spent since, are certainly there.
void lane_gauge::lift(const limit_reading& r, double remaining, double spent_since, double spare) {
  // If the limit there is larger than the configured one, only our usage counts.
  const double foreign = std::max(0.0, r.limit.value_or(limit_) - limit_);
  const double proven = std::min(remaining - foreign - spent_since - 2 * spare, roof_.level());
  if (proven > bucket_.level())
    bucket_.set_level(proven);
}

} // namespace penstock::core
