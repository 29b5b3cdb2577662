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
///
/// If the size of the provider's bucket is unknown, the level begins with the refill of half a
/// second (at least one request) and flows at the rate. The capacity grows to what headers prove,
/// or doubles when all of it was used at once and nothing was refused in the next 5 s. A refusal
/// halves it.
///
/// Headers are hints. If five requests in a row are answered although each answer claims that
/// nothing is left, the remaining number is ignored until a request is refused.
class lane_gauge {
public:
  /// The request whose answer has a header.
  struct heard_at {
    /// What was or will be spent by permits granted after its permit. nullopt if unknown: then the
    /// level is corrected downwards only.
    std::optional<double> spent_since;
    std::optional<time_point> granted; ///< nullopt: unknown.
    double cost = 0;                   ///< What it cost by our estimate.
    bool answered = false;             ///< It was not refused.
  };

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

  /// Corrects by what an answer said. `rounding`: how far the provider's numbers may be off either
  /// way.
  void hear(const limit_reading& r, const heard_at& at, double rounding, time_point now);
  /// A request was refused because of a rate: learns that the bucket is smaller than thought.
  void refused(time_point now);
  /// Whether the size of the provider's bucket is unknown, and no header has named more than we
  /// use at once anyway.
  bool is_paced() const { return learns_ && told_size_ <= own_size_; }
  /// Whether what headers say about the remaining number is ignored, because answers contradict.
  bool ignores_headers() const { return ignores_; }

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
  bool contradicts(double remaining, const heard_at& at, time_point now);
  double full_capacity(double limit) const;
  double usable_size() const;
  double usable_rate() const;
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
  bool learns_ = false;  // The size of the bucket is unknown.
  double own_size_ = 0;  // Of an unknown bucket: what was used at once without a refusal,
  double told_size_ = 0; // and the largest number that a header has named as remaining.
  bool was_full_ = false;
  bool emptied_ = false;
  std::optional<time_point> emptied_at_; // All of `own_size_` was used at once.
  // Headers that claim that nothing is left.
  std::optional<time_point> claimed_empty_;
  uint32_t contradictions_ = 0;
  bool ignores_ = false;
  time_point trusted_until_{}; // At least.
  duration trusted_for_ = std::chrono::seconds{10};
  token_bucket bucket_, roof_;
};

} // namespace penstock::core
