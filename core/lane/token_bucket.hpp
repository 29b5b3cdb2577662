#pragma once

#include "core/base/time.hpp"

namespace penstock::core {

/// Spends tokens that refill at a constant rate: short bursts pass, the average holds.
/// The level may fall below zero (a debt) by `debit`, which repays itself by refilling.
/// Reads no clock; callers pass `now`, and time that runs backwards counts as standing still.
class token_bucket {
public:
  token_bucket() = default;
  /// Creates a full bucket of `capacity` tokens that gains `rate` tokens a second.
  /// @pre `capacity >= 0 && rate >= 0`.
  token_bucket(double capacity, double rate, time_point now);

  /// Refills for the time since the last call.
  void advance(time_point now);
  /// Takes `n` tokens, or leaves the bucket untouched. @returns whether it took them.
  [[nodiscard]] bool try_take(double n, time_point now);
  /// Takes `n` tokens whether they are there or not.
  void debit(double n) { level_ -= n; }
  /// Gives `n` tokens back; what does not fit runs over.
  void credit(double n);
  /// Sets the level, at most to the capacity.
  void set_level(double level);
  /// Changes size and speed from `now` on; a level above the new capacity is cut.
  void resize(double capacity, double rate, time_point now);

  /// Tokens there at the last `advance`; negative while in debt.
  double level() const { return level_; }
  /// Most tokens it can hold.
  double capacity() const { return capacity_; }
  /// Tokens gained a second.
  double rate() const { return rate_; }
  /// @returns how long after the last `advance` until the level reaches `n`; zero if it is there,
  /// `duration::max()` if it never gets there.
  duration ready_in(double n) const;

private:
  double capacity_ = 0;
  double rate_ = 0;
  double level_ = 0;
  time_point last_{};
};

} // namespace penstock::core
