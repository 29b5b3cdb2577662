#pragma once

#include "core/base/defaults.hpp"
#include "core/base/verdict.hpp"
#include "core/base/request.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::core {

/// How the number of requests in flight is limited.
enum class width_rule : uint8_t {
  fixed,    ///< `in_flight_max`.
  adaptive, ///< As many as the upstream can serve, up to `in_flight_max` (see `in_flight_limiter`).
  until_published, ///< Adaptive until a rate limit is configured or found in a header.
};

/// The limits of one lane, as configured. A limit of zero means "none".
struct lane_limits {
  std::array<double, dimension_count>
    limit{};                  ///< Per minute; `requests_day` per day. By `dimension`.
  uint32_t in_flight_max = 0; ///< Permits outstanding at once; 0: no cap.
  width_rule width = width_rule::fixed;
  std::vector<uint32_t> ramp;                 ///< Widths of a careful start; empty: none.
  duration ramp_every = defaults::ramp_every; ///< How long each lasts without a drop.
  duration burst =
    defaults::burst; ///< A bucket's capacity in time: limit per minute x burst / 60 s.
  /// Whether the provider's bucket is known to hold `burst`. If not, the lane begins with few
  /// requests, and `burst` is the most that it ever uses at once.
  bool burst_known = true;
  double headroom = defaults::headroom; ///< Share of every limit that is used, (0, 1].
  bool adaptive = true;                 ///< Lets headroom rise towards 1 while no 429 is seen.
  charge_rule charging = charge_rule::openai;
  double tokens_per_byte = 1 / 3.5; ///< Where the input estimator starts.
  uint32_t breaker_trips_after =
    defaults::breaker_trips_after; ///< Consecutive transport failures, 5xx and timeouts.
  duration breaker_open_for = defaults::breaker_open_for; ///< Longest time between two probes.
  duration aging_bound =
    std::chrono::seconds{30}; ///< A waiting priority is served at least this often.
  /// The breaker opens after so long a time of nothing but 429s that do not say when to come back.
  duration refused_max = std::chrono::minutes{10};
  uint32_t queue_max = 100'000; ///< Permit requests waiting; more are answered `overflow`.
};

/// Refuses invalid limits; the error names the key ("headroom must be in (0, 1], is 1.2").
result<void> validate(const lane_limits& limits);

/// Asks for a permit to make one attempt.
struct permit_request {
  uint64_t id = 0;    ///< Unique among outstanding and waiting permits of this lane.
  uint64_t owner = 0; ///< The node; `release_owner` frees all permits of an owner.
  std::string tenant;
  core::priority priority = core::priority::normal;
  uint32_t input_bytes = 0;       ///< Size of the body; the lane turns it into tokens.
  uint32_t output_tokens_max = 0; ///< The request's own maximum, 0 if unknown.
  /// Refuse with `rate_limited` if the pause is longer than this. Unset: wait.
  std::optional<duration> patience;
};

/// A permit to make one attempt now, at a reserved cost.
struct permit {
  uint64_t id = 0;          ///< As in the permit request.
  double input_tokens = 0;  ///< Reserved.
  double output_tokens = 0; ///< Reserved.
  bool probe = false;       ///< This request tests whether the provider is back.
};

/// Why `lane::enqueue` refused. `request_too_large` names limit and size; `unavailable`: breaker
/// open; `overflow`: queue full; `quota_exhausted`: parked until `parked_until()`; `rate_limited`:
/// paused for longer than the asker's patience.

/// How a permit ended.
struct settlement {
  uint64_t id = 0;
  bool sent = true; ///< False: it was never sent, so all tokens are given back.
  reply_kind kind = reply_kind::success;
  usage used;
  uint32_t input_bytes = 0; ///< As in the permit request; a restarted lane needs it to settle
                            ///< permits that it did not grant.
  /// Penstock gave it up (cancelled, deadline): it says nothing about the upstream.
  bool abandoned = false;
  std::optional<duration> retry_after;
  limit_readings limits;
  std::string reason; ///< The text of the provider, if it refused because of the rate.
};

/// The state of a lane, for progress, summaries and dashboards.
struct lane_snapshot {
  uint32_t in_flight = 0, in_flight_peak = 0, waiting = 0;
  uint32_t in_flight_limit = 0;    ///< As it is now; 0: none.
  bool in_flight_adaptive = false; ///< Whether the lane adapts this number.
  double headroom = 0;
  std::array<double, dimension_count> limit{}; ///< As configured (or learned when lower).
  std::array<double, dimension_count> level{}; ///< Tokens in the bucket now.
  std::array<double, dimension_count> capacity{};
  std::array<double, dimension_count> used_last_minute{}; ///< Settled or reserved in the last 60 s.
  std::optional<time_point> paused_until;
  enum class breaker_state : uint8_t { closed, open, half_open } breaker = breaker_state::closed;
  uint64_t granted = 0, settled = 0, rate_limited = 0, breaker_trips = 0;
  double tokens_per_byte = 0, output_tokens_p95 = 0;
  /// granted + adopted = settled + released + in_flight, always.
  uint64_t adopted = 0, released = 0;
  uint64_t settled_unknown = 0; ///< Settlements of ids that were not outstanding.
  std::string refusal; ///< The last text of the provider, while it refuses because of the rate.
};

/// Decides when requests may be sent to one limited resource. Holds its buckets, cap in flight,
/// breaker, pause and a queue that is fair over priorities and tenants. Reads no clock and uses no
/// thread. One owner.
///
/// Life of a permit: `enqueue` puts the request into the queue (or refuses it), `poll` grants what
/// may start now, `settle` ends it. Every granted id must be settled once, or its owner released.
class lane {
public:
  lane();
  /// Full buckets, unless `start_empty` (a lane restarted after a crash must not grant its burst
  /// twice).
  /// @pre `validate(limits)` succeeds.
  lane(lane_limits limits, time_point now, bool start_empty = false);
  ~lane();
  lane(lane&&) noexcept;
  lane& operator=(lane&&) noexcept;

  /// Queues a request for a permit, or returns why it cannot be granted (now or ever).
  result<void> enqueue(permit_request req, time_point now);
  /// Appends all permits that are granted now, in fair order.
  void poll(time_point now, std::vector<permit>& out);
  /// When `poll` can grant again without another event; nullopt if nothing waits, or if only a
  /// settle can help.
  std::optional<time_point> next_wake(time_point now) const;
  /// Ends a permit. Unknown ids are counted, and their feedback is used, but nothing is given back.
  void settle(const settlement& s, time_point now);
  /// Adds a permit that was granted before a restart of this lane.
  void adopt(const permit_request& req, time_point now);
  /// Forgets a waiting request; no effect on granted ones. @returns whether it waited.
  bool cancel(uint64_t id);
  /// Forgets all waiting requests of `owner` and ends its permits without giving tokens back.
  void release_owner(uint64_t owner, time_point now);
  /// Removes and returns waiting ids that cannot be granted soon: the breaker opened, the lane is
  /// parked, or its pause is longer than their patience. Workers then ask another lane.
  std::vector<std::pair<uint64_t, error>> take_refused();
  /// When the quota, breaker or pause that blocks all permits may end; nullopt: nothing blocks
  /// them.
  std::optional<time_point> opens_at(time_point now) const;
  /// Until when a daily quota parks this lane.
  std::optional<time_point> parked_until(time_point now) const;

  lane_snapshot snapshot(time_point now) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace penstock::core
