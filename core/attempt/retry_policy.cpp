#include "core/attempt/retry_policy.hpp"

#include <algorithm>
#include <string>

namespace penstock::core {

result<void> validate(const attempt_limits& limits) {
  if (limits.attempts_max == 0)
    return error{errc::invalid_config, "attempts must be at least 1"};
  if (limits.rate_limited_max == 0)
    return error{errc::invalid_config, "rate_limited_max must be at least 1"};
  if (limits.backoff_base <= duration::zero())
    return error{errc::invalid_config, "backoff_base must be positive"};
  if (limits.backoff_max < limits.backoff_base)
    return error{errc::invalid_config, "backoff_max must not be below backoff_base"};
  if (limits.backoff_max > std::chrono::hours{24})
    return error{errc::invalid_config, "backoff_max must be at most 24h"};
  return {};
}

attempt_limits patient(attempt_limits limits) noexcept {
  limits.backoff_base *= 4;
  limits.backoff_max = std::max(limits.backoff_max * 2, limits.backoff_base);
  return limits;
}

duration backoff(const attempt_limits& limits, uint32_t failures, uint64_t random) noexcept {
  auto end = std::min(limits.backoff_base, limits.backoff_max);
  for (uint32_t i = 1; i < failures && end < limits.backoff_max; ++i)
    end = end > limits.backoff_max / 2 ? limits.backoff_max : end * 2;
  // 53 bits fill a double exactly, so the share is uniform in [0, 1).
  const double share = static_cast<double>(random >> 11) * 0x1p-53;
  return duration{static_cast<int64_t>(share * static_cast<double>(end.count()))};
}

error after_attempts(error why, uint32_t attempts) {
  why.context +=
    " (after " + std::to_string(attempts) + (attempts == 1 ? " attempt)" : " attempts)");
  return why;
}

} // namespace penstock::core
