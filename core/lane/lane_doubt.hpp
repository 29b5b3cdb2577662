#pragma once

#include "core/lane/lane_usage_window.hpp"

#include <cstdint>

namespace penstock::core {

/// Keeps tokens back until answers show that the provider charges as much as we estimate.
///
/// Works in rounds. A round ends when 19 of 20 permits of the round before have been answered:
/// their headers and usage have then corrected the buckets. Until then a `share` of the spending is
/// kept back a second time. The share shrinks every round. Example with a bucket of 240,000 and
/// requests that really cost 1.5 x the estimate: 120,000 are granted at once (180,000 really), and
/// only the corrected remainder is granted in the next round.
class lane_doubt {
public:
  /// Share of unproven spending that is kept back: 1, 0.7, 0.49 ... 0.
  double share() const { return share_; }
  /// Spending that is granted and not proven yet.
  double unproven(size_t d) const { return share_ > 0 ? current_[d] + previous_[d] : 0; }

  /// Doubts everything again.
  void begin_again() { share_ = 1; }

  /// Notes a grant. @returns its round, to be handed to `answered`.
  uint32_t granted(const lane_cost& cost) {
    if (share_ > 0)
      for (size_t d = 0; d < dimension_count; ++d)
        current_[d] += cost[d];
    ++granted_;
    return round_;
  }

  /// Notes the end of a permit of `round`; `idle`: it was the last one outstanding.
  void answered(uint32_t round, bool idle) {
    if (share_ == 0)
      return;
    if (round == round_)
      ++answered_early_;
    if (round + 1 == round_)
      ++answered_;
    // There is no round before the first one, so it ends with the first answer.
    if (awaited_ == 0 || answered_ * 20 >= awaited_ * 19 || idle)
      next_round();
    if (idle)
      previous_ = current_ = {};
  }

private:
  void next_round() {
    if (awaited_ > 0 && (share_ *= 0.7) < 0.02)
      share_ = 0;
    previous_ = current_;
    current_ = {};
    awaited_ = granted_;
    answered_ = answered_early_;
    granted_ = answered_early_ = 0;
    ++round_;
  }

  double share_ = 1;
  lane_cost current_{}, previous_{};
  uint32_t round_ = 1;
  uint64_t granted_ = 0;        // In this round,
  uint64_t answered_early_ = 0; // and answered already.
  uint64_t awaited_ = 0;        // Granted in the round before,
  uint64_t answered_ = 0;       // and answered since.
};

} // namespace penstock::core
