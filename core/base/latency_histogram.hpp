#pragma once

#include "core/base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace penstock::core {

/// Counts spans in buckets whose width grows with the value. Each percentile is known to within 1
/// %, from nanoseconds to 4.8 hours, in 20 KB of memory. Longer spans count as 4.8 hours, negative
/// spans as zero. Count, mean and extremes are exact.
class latency_histogram {
public:
  void record(duration span) noexcept;
  /// Adds all spans of `other`.
  void merge(const latency_histogram& other) noexcept;

  uint64_t count() const noexcept { return count_; }
  /// Zero if nothing was recorded; so are `min`, `max` and every percentile.
  duration mean() const noexcept;
  duration min() const noexcept;
  duration max() const noexcept { return max_; }
  /// The span that `percent` of the recorded spans do not exceed: 50 is the median. `percent` is
  /// clamped to [0, 100].
  duration percentile(double percent) const noexcept;

private:
  // 64 buckets per doubling: a bucket spans at most 1/64 of its lower end, its middle is off by
  // under 0.8 %.
  static constexpr unsigned step_bits = 6, value_bits = 44;
  static constexpr size_t steps = size_t{1} << step_bits;
  static constexpr size_t bucket_count = steps * (value_bits - step_bits + 1);

  static size_t bucket_of(uint64_t ns) noexcept;
  static uint64_t middle_of(size_t bucket) noexcept;

  std::array<uint64_t, bucket_count> buckets_{};
  uint64_t count_ = 0;
  double sum_ = 0; // In nanoseconds; a double cannot overflow where an integer would.
  duration min_ = duration::max(), max_{};
};

} // namespace penstock::core
