#pragma once

#include "core/lane/in_flight_limiter.hpp"
#include "core/lane/in_flight_ramp.hpp"
#include "core/lane/lane.hpp"

#include <algorithm>
#include <optional>

namespace penstock::core {

/// How many permits a lane may have outstanding: the least of its fixed cap, its ramp and, if no
/// limits are published, what the upstream can serve.
class lane_width {
public:
  lane_width() = default;
  /// @pre `validate(limits)` succeeds.
  lane_width(const lane_limits& limits, time_point now)
      : fixed_{limits.in_flight_max}, rule_{limits.width}, ramp_{limits.ramp, limits.ramp_every} {
    for (auto l : limits.limit)
      published_ = published_ || l > 0;
    if (rule_ == width_rule::until_published && published_)
      rule_ = width_rule::fixed;
    if (adaptive())
      limiter_ = in_flight_limiter{fixed_, now};
  }

  /// Whether the lane looks for the width itself.
  bool adaptive() const { return rule_ != width_rule::fixed; }
  /// The cap now; 0: none.
  uint32_t limit() const {
    uint32_t least = adaptive() ? limiter_.limit() : fixed_;
    if (ramp_.active())
      least = least > 0 ? std::min(least, ramp_.limit()) : ramp_.limit();
    return least;
  }
  /// When the cap rises by time alone.
  std::optional<time_point> next_rise() const {
    return ramp_.active() && limit() == ramp_.limit() ? ramp_.next_step() : std::nullopt;
  }

  void advance(time_point now) { ramp_.advance(now); }
  /// Notes a grant; `in_flight` includes it.
  void granted(uint64_t ordinal, uint32_t in_flight, time_point now) {
    ramp_.granted(now);
    if (adaptive())
      limiter_.granted(ordinal, in_flight, now);
  }
  /// Learns from the end of a permit that was granted at `granted` with `in_flight` outstanding.
  void ended(const settlement& s, uint64_t ordinal, uint32_t in_flight, time_point granted,
             time_point now) {
    const attempt_end end{.granted = granted,
                          .in_flight = in_flight,
                          .output_tokens =
                            s.used.known ? static_cast<double>(s.used.output_tokens) : 0,
                          .how = judge(s)};
    if (end.how == attempt_end::kind::dropped)
      ramp_.dropped(granted, now);
    if (rule_ == width_rule::until_published && publishes(s.limits)) {
      rule_ = width_rule::fixed;
      limiter_ = {};
    }
    if (adaptive())
      limiter_.ended(ordinal, end, now);
  }
  /// Notes the end of a permit that says nothing.
  void forgotten(uint64_t ordinal, time_point now) {
    if (adaptive())
      limiter_.ended(ordinal, {.how = attempt_end::kind::ignored}, now);
  }

private:
  static bool publishes(const limit_readings& limits) {
    return std::any_of(limits.begin(), limits.end(),
                       [](auto& r) { return r.limit && *r.limit > 0; });
  }

  attempt_end::kind judge(const settlement& s) const {
    using kind = attempt_end::kind;
    if (s.abandoned)
      return kind::ignored;
    switch (s.kind) {
    case reply_kind::success: return s.sent ? kind::answered : kind::ignored;
    // If a rate is limited, a 429 says nothing about the width.
    case reply_kind::rate_limited:
    case reply_kind::slow_down: return published_ ? kind::ignored : kind::dropped;
    case reply_kind::overloaded:
    case reply_kind::server_error:
    case reply_kind::transport:
    case reply_kind::conflict: return kind::dropped;
    default: return kind::ignored;
    }
  }

  uint32_t fixed_ = 0;
  width_rule rule_ = width_rule::fixed;
  bool published_ = false; // Limits of rates were configured.
  in_flight_limiter limiter_;
  in_flight_ramp ramp_;
};

} // namespace penstock::core
