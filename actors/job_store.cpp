#include "actors/job_store.hpp"

#include "actors/job_record.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace penstock::actors {

namespace {

/// What a request takes besides its body.
constexpr uint64_t row_overhead = 256;

struct part {
  std::vector<io::request_ptr> requests;
  uint64_t bytes = 0;
};

result<part> unpack(const std::vector<shared_request>& from) {
  part p;
  p.requests.reserve(from.size());
  for (auto& request : from) {
    if (!request)
      return error{errc::invalid_input, "request " + std::to_string(p.requests.size()) + " of the part is empty"};
    p.bytes += row_overhead + (request->body ? request->body->size() : 0);
    p.requests.push_back(request);
  }
  return p;
}

job_ticket ticket_of(const io::job_receipt& r) { return {r.job, r.accepted, r.complete, r.existed}; }

/// In the words of messages.
template <class To, class From, class F>
result<To> mapped(result<From> from, F&& f) {
  return from ? result<To>{f(*from)} : result<To>{from.error()};
}

} // namespace

/// Keeps the answer back until its group is safe. What was refused is said at once.
template <class T>
caf::result<T> job_store_state::settle(result<T> answer, size_t rows, uint64_t bytes) {
  if (answer) {
    auto promise = self->make_response_promise<T>();
    auto later = promise;
    waiting_.push_back([later, value = std::move(*answer)](const caf::error& why) mutable {
      if (why)
        later.deliver(why);
      else
        later.deliver(std::move(value));
    });
    group_grows(rows, bytes);
    return promise;
  }
  group_grows(0, 0); // If it was the disk, everybody must hear of it.
  return to_caf(answer.error());
}

void job_store_state::group_grows(size_t rows, uint64_t bytes) {
  rows_ += rows;
  bytes_ += bytes;
  if (rows_ >= rows_max || bytes_ >= bytes_max) {
    commit();
  } else if (!flush_pending_) {
    flush_pending_ = true;
    self->send(self, atom::flush_v);
  }
}

io::unix_ms job_store_state::now() const {
  return options.wall_now ? options.wall_now() : io::wall_now_ms();
}

caf::result<job_ticket> job_store_state::submit(const submission& what) {
  auto p = unpack(what.requests);
  if (!p)
    return to_caf(p.error());
  const auto& o = what.options;
  const io::job_header head{o.tenant, o.priority, what.name, what.idempotency_key,
                            to_blob(self->system(), o)};
  return settle(mapped<job_ticket>(store->submit(head, p->requests, what.complete, now()), ticket_of),
                p->requests.size() + 1, p->bytes);
}

caf::result<job_ticket> job_store_state::add(const submission_part& what) {
  auto p = unpack(what.requests);
  if (!p)
    return to_caf(p.error());
  return settle(mapped<job_ticket>(store->add(what.job, what.first, p->requests, what.complete, now()),
                                   ticket_of),
                p->requests.size() + 1, p->bytes);
}

result<stored_job> job_store_state::take_up(uint64_t job) {
  auto row = store->take_up(job);
  if (!row)
    return row.error();
  auto described = from_blob<job_options>(self->system(), row->head.options);
  if (!described)
    return error{described.error().code, "job " + std::to_string(job) + " cannot be taken up: "
                                           + described.error().context};
  auto recorded = store->recorded(job);
  if (!recorded)
    return recorded.error();
  stored_job taken;
  taken.job = job;
  taken.life = row->lives;
  taken.name = row->head.name;
  taken.tenant = row->head.tenant;
  taken.options = std::move(*described);
  taken.total = row->requests;
  taken.first = row->ordered;
  taken.recorded = std::move(*recorded);
  taken.before = progress_of(self->system(), *row);
  return taken;
}

caf::result<stored_job> job_store_state::open(uint64_t job) { return settle(take_up(job), 1, 0); }

