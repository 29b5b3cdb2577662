#pragma once

#include "core/base/verdict.hpp"
#include "core/attempt/retry_policy.hpp"

#include <optional>

namespace penstock::core {

/// What to do with a request after an attempt, or after a lane refused it a permit.
struct next_step {
  enum class action : uint8_t {
    finish_completed, ///< The answer is final.
    finish_failed,    ///< Final; `state` and `failure` say how.
    retry_after,      ///< Wait `wait`, then ask the lane for a permit again.
    carry_over,       ///< Degradable: the next mode of the chain takes the request.
    stay_open,        ///< Not final: no mode follows, and the request has attempts left.
    abort_job,        ///< No request of this job can succeed (key, billing); `failure` says why.
    park_job,     ///< The daily quota is used up. Ask again after `wait`, or when the lane says.
    hold_request, ///< The provider told this request to wait for `wait`, too long for a worker.
  };
  action what = action::finish_failed;
  duration wait{};
  outcome_state state = outcome_state::failed; ///< For `finish_*`.
  std::optional<error> failure; ///< Set for all but `finish_completed` and `retry_after`.
};

/// The attempts of one request within one mode: a pure state machine. A worker asks it after each
/// attempt. It reads no clock and draws no random numbers.
///
/// There are two counts, because not every failure is the fault of the request:
/// - 5xx, transport failures, malformed answers, 408 and 409 count against `attempts_max`. The
///   waits are backoff(1), backoff(2), ..., never shorter than the provider's hint; a reused
///   connection that died is tried again at once, the first time. After the last attempt the
///   request goes to the next mode.
/// - temporary 429s (`rate_limited`, `slow_down`) do not count, because many requests get one at
///   the same moment. The lane pauses for all of them, so the request asks for a permit at once and
///   needs no wait. After `rate_limited_max` of them the request gives up.
///
/// Example with 5 attempts: 503, 429, 429, 503, 200 completes, having used 2 of the 5.
///
/// A retry that could not start before the deadline is not planned: the request ends as expired,
/// with its last failure in the text. In the last mode there is no next mode: after the last
/// attempt the request fails. A request that gives up earlier stays open (I10), and the job decides
/// when to send it again.
class attempt_plan {
public:
  attempt_plan() = default;
  /// @param last_mode Whether no other mode follows.
  /// @pre `validate(limits)` succeeds.
  explicit attempt_plan(attempt_limits limits, std::optional<time_point> deadline = std::nullopt,
                        bool last_mode = false) noexcept
      : limits_{limits}, deadline_{deadline}, last_mode_{last_mode} {}

  /// Decides after an attempt. @param random 64 uniform random bits.
  next_step judge(const verdict& v, time_point now, uint64_t random);
  /// Decides after a lane refused a permit; no attempt was made.
  next_step refused(const error& why, time_point now, uint64_t random);

  /// Attempts made in this mode.
  uint32_t attempts() const noexcept { return attempts_; }
  /// Attempts that count against `attempts_max`.
  uint32_t counted() const noexcept { return counted_; }
  /// Attempts that ended in a temporary 429.
  uint32_t rate_limited() const noexcept { return rate_limited_; }

private:
  next_step exhausted(error why) const;
  next_step out_of_patience(error why) const;
  next_step retry(duration wait, duration earliest, time_point now, const error& last) const;

  attempt_limits limits_;
  std::optional<time_point> deadline_;
  bool last_mode_ = false;
  uint32_t useless_ = 0; ///< Answers with `verdict::tries_max`.
  uint32_t attempts_ = 0, counted_ = 0, rate_limited_ = 0, refusals_ = 0;
  bool stale_seen_ = false;
};

/// The state of an outcome that ends with `code`: cancelled, expired or failed.
outcome_state state_of(errc code) noexcept;

} // namespace penstock::core
