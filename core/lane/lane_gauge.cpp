#include "core/lane/lane_gauge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace penstock::core {

namespace {

constexpr double spare_share = 0.05;
// So small a limit in a header is wrong. It may slow us, but not stop us.
constexpr double learned_limit_min = 0.02;
constexpr double nonsense_factor = 1.05;

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
  bucket_ = token_bucket{std::max(capacity_min_, full_capacity(limit_) * headroom_),
                         full_rate() * pace_, now};
  if (empty)
    bucket_.set_level(0);
}

double lane_gauge::full_capacity(double limit) const {
  return std::max(capacity_min_, limit * burst_windows_);
}

double lane_gauge::largest() const {
  return limited() ? largest_ : std::numeric_limits<double>::infinity();
}

void lane_gauge::resize(time_point now) {
  bucket_.resize(std::max(capacity_min_, full_capacity(limit_) * headroom_), full_rate() * pace_,
                 now);
}

void lane_gauge::set_pace(double factor, time_point now) {
  if (!limited() || factor == pace_)
    return;
  pace_ = factor;
  resize(now);
}

void lane_gauge::advance(time_point now) {
  bucket_.advance(now);
  roof_.advance(now);
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

void lane_gauge::hear(const limit_reading& r, std::optional<double> spent_since, double rounding,
                      time_point now) {
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

  // The remaining tokens plus the refill until it is full are the size of the provider's bucket. It
  // may be much smaller than the limit of a minute (60 per minute enforced as 1 per second).
  double size = full_capacity(limit_);
  if (r.reset)
    size = std::min(size, remaining + full_rate() * to_seconds(*r.reset));
  const double spare = spare_share * size;
  bucket_.set_level(std::min(bucket_.level(), remaining + rounding - spare));
  if (spent_since)
    lift(r, remaining - rounding, *spent_since, spare);
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