caf::result<bool> job_store_state::write(uint64_t job, const std::vector<sink_item>& items) {
  std::vector<io::job_outcome> outcomes;
  outcomes.reserve(items.size());
  uint64_t bytes = 0;
  for (auto& item : items) {
    outcomes.push_back({item.index, item.outcome, item.line});
    bytes += row_overhead + (item.line ? item.line->size()
                             : item.outcome && item.outcome->body ? item.outcome->body->size() : 0);
  }
  auto ordered = store->write(job, outcomes);
  if (ordered)
    news_.push_back({job, *ordered, std::nullopt});
  return settle(mapped<bool>(ordered, [](uint64_t) { return true; }), items.size(), bytes);
}

caf::result<bool> job_store_state::finished(uint64_t job, const job_progress& progress) {
  // What was interrupted goes on at the next start, so its requests are still awaited.
  const auto ended = has_ended(progress.state) && progress.state != job_state::interrupted;
  auto done = store->finish(job, ended, static_cast<uint8_t>(progress.state),
                            to_blob(self->system(), progress), now());
  if (done)
    news_.push_back({job, 0, progress.state});
  return settle(done ? result<bool>{true} : result<bool>{done.error()}, 1, 0);
}

caf::result<uint64_t> job_store_state::retry(uint64_t job) {
  return settle(store->retry(job, now()), 1, 0);
}

caf::result<std::vector<uint64_t>> job_store_state::jobs() { return settle(store->unfinished(), 0, 0); }

void job_store_state::flush_due() {
  flush_pending_ = false;
  commit();
}

void job_store_state::commit() {
  rows_ = 0;
  bytes_ = 0;
  if (auto safe = store->commit(); !safe) {
    fail(safe.error());
    return;
  }
  for (auto& answer : std::exchange(waiting_, {}))
    answer({});
  for (auto& n : std::exchange(news_, {}))
    if (n.state)
      self->send(reader, atom::finished_v, n.job, *n.state);
    else
      self->send(reader, atom::written_v, n.job, n.ordered);
}

/// The first time, what waits in the mailbox shall still hear why; then we go.
void job_store_state::fail(const error& why) {
  const auto reason = to_caf(why);
  for (auto& answer : std::exchange(waiting_, {}))
    answer(reason);
  news_.clear();
  if (std::exchange(failed_, true))
    self->quit(reason);
  else
    self->send(self, atom::flush_v);
}

/// A little at a time, and behind what waits in the mailbox: nobody shall notice.
void job_store_state::sweep() {
  const auto at = now();
  const auto before = [&](duration kept) { return at - to_ms(kept); };
  auto more = store->sweep(options.retention > duration{} ? before(options.retention) : 0,
                           before(options.receive_patience), swept_at_once);
  group_grows(0, 0);
  if (more && *more)
    self->send(self, atom::wake_v);
  else
    self->delayed_send(self, options.sweep_every, atom::wake_v);
}

job_store_actor::behavior_type
job_store(job_store_actor::stateful_pointer<job_store_state> self,
          std::shared_ptr<io::job_store> store, job_reader_actor reader, job_store_options options) {
  auto& st = self->state;
  st.self = self;
  st.store = std::move(store);
  st.reader = std::move(reader);
  st.options = std::move(options);
  self->delayed_send(self, st.options.sweep_every, atom::wake_v);
  return {
    [self](atom::submit, const submission& what) { return self->state.submit(what); },
    [self](atom::add, const submission_part& what) { return self->state.add(what); },
    [self](atom::open, uint64_t job) { return self->state.open(job); },
    [self](atom::write, uint64_t job, const std::vector<sink_item>& items) {
      return self->state.write(job, items);
    },
    [self](atom::finished, uint64_t job, const job_progress& p) { return self->state.finished(job, p); },
    [self](atom::retry, uint64_t job) { return self->state.retry(job); },
    [self](atom::jobs) { return self->state.jobs(); },
    [self](atom::forget, uint64_t job, uint64_t below) { self->state.store->forget(job, below); },
    [self](atom::flush) { self->state.flush_due(); },
    [self](atom::wake) { self->state.sweep(); },
  };
}

} // namespace penstock::actors
