#include "core/lane/token_bucket.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::core {

token_bucket::token_bucket(double capacity, double rate, time_point now)
    : capacity_{capacity}, rate_{rate}, level_{capacity}, last_{now} {}

void token_bucket::advance(time_point now) {
  if (now <= last_)
    return;
  level_ = std::min(capacity_, level_ + rate_ * to_seconds(now - last_));
  last_ = now;
}

bool token_bucket::try_take(double n, time_point now) {
  advance(now);
  if (level_ < n)
    return false;
  level_ -= n;
  return true;
}

void token_bucket::credit(double n) { level_ = std::min(capacity_, level_ + n); }

void token_bucket::set_level(double level) { level_ = std::min(capacity_, level); }

void token_bucket::resize(double capacity, double rate, time_point now) {
  advance(now);
  capacity_ = capacity;
  rate_ = rate;
  level_ = std::min(level_, capacity_);
}

duration token_bucket::ready_in(double n) const {
  if (level_ >= n)
    return duration::zero();
  if (n > capacity_ || rate_ <= 0)
    return duration::max();
  // One nanosecond more than the rounded span: a caller that wakes then must find the tokens.
  return from_seconds((n - level_) / rate_) + duration{1};
}

} // namespace penstock::core
