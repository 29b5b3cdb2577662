#include "core/attempt/hedge_policy.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

constexpr double patience_percent = 95;
constexpr uint64_t generation = 1000; // Answers after which the older half is forgotten.

} // namespace

void hedge_policy::learn(const std::string& model, duration waited) {
  if (!is_on())
    return;
  auto found = models_.find(model);
  if (found == models_.end()) {
    if (models_.size() >= models_max)
      return;
    found = models_.emplace(model, std::make_unique<sample>()).first;
    found->second->next_look = limits_.samples_min;
  }
  auto& s = *found->second;
  s.now.record(waited);
  if (s.now.count() < s.next_look)
    return;
  auto both = s.now;
  both.merge(s.before);
  // A little more, because if all answers take about the same time, none of them is late.
  const auto p95 = both.percentile(patience_percent);
  s.patience = std::max(p95 + p95 / 16, duration{1});
  // Walking the histogram costs microseconds, so do it rarely.
  s.next_look = s.now.count() + std::max<uint64_t>(1, both.count() / 16);
  if (s.now.count() >= generation) {
    s.before = s.now;
    s.now = {};
    s.next_look = 1;
  }
}

std::optional<duration> hedge_policy::patience(const std::string& model) const {
  const auto found = models_.find(model);
  if (found == models_.end() || found->second->patience == duration{})
    return std::nullopt;
  return found->second->patience;
}

bool hedge_policy::try_take() {
  if (static_cast<double>(taken_ + 1) > limits_.budget * static_cast<double>(attempts_))
    return false;
  ++taken_;
  return true;
}

} // namespace penstock::core
