#include "core/load/load_record.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

constexpr size_t causes_max = 32;
constexpr size_t marks_max = 1000;

} // namespace

load_record::load_record(size_t tenants, duration length) : tenants_(tenants), length_{length} {}

void load_record::record(size_t span, duration length, duration now) {
  spans_[span].record(length);
  series_.span(now, span, length);
}

void load_record::answered(load_message kind, duration due, duration now) {
  ++counts_of(kind).answered;
  series_.message(now, false);
  record(static_cast<size_t>(kind), now - due, now);
}

void load_record::failed(load_message kind, duration due, duration now, const std::string& why) {
  ++counts_of(kind).failed;
  series_.message(now, true);
  record(static_cast<size_t>(kind), now - due, now);
  const auto text = std::string{to_string(kind)} + ": " + why;
  ++causes_[causes_.size() < causes_max || causes_.contains(text) ? text : "others"];
}

void load_record::unanswered(load_message kind, duration due, duration now) {
  ++counts_of(kind).unanswered;
  record(static_cast<size_t>(kind), now - due, now);
}

void load_record::submitted(size_t tenant, uint64_t requests, duration now) {
  if (open() == 0)
    quiet_since_ = now;
  const auto count = [&](load_tenant_counts& t) {
    ++t.jobs;
    t.requests += requests;
    if (now <= length_)
      t.requests_in_time += requests;
  };
  count(tenants_[tenant]);
  count(all_);
  series_.submitted(now, requests);
}

void load_record::outcome(size_t tenant, outcome_state state, duration queued, uint32_t attempts,
                          uint32_t rate_limited, duration now) {
  if (open() > 0)
    stall_ = std::max(stall_, now - quiet_since_);
  quiet_since_ = now;
  const auto count = [&](load_tenant_counts& t) {
    switch (state) {
    case outcome_state::completed: ++t.completed; break;
    case outcome_state::failed: ++t.failed; break;
    case outcome_state::cancelled: ++t.cancelled; break;
    case outcome_state::expired: ++t.expired; break;
    }
    t.attempts += attempts;
    t.rate_limited += rate_limited;
    if (now <= length_)
      ++t.served_in_time;
    if (attempts > 0)
      t.queue_wait.record(queued);
  };
  count(tenants_[tenant]);
  count(all_);
  series_.outcome(now, state == outcome_state::completed);
  if (attempts > 0) // A request that was cancelled early never waited for a permit.
    record(load_span_queue_wait, queued, now);
}

void load_record::job_ended(size_t tenant, duration due, duration now) {
  for (auto* t : {&tenants_[tenant], &all_}) {
    ++t->jobs_ended;
    t->job.record(now - due);
  }
  record(load_span_job, now - due, now);
}

void load_record::sample(duration now, double in_flight, double limit_share) {
  series_.sample(now, static_cast<double>(open()), in_flight, limit_share);
}

void load_record::mark(load_mark mark) {
  if (marks_.size() < marks_max)
    marks_.insert(std::ranges::upper_bound(marks_, mark.at, {}, &load_mark::at), std::move(mark));
}

void load_record::finish(duration now) {
  if (open() > 0)
    stall_ = std::max(stall_, now - quiet_since_);
  elapsed_ = now;
  series_.finish(now);
}

uint64_t load_record::errors() const {
  uint64_t sum = 0;
  for (auto& m : messages_)
    sum += m.failed + m.unanswered;
  return sum;
}

uint64_t load_record::overruns() const {
  uint64_t sum = 0;
  for (auto& m : messages_)
    sum += m.overrun;
  return sum;
}

} // namespace penstock::core
