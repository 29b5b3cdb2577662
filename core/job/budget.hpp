#pragma once

#include "core/job/price_table.hpp"
#include "core/lane/token_estimator.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

namespace penstock::core {

/// Keeps a job within its budget. A request in flight reserves its expected cost; when it ends, its
/// real cost is counted. A request starts only if it fits beside what is spent and reserved.
///
/// The expected cost comes from the size of the body and the p95 of the output so far, learned per
/// model; before the first answer, from the request's own maximum. Real costs may be higher, so the
/// job may exceed the budget, but by less than the cost of the requests in flight.
/// Example: limit 1.00, spent 0.97, two in flight at 0.01 each: one more of 0.01 fits, a second
/// waits.
///
/// Pure; one owner.
class budget {
public:
  budget() = default;
  /// @param limit US dollars; zero or less: no limit. @param spent By earlier lives of the job.
  budget(double limit, double spent, price_table prices);

  /// Whether the job has a budget.
  bool is_bounded() const noexcept { return limit_ > 0; }
  /// The expected cost of `req`; zero if its model has no price.
  double expected(const request& req) const;
  /// Whether the model of `req` has a price. Without a price a budget cannot work.
  bool knows(const request& req) const noexcept { return prices_.find(req.model) != nullptr; }
  /// Whether `cost` fits into the budget, beside what is spent and reserved.
  bool fits(double cost) const noexcept {
    return !is_bounded() || spent_ + reserved_ + cost <= limit_;
  }
  /// Whether `req` may start. If its model is new and it sets no maximum, its cost is unknown. It
  /// may start `alone` (nothing is in flight) while any money is left; the job learns from its
  /// cost.
  bool admits(const request& req, bool alone) const;
  /// Reserves `cost` for the hand-out `id`. @pre `id` has no reservation.
  void reserve(uint64_t id, double cost);
  /// Ends the hand-out `id` at its real cost. The cost counts also without a reservation.
  void settle(uint64_t id, double cost);
  /// Counts a cost whose hand-out has ended already.
  void spend(double cost) noexcept { spent_ += cost; }
  /// Learns from an answer to `req`.
  void learn(const request& req, const usage& used);

  double limit() const noexcept { return limit_; }
  double spent() const noexcept { return spent_; }
  double reserved() const noexcept { return reserved_; }
  /// The reserved cost of the hand-out `id`. Use it as its real cost if it never reports.
  double reserved(uint64_t id) const;

private:
  double limit_ = 0, spent_ = 0, reserved_ = 0;
  price_table prices_;
  std::map<std::string, token_estimator, std::less<>> estimators_; ///< By model.
  std::unordered_map<uint64_t, double> held_;
};

} // namespace penstock::core
