#pragma once

#include "core/base/defaults.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <cstdint>

namespace penstock::core {

/// How often and how soon a request is tried again within one mode.
struct attempt_limits {
  uint32_t attempts_max =
    defaults::attempts;            ///< Attempts for one request; temporary 429s are not counted.
  uint32_t rate_limited_max = 100; ///< Temporary 429s for one request: an upstream that always
                                   ///< answers 429 must not hold it for ever.
  /// Upper end of the first wait; doubles each time.
  duration backoff_base = std::chrono::milliseconds{500};
  duration backoff_max = std::chrono::seconds{30}; ///< Largest upper end of a wait.
};

/// Refuses invalid limits; the error names the key.
result<void> validate(const attempt_limits& limits);

/// The same limits with the longer waits of the sequential mode: four times the base, twice the
/// maximum. A request that fails there fails for good, so a longer wait is worth its time.
attempt_limits patient(attempt_limits limits) noexcept;

/// The wait after the `failures`-th failure in a row, with full jitter: uniform in [0, end], where
/// end is base x 2^(failures - 1) up to the maximum. Requests that failed together come back spread
/// out.
/// @param random 64 uniform random bits. @pre `failures >= 1`.
duration backoff(const attempt_limits& limits, uint32_t failures, uint64_t random) noexcept;

/// The failure `why` of a request that has had all its attempts, with their number in the text:
/// "... (after 5 attempts)". @param attempts All of them, in every mode, on every lane.
error after_attempts(error why, uint32_t attempts);

} // namespace penstock::core
