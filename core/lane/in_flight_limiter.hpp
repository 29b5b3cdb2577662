#pragma once

#include "core/lane/latency_curve.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <deque>

namespace penstock::core {

/// The end of an attempt, for the choice of the width.
struct attempt_end {
  time_point granted{};     ///< When it got its permit.
  uint32_t in_flight = 1;   ///< Requests in flight at that time, with this one.
  double output_tokens = 0; ///< Output tokens; 0: unknown.
  enum class kind : uint8_t {
    answered, ///< Its time counts.
    dropped,  ///< Refused or lost, perhaps by overload; its time does not count.
    ignored,  ///< Has no information about the provider.
  } how = kind::answered;
};

/// Finds how many requests an upstream of unknown size can usefully have in flight.
///
/// By times: a `latency_curve` knows the throughput of each width. The width starts at
/// `start_width` (a small job must not wait for measurements), doubles as long as throughput
/// follows, and then stays at its home, the width that is worth most. Sometimes it tries the width
/// beside its home for a round, to see whether something has changed; if nothing changed for long,
/// it tries more rarely. If less is better, it acts at once; if more is better, after a round.
/// Quick answers come first, so recent attempts always look fast. Times are therefore used in the
/// order of the grants. An attempt that a whole round of later attempts has overtaken is used as it
/// is, so that the others need not wait for it.
///
/// By drops (503, 529, timeouts, broken connections): more than a few within a round put a ceiling
/// at 0.9 of where they happened. It holds for 10 rounds (20, 40 ... if it was hit again), then
/// rises from round to round until it is out of the way. If a lower ceiling does not help, the
/// upstream fails for other reasons: that share of drops is usual from then on.
///
/// A round is as many ended attempts as there may be in flight.
/// Example, an upstream that needs 1 + (n/40)^4 seconds: 64 go out; after some 30 answers the curve
/// shows that 32 bring more than 51, and that the other half only waited.
class in_flight_limiter {
public:
  static constexpr uint32_t start_width = 64;

  in_flight_limiter() = default;
  /// @pre `width_max` is positive.
  in_flight_limiter(uint32_t width_max, time_point now);

  /// How many may be in flight now: 1 to `width_max`.
  uint32_t limit() const;
  /// Notes a grant. `ordinal` grows with every grant.
  void granted(uint64_t ordinal, uint32_t in_flight, time_point now);
  /// Learns from an attempt. @pre It was granted.
  void ended(uint64_t ordinal, const attempt_end& a, time_point now);

private:
  /// An attempt whose time is not used yet.
  struct entry {
    attempt_end end;
    uint32_t limit = 0; // When it was granted.
    duration took{};
    enum class state : uint8_t { out, ended, void_ } now = state::out;
  };
  void take_in(const entry& e, duration time);
  void take_in_order(time_point now);
  uint32_t width() const { return curve_.width(level_); }
  void count_drop(const attempt_end& a, bool dropped, time_point now);
  double drop_share() const;
  void lower_ceiling(time_point now);
  void end_round(bool clean);
  void decide(time_point now);
  bool retreat(time_point now);
  bool visit_done() const;
  void note_shift();
  void after_visit(time_point now);
  size_t best();
  void go_to(size_t level, time_point now);

  latency_curve curve_{1};
  std::deque<entry> entries_;  // From the oldest one whose time is not used yet.
  uint64_t first_ordinal_ = 0; // Of the first entry.
  uint32_t ended_entries_ = 0;
  size_t level_ = 0; // Where we are,
  size_t home_ = 0;  // and where we belong.
  bool climbing_ = true;
  size_t step_ = 2;                            // Levels of the last step up while climbing.
  time_point visit_began_{};                   // Attempts granted since are of this visit:
  uint32_t visit_count_ = 0;                   // so many have ended,
  bool visit_full_ = false;                    // and whether the width was used up.
  uint32_t near_count_ = 0;                    // Those of them that had the whole width in flight,
  double near_sum_ = 0;                        // and what their times say.
  double before_weight_ = 0, before_mean_ = 0; // What the curve said when the visit began.
  uint32_t undecided_ = 0;                     // Ended since the last look at the curve.
  uint32_t patience_ = 0;                      // Visits of the home between two of a neighbour,
  uint32_t waited_ = 0;                        // and how many there were.
  bool look_down_ = false;                     // Which neighbour is next.

  double ceiling_ = 0;       // Zero: none.
  uint32_t hold_rounds_ = 0; // How long a new ceiling stays,
  uint32_t held_ = 0;        // and how long this one stood.
  time_point cut_at_{};      // Attempts granted before this belong to the last cut.
  double hit_at_ = 0;        // Mean width of the last drops that made a ceiling.
  uint32_t round_ended_ = 0, round_drops_ = 0;
  double round_drop_widths_ = 0;
  uint32_t cut_granted_ = 0, cut_drops_ = 0; // Since the last cut.
  double chain_start_ = 0, chain_share_ = 0; // Limit and share of drops when cutting began.
  double usual_drops_ = 0;                   // Share of drops that no width avoids.
};

} // namespace penstock::core
