#pragma once

#include "core/base/error.hpp"
#include "core/attempt/route_table.hpp"
#include "core/base/time.hpp"

#include <optional>
#include <string>
#include <vector>

namespace penstock::core {

/// Walks one request through the candidates of its route: which lane to ask next, and why the
/// earlier ones refused.
///
/// A round asks each candidate once, in order; every attempt begins a new round. A candidate that
/// refuses is skipped in this round: breaker open, paused for longer than the patience, queue
/// full, too small. If all refused, the one whose pause ends first is asked again, and then waited
/// for. If only breakers and quotas are left, the round is over and the job decides when to try
/// again. A candidate whose key is refused, or whose account has no money, is never asked
/// again.
class route_walk {
public:
  /// The candidate to ask next.
  struct step {
    size_t candidate = 0;
    bool patient = true; ///< No other candidate is left: wait for it, however long its pause is.
  };
  /// A round that ended without a candidate.
  struct dead_end {
    bool all_out =
      false;   ///< No candidate can ever accept a request of this job. False: try again later.
    error why; ///< Names each candidate if there are several.
    duration retry_in{};         ///< When the first may accept work again; zero: unknown.
    std::vector<uint32_t> lanes; ///< Numbers of the lanes that may, in the order of the route.
  };

  route_walk() = default;
  /// @param lanes Of the route table; only for names. @pre Outlives this, or nothing is asked of
  /// it.
  route_walk(std::vector<core::candidate> candidates, const std::vector<route_lane>& lanes);

  bool empty() const noexcept { return seats_.empty(); }
  const core::candidate& at(size_t candidate) const { return seats_[candidate].what; }
  const std::string& lane_name(size_t candidate) const {
    return (*lanes_)[at(candidate).lane].name;
  }

  /// The names of `lanes`, joined by ", ", for people.
  std::string names_of(const std::vector<uint32_t>& lanes) const;

  /// Begins a new round: candidates that refused are asked again.
  void begin_round();
  /// The candidate to ask next; nullopt: see `end`.
  std::optional<step> next() const;
  /// Why no candidate is left. @pre `next()` is empty.
  dead_end end() const;
  /// The candidate refuses now. @param retry_in When to ask it again; zero: unknown.
  void refuse(size_t candidate, error why, duration retry_in);
  /// No candidate on this lane can accept requests of this job. @returns whether that is new.
  bool lose_lane(uint32_t lane, const error& why);
  /// The first candidate on another lane than `candidate` that has not refused, for a second
  /// attempt.
  std::optional<size_t> other_than(size_t candidate) const;
  /// Why `candidate` and not the first one: "lane a: the breaker is open"; empty for the first one.
  std::string reason(size_t candidate) const;

private:
  struct seat {
    core::candidate what;
    std::optional<error> refusal; ///< In this round.
    duration retry_in{};
    bool out = false; ///< `refusal` is final.
  };
  size_t alive() const;
  std::string text_of(const seat& s) const;

  std::vector<seat> seats_;
  const std::vector<route_lane>* lanes_ = nullptr;
};

} // namespace penstock::core
