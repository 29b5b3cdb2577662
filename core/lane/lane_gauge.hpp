#pragma once

#include "core/lane/lane.hpp"
#include "core/lane/token_bucket.hpp"

#include <optional>

namespace penstock::core {

/// One limited dimension of a lane: what may still be spent, and what headers said about it.
///
/// Two buckets: `level` is scaled by headroom and corrected by headers; the `roof` holds the
/// configured limit and ignores headers. Corrections never lift the level above the roof, so wrong
/// headers cannot raise use above the configured limit (requests: exactly; tokens: twice the limit
/// in our own estimate, because a provider may charge half of what we think). Corrections aim to
/// leave a little unspent at the provider (5 % of its bucket): that costs no throughput, because
/// the refill is still spent, and it absorbs wrong estimates.
class lane_gauge {
public:
  lane_gauge() = default;
  /// A limit of zero means no limit. `empty`: begins without its burst.
  lane_gauge(dimension d, const lane_limits& limits, time_point now, bool empty);

  bool limited() const { return configured_ > 0; }
  /// Follows the headroom: scales the refill rate by `factor`.
  void set_pace(double factor, time_point now);
  void advance(time_point now);

  /// Whether one request of this cost can never pass the configured limit.
  bool too_large(double cost) const { return limited() && cost > largest_; }
  /// Largest cost of one request; infinite without a limit.
  double largest() const;
  /// Whether `cost` may be spent while `guard` more is kept back. A cost above the capacity but
  /// within the limit passes when the bucket is full, and makes a debt.
  bool fits(double cost, double guard) const;
  /// Time from the last `advance` until it fits; `duration::max()` if waiting does not help.
  duration ready_in(double cost, double guard) const;
  /// Spends, even into debt (no deeper than one whole limit).
  void spend(double cost);
  void give_back(double cost);
  /// Cuts the level after a pause, so that at most `cost` is there at once.
  void cut_to(double cost);

  /// Corrects by what an answer said. `spent_since`: what was or will be spent by permits granted
  /// after the permit of that answer. nullopt if unknown: then only correct downwards. `rounding`:
  /// how far the provider's numbers may be off either way.
  void hear(const limit_reading& r, std::optional<double> spent_since, double rounding,
            time_point now);

  /// Everything spent so far. A difference of two values is the spending between two moments.
  double spent() const { return spent_; }
  /// The limit in use: as configured, or as learned when lower.
  double limit() const { return limit_; }
  /// The refill of the whole limit in a second.
  double full_rate() const { return limit_ / window_seconds_; }
  double level() const { return bucket_.level(); }
  double capacity() const { return bucket_.capacity(); }

private:
  void resize(time_point now);
  double full_capacity(double limit) const;
  void lift(const limit_reading& r, double remaining, double spent_since, double spare);

  double configured_ = 0;
  double limit_ = 0;
  double largest_ = 0;
  double window_seconds_ = 60;
  double burst_windows_ = 1; // Capacity in windows.
  double capacity_min_ = 0;
  double headroom_ = 1;
  double pace_ = 1;
  double spent_ = 0;
  token_bucket bucket_, roof_;
};

} // namespace penstock::core
