#pragma once

#include "core/load/load_series.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace penstock::core {

/// Counts the messages of one kind. At the end `arrived` is the sum of all other counts.
struct load_message_counts {
  uint64_t arrived = 0; ///< Messages that were due.
  uint64_t answered = 0;
  uint64_t failed = 0;     ///< Messages that got an error, or no answer in time.
  uint64_t overrun = 0;    ///< Messages not sent because too many were unanswered.
  uint64_t skipped = 0;    ///< Messages not sent because there was no job for them.
  uint64_t unanswered = 0; ///< Messages without an answer at the end.
};

/// Counts for one tenant, or for all of them.
struct load_tenant_counts {
  uint64_t jobs = 0, jobs_ended = 0;
  uint64_t requests = 0; ///< Requests submitted.
  uint64_t completed = 0, failed = 0, cancelled = 0, expired = 0;
  uint64_t requests_in_time = 0, served_in_time = 0; ///< Before the last phase ended.
  uint64_t attempts = 0, rate_limited = 0;
  latency_histogram job, queue_wait;

  uint64_t outcomes() const noexcept { return completed + failed + cancelled + expired; }
};

/// Whether results were lost, doubled or out of order.
struct load_exactness {
  uint64_t lost = 0;             ///< Requests without an outcome when their job or the load ended.
  uint64_t unfinished = 0;       ///< Lost requests whose job had not ended.
  uint64_t duplicates = 0;       ///< Second and later outcomes of a request.
  uint64_t order_violations = 0; ///< Outcomes in the wrong place.
};

/// A moment of the load worth a line in a chart.
struct load_mark {
  duration at{};
  std::string text;
  bool phase = false; ///< True: a phase begins. False: an action.
};

/// Everything that a load measured. Times are from its beginning.
///
/// The latency of a message is counted from the time at which it was due, not from the time at
/// which it was sent. So the delay of a slow engine counts (this avoids coordinated omission). A
/// message without an answer counts with the time that it has waited.
class load_record {
public:
  /// @param tenants Number of tenants. @param length Length of all phases together.
  load_record(size_t tenants, duration length);
  load_record() : load_record(0, {}) {}

  void arrived(load_message kind) { ++counts_of(kind).arrived; }
  void overrun(load_message kind) { ++counts_of(kind).overrun; }
  void skipped(load_message kind) { ++counts_of(kind).skipped; }
  void answered(load_message kind, duration due, duration now);
  void failed(load_message kind, duration due, duration now, const std::string& why);
  void unanswered(load_message kind, duration due, duration now);
  /// The engine has acknowledged a job.
  void submitted(size_t tenant, uint64_t requests, duration now);
  void outcome(size_t tenant, outcome_state state, duration queued, uint32_t attempts,
               uint32_t rate_limited, duration now);
  void job_ended(size_t tenant, duration due, duration now);
  void sample(duration now, double in_flight, double limit_share);
  void mark(load_mark mark); ///< Keeps marks sorted by time.
  /// The phases end earlier than planned.
  void cut(duration length) { length_ = std::min(length_, length); }
  void finish(duration now);

  const load_message_counts& messages(load_message kind) const {
    return messages_[static_cast<size_t>(kind)];
  }
  uint64_t errors() const;
  uint64_t overruns() const;
  const latency_histogram& span(size_t which) const { return spans_[which]; }
  const std::vector<load_tenant_counts>& tenants() const noexcept { return tenants_; }
  const load_tenant_counts& all() const noexcept { return all_; }
  const load_series& series() const noexcept { return series_; }
  const std::vector<load_mark>& marks() const noexcept { return marks_; }
  /// Texts of errors with their counts. The rarest texts are counted together as others.
  const std::map<std::string, uint64_t>& causes() const noexcept { return causes_; }
  uint64_t open() const noexcept {
    return all_.requests - std::min(all_.requests, all_.outcomes());
  }
  duration length() const noexcept { return length_; }
  duration elapsed() const noexcept { return elapsed_; }
  /// The longest time without an outcome while requests were open.
  duration stall() const noexcept { return stall_; }
  load_exactness exactness;

private:
  load_message_counts& counts_of(load_message kind) { return messages_[static_cast<size_t>(kind)]; }
  void record(size_t span, duration length, duration now);

  std::array<load_message_counts, load_messages> messages_{};
  std::array<latency_histogram, load_spans> spans_;
  std::vector<load_tenant_counts> tenants_;
  load_tenant_counts all_;
  load_series series_;
  std::vector<load_mark> marks_;
  std::map<std::string, uint64_t> causes_;
  duration length_{}, elapsed_{}, stall_{}, quiet_since_{};
};

} // namespace penstock::core
