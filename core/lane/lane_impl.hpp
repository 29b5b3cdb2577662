#pragma once

#include "core/lane/circuit_breaker.hpp"
#include "core/lane/fair_queue.hpp"
#include "core/lane/headroom.hpp"
#include "core/lane/lane.hpp"
#include "core/lane/lane_doubt.hpp"
#include "core/lane/lane_gauge.hpp"
#include "core/lane/lane_id_table.hpp"
#include "core/lane/lane_usage_window.hpp"
#include "core/lane/lane_width.hpp"
#include "core/lane/token_estimator.hpp"

namespace penstock::core {

/// The inside of a lane: lane.cpp queues and grants, lane_feedback.cpp settles and learns from
/// answers.
///
/// Pauses. A 429 of a permit that was granted after the last pause began starts a new pause; other
/// 429s belong to the running pause and can only make it longer, if they carry a hint. When a pause
/// ends, one permit passes whatever the buckets say, because the provider allowed it. The buckets
/// start empty, so the rest follows at the refill rate.
///
/// Long waits. A request that is told to wait for hours may be too large for its own limit, or the
/// first to meet a limit of the day. So the lane goes on, one request at a time, until one
/// succeeds; after `long_waits_max` in a row it is parked until the provider's time.
///
/// Refusals. After `refused_max` of nothing but 429s without a hint the breaker opens, because
/// waiting has not helped: the account may have no money, whatever the words are.
struct lane::impl {
  /// A granted permit.
  struct outstanding {
    uint64_t owner = 0;
    uint64_t ordinal = 0; // Of the grant.
    lane_cost cost{};     // Reserved.
    lane_cost spent_at{}; // Per gauge: `spent()` after the grant, less what was still unproduced.
    double input_tokens = 0; // Estimated.
    uint32_t input_bytes = 0;
    uint32_t output_tokens_max = 0;
    uint32_t round = 0;
    // In flight when it was granted, itself included; 0: granted before a restart.
    uint32_t in_flight = 0;
    time_point granted_at{};
    bool probe = false;
    bool input_counts = false; // Whether the input estimate decided the cost.
  };
  /// What a request would reserve.
  struct estimate {
    lane_cost cost{};
    double input = 0, output = 0;
    bool input_counts = false;
  };

  impl(lane_limits l, time_point now, bool start_empty);

  // lane.cpp
  estimate estimate_of(const permit_request& req) const;
  std::optional<error> too_large(const permit_request& req, const estimate& e) const;
  void advance(time_point now);
  bool is_full() const;
  uint32_t few_at(time_point now) const;
  std::optional<time_point> next_few(time_point now) const;
  bool may_start(time_point now) const;
  bool fits(const estimate& e) const;
  double guard(size_t d) const;
  void grant(time_point now, const estimate& e, std::vector<permit>& out);
  void refuse_all(errc code, const std::string& why);
  void hold(uint64_t id, outstanding o, double sign);
  std::string breaker_text(time_point now) const;
  std::string parked_text(time_point now) const;

  // lane_feedback.cpp
  void reconcile(const settlement& s, const outstanding& o, time_point now);
  lane_cost actual_cost(const settlement& s, const outstanding& o) const;
  void learn(const settlement& s, const outstanding* o);
  /// Whether it tests the provider in the outage that runs, not in an earlier one.
  bool is_probe(const outstanding& o) const { return o.probe && o.ordinal > last_before_outage; }
  void judge_upstream(const settlement& s, bool probe, time_point now);
  void listen(const settlement& s, const outstanding* o, time_point now);
  void hear_of_unknown(size_t d, const settlement& s, const outstanding* o, time_point now);
  bool tests_claim() const;
  void on_rate_limited(const settlement& s, const outstanding* o, time_point now);
  void begin_run(time_point now);
  void pause(time_point until, time_point now);
  bool too_long(const permit_request& req, time_point now) const;
  error pause_error(time_point now) const;
  void park(const settlement& s, time_point now);
  void on_long_wait(const settlement& s, time_point now);
  void hear_refusals(const settlement& s, time_point now);
  bool only_refuses(const settlement& s, time_point now) const;

  lane_limits limits;
  std::array<lane_gauge, dimension_count> gauges;
  bool limited = false; // Whether any gauge is.
  headroom room;
  lane_width width;
  circuit_breaker breaker;
  fair_queue queue;
  token_estimator tokens;
  lane_usage_window used;
  id_table<outstanding> permits;
  std::vector<std::pair<uint64_t, error>> refused;

  // How wrong the estimates of the permits in flight may be.
  lane_cost reserved{};    // Sum over the outstanding permits.
  double risky_tokens = 0; // Input tokens estimated for them, where those decide the cost,
  double risky_bytes = 0;  // and the bytes they were estimated from.
  lane_doubt doubt;

  time_point advanced_to{};
  /// What headers claim about a limit that is not configured.
  struct claim {
    std::optional<time_point> since; // Nothing is left since then, they say.
    bool is_wrong = false;           // Requests are answered nevertheless.
  };
  std::array<claim, dimension_count> claims;
  /// An answer has shown that the provider takes requests. Before, only a few are sent.
  bool proven = false;
  std::optional<time_point> first_granted;
  time_point paced_at{}; // When the headroom was last applied.
  bool demand = false;   // The last poll left requests waiting for tokens.

  uint64_t last_before_outage = 0; // `ordinals` when the breaker opened.
  bool pausing = false;            // A pause began, and its end is not handled yet.
  uint64_t ordinals = 0;           // Permits granted or adopted so far.
  // `ordinals` when the last pause began. A 429 of an older permit belongs to that pause.
  uint64_t last_before_pause = 0;
  std::optional<time_point> pause_began; // Also after its end.
  time_point paused_until{};
  bool pass_one = false; // The permit that may pass at the end of a pause.
  uint32_t hintless = 0; // Pauses in a row that began without a hint.
  lane_cost accepted{};  // Settled as accepted since the last pause began,
  bool heard = false;    // and whether any header told what remains.
  std::optional<time_point> parked;
  bool parked_for_waits = false; // Not for a daily quota.
  // Requests in a row that were told to wait for hours. Until one succeeds, one goes at a time.
  uint32_t long_waits = 0;
  // Since when the provider has answered nothing but 429s without a hint.
  std::optional<time_point> refused_since;
  std::string refusal; // Its last words.

  uint64_t granted = 0, settled = 0, rate_limited = 0, adopted = 0, released = 0, unknown = 0;
  uint32_t in_flight_peak = 0;
};

} // namespace penstock::core
