#pragma once

#include "core/job/price_table.hpp"
#include "core/lane/token_estimator.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

namespace penstock::core {

/// Keeps a job from spending more than it may: what is in flight is reserved at its expected cost,
/// what came back is settled at its real one, and nothing starts that does not fit beside both.
///
/// Expected: the body's bytes and the p95 of the output so far, learned per model; before the first
/// answer the request's own maximum. The real cost of what is in flight may exceed that, so the sum
/// can end above the limit by less than one set in flight, never by more.
/// Example: limit 1.00, spent 0.97, two in flight at 0.01 each: one more of 0.01 fits, a second
/// waits.
///
/// Pure; one owner.
class budget {
public:
  budget() = default;
  /// @param limit Dollars; zero or less: no bound. @param spent by earlier lives of the job.
  budget(double limit, double spent, price_table prices);

  /// Whether there is a bound at all.
  bool is_bounded() const noexcept { return limit_ > 0; }
  /// What `req` is expected to cost; zero if its model has no price.
  double expected(const request& req) const;
  /// Whether the model of `req` has a price. Without one a bound means nothing.
  bool knows(const request& req) const noexcept { return prices_.find(req.model) != nullptr; }
  /// Whether `cost` fits beside what is spent and reserved.
  bool fits(double cost) const noexcept {
    return !is_bounded() || spent_ + reserved_ + cost <= limit_;
  }
  /// Whether `req` may start. A request without a maximum of its own, of a model never seen before,
  /// is a guess: it may go `alone` (with nothing in flight) while any money is left, and teaches.
  bool admits(const request& req, bool alone) const;
  /// Reserves `cost` for the hand-out `id`. @pre `id` holds nothing.
  void reserve(uint64_t id, double cost);
  /// Ends the hand-out `id` at its real cost. Without a reservation the cost counts all the same.
  void settle(uint64_t id, double cost);
  /// Counts a cost that belongs to no hand-out any more.
  void spend(double cost) noexcept { spent_ += cost; }
  /// Learns from an answer to `req`.
  void learn(const request& req, const usage& used);

  double limit() const noexcept { return limit_; }
  double spent() const noexcept { return spent_; }
  double reserved() const noexcept { return reserved_; }
  /// What is reserved for the hand-out `id`: all that is known of one that never reports.
  double reserved(uint64_t id) const;

private:
  double limit_ = 0, spent_ = 0, reserved_ = 0;
  price_table prices_;
  std::map<std::string, token_estimator, std::less<>> estimators_; ///< By model.
  std::unordered_map<uint64_t, double> held_;
};

} // namespace penstock::core
