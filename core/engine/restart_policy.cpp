#include "core/engine/restart_policy.hpp"

#include <algorithm>

namespace penstock::core {

std::optional<duration> restart_policy::on_failure(time_point now) {
  while (!recent_.empty() && now - recent_.front() >= limits_.window)
    recent_.pop_front();
  if (recent_.size() >= limits_.restarts_max)
    return std::nullopt;
  duration wait{};
  if (!recent_.empty()) {
    wait = std::min(limits_.backoff_base, limits_.backoff_max);
    for (size_t i = 1; i < recent_.size() && wait < limits_.backoff_max; ++i)
      wait = std::min(wait * 2, limits_.backoff_max);
  }
  recent_.push_back(now);
  ++restarts_;
  return wait;
}

} // namespace penstock::core
