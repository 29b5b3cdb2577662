#pragma once

#include "core/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace penstock::core {

/// A slow start: the widths are allowed one after the other, each for `every` without a drop. A
/// drop goes one step back and starts the time again. Drops of attempts that were granted before
/// have no effect. The last step stays. Example "5 -> 10 -> 25 -> 50" with 30 s: 50 are in flight
/// after a minute and a half.
class in_flight_ramp {
public:
  in_flight_ramp() = default;
  /// @pre `steps` are positive. Empty: no ramp.
  in_flight_ramp(std::vector<uint32_t> steps, duration every)
      : steps_{std::move(steps)}, every_{every} {}

  /// Whether there is a ramp.
  bool active() const { return !steps_.empty(); }
  /// The width now; 0 without a ramp.
  uint32_t limit() const { return steps_.empty() ? 0 : steps_[step_]; }
  /// The first grant starts the span of the first step.
  void granted(time_point now) {
    if (active() && !next_)
      begin(now);
  }
  /// Advances to `now`.
  void advance(time_point now) {
    while (next_ && step_ + 1 < steps_.size() && now >= *next_) {
      ++step_;
      next_ = *next_ + every_;
    }
  }
  /// An attempt that was granted at `granted` was refused or lost.
  void dropped(time_point granted, time_point now) {
    if (!active() || granted < cut_at_)
      return;
    step_ -= step_ > 0;
    cut_at_ = now;
    begin(now);
  }
  /// When the next step is due; nullopt if there is none, or nothing has begun.
  std::optional<time_point> next_step() const {
    return step_ + 1 < steps_.size() ? next_ : std::nullopt;
  }

private:
  void begin(time_point now) { next_ = now + every_; }

  std::vector<uint32_t> steps_;
  duration every_{};
  size_t step_ = 0;
  std::optional<time_point> next_;
  time_point cut_at_{};
};

} // namespace penstock::core
