#include "core/attempt/attempt_plan.hpp"

#include <algorithm>
#include <utility>

namespace penstock::core {

namespace {

using action = next_step::action;

next_step end(action what, error why, duration wait = {}) {
  next_step step;
  step.what = what;
  step.wait = wait;
  step.state = state_of(why.code);
  step.failure = std::move(why);
  return step;
}

bool passes(reply_kind kind) noexcept {
  return kind == reply_kind::rate_limited || kind == reply_kind::slow_down;
}

/// The step if the kind of failure allows no more attempts, or never did.
action terminal_action(reply_kind kind) noexcept {
  switch (kind) {
  case reply_kind::billing:
  case reply_kind::unauthorized: return action::abort_job;
  case reply_kind::daily_quota: return action::park_job;
  case reply_kind::long_wait: return action::hold_request;
  default: return action::finish_failed;
  }
}

/// The provider's `x-should-retry` overrides a rule that is based only on the status, but not a
/// named cause (money, quota, size).
bool wants_retry(const verdict& v) noexcept {
  const bool by_status =
    is_retryable(v.kind) || v.kind == reply_kind::bad_request || v.kind == reply_kind::unauthorized;
  return by_status && v.should_retry ? *v.should_retry : is_retryable(v.kind);
}

} // namespace

outcome_state state_of(errc code) noexcept {
  switch (code) {
  case errc::cancelled: return outcome_state::cancelled;
  case errc::expired: return outcome_state::expired;
  default: return outcome_state::failed;
  }
}

next_step attempt_plan::judge(const verdict& v, time_point now, uint64_t random) {
  ++attempts_;
  if (v.kind == reply_kind::success) {
    next_step done;
    done.what = action::finish_completed;
    done.state = outcome_state::completed;
    return done;
  }
  error why{v.code, v.message};
  if (v.code == errc::cancelled || !wants_retry(v))
    return end(terminal_action(v.kind), std::move(why), v.retry_after.value_or(duration::zero()));
  // Answers that are paid for and no use are not bought seven times.
  if (v.tries_max > 0 && ++useless_ >= v.tries_max)
    return end(action::finish_failed, std::move(why));
  if (passes(v.kind)) {
    if (++rate_limited_ >= limits_.rate_limited_max)
      return out_of_patience(
        {why.code, why.context + " (rate limited " + std::to_string(rate_limited_) + " times)"});
    return retry({}, v.retry_after.value_or(duration::zero()), now, why);
  }
  if (++counted_ >= limits_.attempts_max) {
    if (const auto final = terminal_action(v.kind);
        final != action::finish_failed || !is_retryable(v.kind))
      return end(final, std::move(why));
    return exhausted(std::move(why));
  }
  auto wait =
    std::max(backoff(limits_, counted_, random), v.retry_after.value_or(duration::zero()));
  if (v.transport == transport_error::stale_connection && !std::exchange(stale_seen_, true))
    wait = duration::zero();
  return retry(wait, wait, now, why);
}

next_step attempt_plan::refused(const error& why, time_point now, uint64_t random) {
  switch (why.code) {
  case errc::quota_exhausted: return end(action::park_job, why);
  case errc::billing:
  case errc::unauthorized: return end(action::abort_job, why);
  case errc::unavailable:
    if (!last_mode_)
      return end(action::carry_over, why);
    [[fallthrough]];
  case errc::overflow: {
    if (++refusals_ >= limits_.rate_limited_max)
      return out_of_patience(why);
    const auto wait = backoff(limits_, refusals_, random);
    return retry(wait, wait, now, why);
  }
  default: return end(action::finish_failed, why);
  }
}

next_step attempt_plan::exhausted(error why) const {
  return end(last_mode_ ? action::finish_failed : action::carry_over, std::move(why));
}

/// Attempts are left, so a temporary failure must not be final.
next_step attempt_plan::out_of_patience(error why) const {
  return end(last_mode_ ? action::stay_open : action::carry_over, std::move(why));
}

next_step attempt_plan::retry(duration wait, duration earliest, time_point now,
                              const error& last) const {
  if (deadline_ && now + earliest >= *deadline_)
    return end(
      action::finish_failed,
      {errc::expired,
       "the deadline passes before another attempt; the last one ended with " + to_string(last)});
  next_step step;
  step.what = action::retry_after;
  step.wait = wait;
  return step;
}

} // namespace penstock::core
