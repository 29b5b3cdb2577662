#include "actors/store/job_reader.hpp"

#include "actors/store/alarm.hpp"
#include "actors/store/job_record.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

/// Longest wait of a question. Then it must be asked again, so that a dead asker is forgotten.
constexpr caf::timespan wait_max = std::chrono::minutes{10};
constexpr uint32_t listed_max = 1000;

job_info info_of(const io::job_row& row) {
  job_info info;
  info.id = row.id;
  info.name = row.head.name;
  info.idempotency_key = row.head.idempotency_key;
  info.tenant = row.head.tenant;
  info.priority = row.head.priority;
  info.requests = row.requests;
  info.created = row.created;
  info.ended = row.ended;
  info.progress = progress_of(row);
  return info;
}

} // namespace

caf::result<request_chunk> job_reader_state::pull(uint64_t job, uint64_t from, uint32_t count_max,
                                                  uint64_t bytes_max) {
  auto marks = reader->marks(job);
  if (!marks)
    return to_caf(marks.error());
  auto found =
    reader->requests(job, from, std::max(count_max, 1u), std::max<uint64_t>(bytes_max, 1));
  if (!found)
    return to_caf(found.error());
  request_chunk chunk;
  chunk.end = from + found->size() >= marks->requests;
  chunk.requests.reserve(found->size());
  for (auto& request : *found)
    chunk.requests.emplace_back(std::move(request));
  return chunk;
}

result<results_page> job_reader_state::page(const results_query& query) {
  // Read the state first: if the job has ended by then, all of its outcomes are there.
  auto marks = reader->marks(query.job);
  if (!marks)
    return marks.error();
  results_page page;
  page.job = query.job;
  page.from = query.from;
  page.state = state_of(marks->phase, marks->state);
  if (query.from < marks->ordered) {
    auto found = reader->outcomes(query.job, query.from, std::clamp(query.count_max, 1u, page_max),
                                  std::max<uint64_t>(query.bytes_max, 1));
    if (!found)
      return found.error();
    page.items.reserve(found->size());
    for (auto& o : *found)
      page.items.push_back({o.index, std::move(o.outcome), std::move(o.line)});
  }
  page.end = has_ended(page.state) && query.from + page.items.size() >= marks->ordered;
  return page;
}

caf::result<results_page> job_reader_state::results(const results_query& query) {
  auto now = page(query);
  if (!now)
    return to_caf(now.error());
  if (!now->items.empty() || now->end || query.wait <= caf::timespan{})
    return std::move(*now);
  if (waiting_ >= waiting_max)
    return to_caf(
      {errc::overflow, std::to_string(waiting_) + " questions wait for results; ask again later"});
  const auto until = self->clock().now() + std::min(query.wait, wait_max);
  auto promise = self->make_response_promise<results_page>();
  questions_[query.job].push_back({query, until, promise});
  ++waiting_;
  schedule_wake(until);
  return promise;
}

/// Answers the questions about a job that have an answer now, or have waited long enough.
void job_reader_state::answer(std::list<question>& questions, time_point now) {
  for (auto it = questions.begin(); it != questions.end();) {
    const auto at = it++;
    auto found = page(at->query);
    if (!found)
      at->promise.deliver(to_caf(found.error()));
    else if (!found->items.empty() || found->end || at->until <= now)
      at->promise.deliver(std::move(*found));
    else
      continue;
    questions.erase(at);
    --waiting_;
  }
}

void job_reader_state::subscribe(const subscription& what, const outcome_taker_actor& to) {
  auto& all = subscribers_[what.job];
  std::erase_if(all, [&](auto& s) { return s.to == to && (self->demonitor(to.address()), true); });
  self->monitor(to);
  all.push_back({to, what.from, std::min(what.credit, credit_max)});
  if (!serve(what.job, all.back()))
    all.pop_back();
  if (all.empty())
    subscribers_.erase(what.job);
}

void job_reader_state::credit(uint64_t job, uint32_t more, const caf::actor_addr& from) {
  auto it = subscribers_.find(job);
  if (it == subscribers_.end())
    return;
  std::erase_if(it->second, [&](auto& s) {
    if (s.to.address() != from)
      return false;
    s.credit = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{s.credit} + more, credit_max));
    return !serve(job, s);
  });
  if (it->second.empty())
    subscribers_.erase(it);
}

/// Sends the outcomes for which there is credit. @returns whether the subscription goes on.
bool job_reader_state::serve(uint64_t job, subscriber& to) {
  for (bool more = true; more && to.credit > 0;) {
    results_query query;
    query.job = job;
    query.from = to.next;
    query.count_max = to.credit;
    query.bytes_max = page_bytes;
    auto found = page(query);
    if (!found) { // There is no message for an error, so end the subscription.
      found = results_page{};
      found->job = job;
      found->from = to.next;
      found->end = true;
      found->state = job_state::aborted;
    }
    if (found->items.empty() && !found->end)
      return true;
    const auto count = static_cast<uint32_t>(found->items.size());
    const auto end = found->end;
    to.credit -= count;
    to.next += count;
    more = count > 0;
    self->send(to.to, atom::outcomes_v, std::move(*found));
    if (end) {
      self->demonitor(to.to.address());
      return false;
    }
  }
  return true;
}

