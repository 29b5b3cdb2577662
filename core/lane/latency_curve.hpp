#pragma once

#include "core/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace penstock::core {

/// How the time of an attempt depends on how many are in flight: the mean logarithm of the time at
/// each of a row of widths (1, 2, 3, 4, 5, 6, 8, 10, 13, 16 ... three to a doubling).
///
/// Logarithms, because attempt times are skewed: one slow attempt of 20 times the median must not
/// count as 20. Longer answers take longer whatever the load is, so that part is taken out: its
/// slope (log time over log output tokens) is learned from the spread within each width, where the
/// load is the same. More in flight never makes an upstream faster, so the curve is forced to rise:
/// neighbours that say otherwise are pooled, which takes most of the noise out.
class latency_curve {
public:
  latency_curve() = default;
  /// Widths up to `width_max`, which is the last one. @pre `width_max` is positive.
  explicit latency_curve(uint32_t width_max);

  size_t size() const { return levels_.size(); }
  /// The width of a level.
  uint32_t width(size_t level) const { return levels_[level].width; }
  /// The level that is nearest to a width, by ratio.
  size_t level_of(uint32_t width) const;

  /// Takes in one attempt. `output_tokens` of zero: unknown. @returns what its time says by itself:
  /// the logarithm of the time, corrected for the length of the answer.
  double record(uint32_t in_flight, duration time, double output_tokens);
  /// The upstream is no longer what it was: `level` is what its last attempts say (as `record`
  /// returned it), and of all others a share is forgotten.
  void restate(size_t level, double mean, double attempts, double share);

  /// How many recent attempts a level rests on.
  double weight(size_t level) const { return levels_[level].weight / unit_; }
  /// Whether a level rests on enough to be compared.
  bool known(size_t level) const { return weight(level) >= 2.2; }
  /// The mean of a level, as it was measured. @pre `known(level)`.
  double measured(size_t level) const;
  /// The value of a width: the log of its throughput, less a price. The price makes a doubling of
  /// the width worth it only if it brings at least 30 % of a doubling of throughput.
  /// @pre some level is known; an unknown one counts as fast as the next known one below.
  double worth(size_t level);
  /// The standard error of the difference between two known levels.
  double noise(size_t a, size_t b) const;
  /// How much single attempts differ, as a standard deviation of the logarithm.
  double spread() const;

private:
  struct level {
    uint32_t width = 1;
    double log_width = 0;
    double weight = 0; // In units of `unit_`.
    double time = 0;   // Mean log time,
    double tokens = 0; // and mean log of the output tokens.
  };

  void age(double kept);
  double slope() const;
  void fit();

  std::vector<level> levels_;
  std::vector<double> fitted_;
  // What one attempt weighs now: a growing unit makes everything else lighter without touching it.
  double unit_ = 1;
  bool stale_ = true;                     // `fitted_` is older than the levels.
  double tokens_ = 0, tokens_weight_ = 0; // Mean log of the output tokens of all.
  // Spread within the levels: sums of squares and products, and how many attempts they rest on.
  double tt_ = 0, ty_ = 0, yy_ = 0, count_ = 0;
};

} // namespace penstock::core
