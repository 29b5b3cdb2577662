#pragma once

#include "core/base/latency_histogram.hpp"
#include "core/load/load_script.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace penstock::core {

/// The times that a load measures: its messages (in the order of `load_message`), then
inline constexpr size_t load_span_job =
  load_messages; ///< from a job's submission to its last outcome,
inline constexpr size_t load_span_queue_wait =
  load_messages + 1; ///< a request's time before its first permit.
inline constexpr size_t load_spans = load_messages + 2;
/// "submit" ... "job", "queue_wait".
std::string_view load_span_name(size_t span) noexcept;

/// A part of the load, one second at first.
struct load_second {
  double start = 0, length = 0;       ///< Seconds from the beginning of the load.
  uint64_t submitted = 0;             ///< Requests.
  uint64_t completed = 0, failed = 0; ///< Outcomes; failed ones with cancelled and expired.
  uint64_t messages = 0, errors = 0;  ///< Answered; of these with an error.
  std::array<uint32_t, load_spans> count{};
  std::array<float, load_spans> p50{}, p99{}, max{}; ///< Seconds; of messages that ended in it.
  double open = 0;                                   ///< Requests without an outcome.
  double in_flight = 0;                              ///< At the upstream.
  double limit_share = -1; ///< Share of the tightest limit in the last minute; negative: unknown.
};

/// The events of each second. If there are more than `points_max` points, pairs are merged: sums
/// are added, shares and levels averaged, a p99 is the larger of the two.
class load_series {
public:
  static constexpr size_t points_max = 4096;

  void submitted(duration now, uint64_t requests);
  void outcome(duration now, bool completed);
  void message(duration now, bool error);
  void span(duration now, size_t span, duration length);
  /// The present levels; called once a second.
  void sample(duration now, double open, double in_flight, double limit_share);
  /// Ends the last second, which may be incomplete. No call may follow.
  void finish(duration now);
  const std::vector<load_second>& points() const noexcept { return points_; }

private:
  load_second& at(duration now);
  void close();
  void thin();

  std::vector<load_second> points_;
  std::array<latency_histogram, load_spans> now_; ///< Of the last point.
  double step_ = 1;
  double samples_ = 0, share_samples_ = 0; ///< Of the last point.
};

} // namespace penstock::core