void job_reader_state::news(uint64_t job) {
  if (auto it = questions_.find(job); it != questions_.end()) {
    answer(it->second, self->clock().now());
    if (it->second.empty())
      questions_.erase(it);
  }
  if (auto it = subscribers_.find(job); it != subscribers_.end()) {
    std::erase_if(it->second, [&](auto& s) { return !serve(job, s); });
    if (it->second.empty())
      subscribers_.erase(it);
  }
}

void job_reader_state::schedule_wake(time_point at) {
  if (wake_at_ && *wake_at_ <= at)
    return;
  wake_at_ = at;
  caf::delayed_anon_send(alarm, at - self->clock().now(), atom::wake_v);
}

void job_reader_state::wake() {
  const auto now = self->clock().now();
  if (!wake_at_ || now < *wake_at_)
    return; // Out of date: the right one is scheduled already.
  wake_at_.reset();
  auto next = time_point::max();
  for (auto it = questions_.begin(); it != questions_.end();) {
    const auto at = it++;
    auto& questions = at->second;
    const auto is_due = [&](auto& q) { return q.until <= now; };
    if (std::any_of(questions.begin(), questions.end(), is_due))
      answer(questions, now);
    for (auto& q : questions)
      next = std::min(next, q.until);
    if (questions.empty())
      questions_.erase(at);
  }
  if (next != time_point::max())
    schedule_wake(next);
}

void job_reader_state::down(const caf::actor_addr& who) {
  for (auto it = subscribers_.begin(); it != subscribers_.end();) {
    const auto at = it++;
    std::erase_if(at->second, [&](auto& s) { return s.to.address() == who; });
    if (at->second.empty())
      subscribers_.erase(at);
  }
}

caf::result<std::vector<job_info>> job_reader_state::jobs(const job_filter& filter) {
  auto rows = reader->rows(
    {filter.tenant, filter.active_only, filter.before, std::min(filter.count_max, listed_max)});
  if (!rows)
    return to_caf(rows.error());
  std::vector<job_info> all;
  all.reserve(rows->size());
  for (auto& row : *rows)
    all.push_back(info_of(row));
  return all;
}

caf::result<job_info> job_reader_state::info(uint64_t job) {
  auto row = reader->row(job);
  if (!row)
    return to_caf(row.error());
  return info_of(*row);
}

caf::result<std::vector<tenant_counts>> job_reader_state::tenants() {
  auto rows = reader->tenants();
  if (!rows)
    return to_caf(rows.error());
  std::vector<tenant_counts> all;
  all.reserve(rows->size());
  for (auto& t : *rows) {
    tenant_counts c;
    c.tenant = t.tenant;
    c.priority = t.priority;
    c.jobs = t.jobs;
    c.pending = t.pending;
    c.completed = t.completed;
    c.failed = t.failed;
    c.cancelled = t.cancelled;
    c.expired = t.expired;
    all.push_back(std::move(c));
  }
  return all;
}

job_reader_actor::behavior_type
job_reader(job_reader_actor::stateful_pointer<job_reader_state> self,
           std::shared_ptr<io::job_reader> reader) {
  self->state.self = self;
  self->state.reader = std::move(reader);
  self->state.alarm = spawn_alarm(self);
  self->set_down_handler([self](const caf::down_msg& msg) { self->state.down(msg.source); });
  return {
    [self](atom::pull, uint64_t job, uint64_t from, uint32_t count_max, uint64_t bytes_max) {
      return self->state.pull(job, from, count_max, bytes_max);
    },
    [self](atom::results, const results_query& query) { return self->state.results(query); },
    [self](atom::subscribe, const subscription& what) {
      if (auto to = caf::actor_cast<outcome_taker_actor>(self->current_sender()))
        self->state.subscribe(what, to);
    },
    [self](atom::credit, uint64_t job, uint32_t more) {
      if (auto from = caf::actor_cast<caf::actor_addr>(self->current_sender()))
        self->state.credit(job, more, from);
    },
    [self](atom::jobs, const job_filter& filter) { return self->state.jobs(filter); },
    [self](atom::info, uint64_t job) { return self->state.info(job); },
    [self](atom::tenants) { return self->state.tenants(); },
    [self](atom::written, uint64_t job, uint64_t) { self->state.news(job); },
    [self](atom::finished, uint64_t job, job_state) { self->state.news(job); },
    [self](atom::wake) { self->state.wake(); },
  };
}

} // namespace penstock::actors
