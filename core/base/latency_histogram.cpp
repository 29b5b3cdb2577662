#include "core/base/latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace penstock::core {

size_t latency_histogram::bucket_of(uint64_t ns) noexcept {
  ns = std::min(ns, (uint64_t{1} << value_bits) - 1);
  if (ns < steps)
    return ns; // One bucket per nanosecond: exact.
  const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - step_bits;
  // The leading 1 is implied by the row, the next `step_bits` bits choose the step in it.
  return (shift + 1) * steps + ((ns >> shift) - steps);
}

uint64_t latency_histogram::middle_of(size_t bucket) noexcept {
  if (bucket < steps)
    return bucket;
  const auto shift = bucket / steps - 1;
  return ((steps + bucket % steps) << shift) + ((uint64_t{1} << shift) >> 1);
}

void latency_histogram::record(duration span) noexcept {
  span = std::max(span, duration::zero());
  ++buckets_[bucket_of(static_cast<uint64_t>(span.count()))];
  ++count_;
  sum_ += static_cast<double>(span.count());
  min_ = std::min(min_, span);
  max_ = std::max(max_, span);
}

void latency_histogram::merge(const latency_histogram& other) noexcept {
  for (size_t i = 0; i < bucket_count; ++i)
    buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

duration latency_histogram::mean() const noexcept {
  return count_ == 0 ? duration::zero()
                     : duration{std::llround(sum_ / static_cast<double>(count_))};
}

duration latency_histogram::min() const noexcept { return count_ == 0 ? duration::zero() : min_; }

duration latency_histogram::percentile(double percent) const noexcept {
  if (count_ == 0)
    return duration::zero();
  const auto share = std::isnan(percent) ? 0.0 : std::clamp(percent, 0.0, 100.0) / 100;
  const auto wanted = std::ceil(share * static_cast<double>(count_));
  const auto rank = std::clamp<uint64_t>(static_cast<uint64_t>(wanted), 1, count_);
  if (rank == count_)
    return max_;
  uint64_t seen = 0;
  for (size_t i = 0; i < bucket_count; ++i)
    if ((seen += buckets_[i]) >= rank)
      return std::clamp(duration{static_cast<int64_t>(middle_of(i))}, min_, max_);
  return max_;
}

} // namespace penstock::core
