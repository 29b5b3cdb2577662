#include "core/io/store/job_book.hpp"

#include <algorithm>
#include <utility>

namespace penstock::io {

namespace {

std::string name_of(uint64_t job) { return "job " + std::to_string(job); }

error refused(uint64_t job, const std::string& why) {
  return {errc::invalid_input, name_of(job) + " " + why};
}

job_receipt receipt_of(const job_row& row) { return {row.id, row.requests, row.complete, false}; }

uint64_t& count_of(tenant_row& t, core::outcome_state s) {
  switch (s) {
  case core::outcome_state::completed: return t.completed;
  case core::outcome_state::failed: return t.failed;
  case core::outcome_state::cancelled: return t.cancelled;
  case core::outcome_state::expired: break;
  }
  return t.expired;
}

void take_off(tenant_row& t, const core::output_totals& gone) {
  t.completed -= gone.completed;
  t.failed -= gone.failed;
  t.cancelled -= gone.cancelled;
  t.expired -= gone.expired;
}

} // namespace

template <class T, class F>
result<T> job_book::run(F&& work) {
  std::optional<result<T>> answer;
  if (auto done = guarded([&] { answer.emplace(work()); }); !done)
    return done.error();
  return std::move(*answer);
}

tenant_row& job_book::tenant_of(const entry& e) {
  auto& head = e.row.head;
  const auto at = tenants_.try_emplace({head.tenant, head.priority}).first;
  auto& t = at->second;
  t.row.tenant = head.tenant;
  t.row.priority = head.priority;
  if (!std::exchange(t.has_changed, true))
    changed_tenants_.push_back(at);
  return t.row;
}

void job_book::change(entry& e) {
  if (!std::exchange(e.has_changed, true))
    changed_.push_back(e.row.id);
}

void job_book::advance(entry& e) {
  auto it = e.above.begin();
  for (; it != e.above.end() && *it == e.row.ordered; ++it)
    ++e.row.ordered;
  e.above.erase(e.above.begin(), it);
}

/// @pre The new requests follow without a gap, and there is room for them.
job_receipt job_book::append(entry& to, uint64_t first, std::span<const request_ptr> requests,
                             bool complete, unix_ms now) {
  const auto end = first + requests.size();
  auto& row = to.row;
  for (auto index = row.requests; index < end; ++index)
    put_request(to, index, requests[index - first]);
  if (end > row.requests) {
    tenant_of(to).pending += end - row.requests;
    row.requests = end;
  }
  // A part that is sent again may be older, so its `complete` may be out of date.
  if (complete && end == row.requests) {
    row.complete = true;
    row.phase = job_phase::open;
  }
  row.touched = now;
  change(to);
  return receipt_of(row);
}

result<job_receipt> job_book::submit(const job_header& head, std::span<const request_ptr> requests,
                                     bool complete, unix_ms now) {
  if (requests.size() > job_requests_max)
    return error{errc::invalid_input,
                 "a job takes at most " + std::to_string(job_requests_max) + " requests"};
  return run<job_receipt>([&]() -> result<job_receipt> {
    if (auto* known =
          head.idempotency_key.empty() ? nullptr : find(head.tenant, head.idempotency_key)) {
      auto receipt =
        known->row.phase == job_phase::receiving && requests.size() >= known->row.requests
          ? append(*known, 0, requests, complete, now)
          : receipt_of(known->row);
      receipt.existed = true;
      return receipt;
    }
    job_row row;
    row.head = head;
    row.created = now;
    auto& made = insert(std::move(row));
    ++tenant_of(made).jobs;
    return append(made, 0, requests, complete, now);
  });
}

result<job_receipt> job_book::add(uint64_t job, uint64_t first,
                                  std::span<const request_ptr> requests, bool complete,
                                  unix_ms now) {
  return run<job_receipt>([&]() -> result<job_receipt> {
    auto* e = find(job);
    if (!e)
      return unknown_job(job);
    const auto have = e->row.requests;
    if (first > have)
      return refused(job, "has " + std::to_string(have) +
                            " requests, and a part that begins with " + std::to_string(first) +
                            " would leave a gap; go on with " + std::to_string(have));
    if (requests.size() > job_requests_max - first)
      return refused(job, "takes at most " + std::to_string(job_requests_max) + " requests");
    if (e->row.phase == job_phase::receiving)
      return append(*e, first, requests, complete, now);
    if (first + requests.size() > have)
      return refused(job, e->row.complete ? "is complete with " + std::to_string(have) +
                                              " requests; submit more as another job"
                                          : "has ended before it was complete; submit it anew");
    return receipt_of(e->row);
  });
}

result<job_row> job_book::take_up(uint64_t job) {
  return run<job_row>([&]() -> result<job_row> {
    auto* e = find(job);
    if (!e)
      return unknown_job(job);
    if (e->row.phase == job_phase::receiving)
      return refused(job, "does not have all of its requests yet");
    if (e->row.phase != job_phase::open)
      return refused(job, "has ended; retry it to take it up again");
    ++e->row.lives;
    e->row.state = 0;
    change(*e);
    return e->row;
  });
}

result<std::vector<uint64_t>> job_book::recorded(uint64_t job) {
  return run<std::vector<uint64_t>>([&]() -> result<std::vector<uint64_t>> {
    auto* e = find(job);
    if (!e)
      return unknown_job(job);
    return std::vector<uint64_t>(e->above.begin(), e->above.end());
  });
}

result<uint64_t> job_book::write(uint64_t job, std::span<const job_outcome> outcomes) {
  return run<uint64_t>([&]() -> result<uint64_t> {
    auto* e = find(job);
    if (!e)
      return unknown_job(job);
    auto& row = e->row;
    // Check all of it before anything is stored: a refused call must change nothing.
    std::vector<core::output_record> records;
    records.reserve(outcomes.size());
    for (auto& o : outcomes) {
      if (o.index >= row.requests)
        return error{errc::internal, name_of(job) + " has no request " + std::to_string(o.index)};
      auto record =
        o.outcome ? core::record_of(*o.outcome)
        : o.line  ? core::parse_output_line(*o.line)
                 : result<core::output_record>{error{errc::internal, "an outcome without a value"}};
      if (!record)
        return record.error();
      records.push_back(std::move(*record));
    }
    auto& tenant = tenant_of(*e);
    for (size_t i = 0; i < outcomes.size(); ++i) {
      const auto index = outcomes[i].index;
      if (index < row.ordered || !e->above.insert(index).second)
        continue;
      put_outcome(*e, outcomes[i], records[i].state);
      row.totals.add(records[i]);
      ++count_of(tenant, records[i].state);
      if (row.phase != job_phase::ended)
        --tenant.pending;
      if (index == row.ordered)
        advance(*e);
    }
    change(*e);
    return row.ordered;
  });
}

result<void> job_book::finish(uint64_t job, bool ended, uint8_t state, std::string progress,
                              unix_ms now) {
  return run<void>([&]() -> result<void> {
    auto* e = find(job);
    if (!e)
      return unknown_job(job);
    auto& row = e->row;
    if (ended && row.phase != job_phase::ended) {
      auto& tenant = tenant_of(*e);
      --tenant.jobs;
      tenant.pending -= row.open_requests();
      row.phase = job_phase::ended;
      row.ended = now;
    }
    row.state = state;
    row.progress = std::move(progress);
    change(*e);
    return {};
  });
}

result<uint64_t> job_book::retry(uint64_t job, unix_ms now) {
  return run<uint64_t>([&]() -> result<uint64_t> {
    auto* e = find(job);
    if (!e)
      return unknown_job(job);
    auto& row = e->row;
    if (row.phase == job_phase::receiving)
      return refused(job, "does not have all of its requests yet");
    if (!row.complete)
      return refused(job, "ended before it had all of its requests; submit it anew");
    if (row.phase == job_phase::open && row.state == 0)
      return refused(job, "has not ended");
    const auto gone = erase_failed(*e);
    row.totals.failed -= gone.failed;
    row.totals.cancelled -= gone.cancelled;
    row.totals.expired -= gone.expired;
    auto& tenant = tenant_of(*e);
    take_off(tenant, gone);
    const auto missing = row.open_requests();
    if (row.phase == job_phase::open) {
      tenant.pending += gone.requests();
    } else if (missing > 0) {
      tenant.pending += missing;
      ++tenant.jobs;
      row.phase = job_phase::open;
      row.ended = 0;
    }
    if (missing > 0) {
      row.state = 0;
      row.touched = now;
    }
    change(*e);
    return missing;
  });
}

result<std::vector<uint64_t>> job_book::unfinished() {
  return run<std::vector<uint64_t>>([&]() -> result<std::vector<uint64_t>> { return open_jobs(); });
}

result<bool> job_book::sweep(unix_ms ended_before, unix_ms received_before, uint32_t rows_max) {
  return run<bool>([&]() -> result<bool> {
    for (uint32_t removed = 0; removed < rows_max;) {
      if (const auto n = erase_leaving(rows_max - removed); n > 0) {
        removed += n;
        continue;
      }
      auto* e = find_expired(ended_before, received_before);
      if (!e)
        return false;
      auto& tenant = tenant_of(*e);
      take_off(tenant, e->row.totals);
      if (e->row.phase != job_phase::ended) {
        --tenant.jobs;
        tenant.pending -= e->row.open_requests();
      }
      hide(*e);
      e->row.phase = job_phase::leaving;
      e->row.head.idempotency_key.clear();
      change(*e);
    }
    return true;
  });
}

} // namespace penstock::io
