#include "core/job/budget.hpp"

#include <algorithm>
#include <utility>

namespace penstock::core {

budget::budget(double limit, double spent, price_table prices)
    : limit_{limit}, spent_{spent}, prices_{std::move(prices)} {}

double budget::expected(const request& req) const {
  const auto* price = prices_.find(req.model);
  if (!price)
    return 0;
  static const token_estimator fresh;
  const auto known = estimators_.find(req.model);
  const auto& guess = known == estimators_.end() ? fresh : known->second;
  const auto bytes = req.body ? static_cast<uint32_t>(req.body->size()) : 0;
  return (guess.input_tokens(bytes) * price->input +
          guess.output_tokens(req.output_tokens_max) * std::max(price->output, price->reasoning)) /
         1e6;
}

bool budget::admits(const request& req, bool alone) const {
  if (!is_bounded() || fits(expected(req)))
    return true;
  return alone && spent_ < limit_ && req.output_tokens_max == 0 && !estimators_.contains(req.model);
}

void budget::reserve(uint64_t id, double cost) {
  if (!is_bounded())
    return;
  held_[id] = cost;
  reserved_ += cost;
}

double budget::reserved(uint64_t id) const {
  const auto it = held_.find(id);
  return it == held_.end() ? 0 : it->second;
}

void budget::settle(uint64_t id, double cost) {
  spent_ += cost;
  const auto it = held_.find(id);
  if (it == held_.end())
    return;
  reserved_ -= it->second;
  held_.erase(it);
  if (held_.empty())
    reserved_ = 0; // Removes the rounding error.
}

void budget::learn(const request& req, const usage& used) {
  if (!is_bounded() || !used.known)
    return;
  auto& guess = estimators_.try_emplace(req.model).first->second;
  guess.learn_input(req.body ? static_cast<uint32_t>(req.body->size()) : 0, used.input_tokens);
  guess.learn_output(used.output_tokens);
}

} // namespace penstock::core
