#include "actors/store/job_writer.hpp"

#include "actors/store/alarm.hpp"
#include "actors/store/job_record.hpp"
#include "core/io/store/stored_json.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace penstock::actors {

namespace {

/// Bytes that a request counts in addition to its body.
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
      return error{errc::invalid_input,
                   "request " + std::to_string(p.requests.size()) + " of the part is empty"};
    p.bytes += row_overhead + (request->body ? request->body->size() : 0);
    p.requests.push_back(request);
  }
  return p;
}

job_ticket ticket_of(const io::job_receipt& r) {
  return {r.job, r.accepted, r.complete, r.existed};
}

/// The result as a message.
template <class To, class From, class F>
result<To> mapped(result<From> from, F&& f) {
  return from ? result<To>{f(*from)} : result<To>{from.error()};
}

} // namespace

/// Queues `call` for a group; its answer waits for the commit. A refusal is answered at once.
template <class T, class F>
caf::result<T> job_writer_state::later(uint64_t job, size_t rows, uint64_t bytes, F&& call) {
  auto promise = self->make_response_promise<T>();
  push(job, rows, bytes, [this, to = promise, call = std::forward<F>(call)]() mutable {
    auto answer = call();
    if (!answer) {
      to.deliver(to_caf(answer.error()));
      return;
    }
    waiting_.push_back([to, value = std::move(*answer)](const caf::error& why) mutable {
      if (why)
        to.deliver(why);
      else
        to.deliver(std::move(value));
    });
  });
  return promise;
}

void job_writer_state::push(uint64_t job, size_t rows, uint64_t bytes, write_call call) {
  queue_.push(job, rows, bytes, std::move(call));
  if (!std::exchange(flush_pending_, true))
    self->send(self, atom::flush_v);
}

io::unix_ms job_writer_state::now() const {
  return options.wall_now ? options.wall_now() : io::wall_now_ms();
}

caf::result<job_ticket> job_writer_state::submit(submission what) {
  auto p = unpack(what.requests);
  if (!p)
    return to_caf(p.error());
  auto& o = what.options;
  io::job_header head{o.tenant, o.priority, std::move(what.name), std::move(what.idempotency_key),
                      io::stored_json(o)};
  const auto rows = p->requests.size() + 1;
  const auto bytes = p->bytes;
  return later<job_ticket>(
    0, rows, bytes, [this, head = std::move(head), part = std::move(*p), whole = what.complete] {
      return mapped<job_ticket>(store->submit(head, part.requests, whole, now()), ticket_of);
    });
}

caf::result<job_ticket> job_writer_state::add(submission_part what) {
  auto p = unpack(what.requests);
  if (!p)
    return to_caf(p.error());
  const auto rows = p->requests.size() + 1;
  const auto bytes = p->bytes;
  return later<job_ticket>(
    what.job, rows, bytes,
    [this, job = what.job, first = what.first, part = std::move(*p), whole = what.complete] {
      return mapped<job_ticket>(store->add(job, first, part.requests, whole, now()), ticket_of);
    });
}

result<stored_job> job_writer_state::take_up(uint64_t job) {
  auto row = store->take_up(job);
  if (!row)
    return row.error();
  auto described = io::stored_options(row->head.options);
  if (!described)
    return error{described.error().code, "job " + std::to_string(job) +
                                           " cannot be taken up: " + described.error().context};
  auto recorded = store->recorded(job);
  if (!recorded)
    return recorded.error();
  stored_job taken;
  taken.job = job;
  taken.life = row->lives;
  taken.name = row->head.name;
  taken.tenant = row->head.tenant;
  taken.options = std::move(*described);
  // The deadline runs since all requests were stored or since the retry, also while the head is
  // down.
  if (auto& deadline = taken.options.deadline; deadline > duration{})
    deadline =
      std::max<duration>(duration{1}, deadline - std::chrono::milliseconds{now() - row->touched});
  taken.total = row->requests;
  taken.first = row->ordered;
  taken.recorded = std::move(*recorded);
  taken.before = progress_of(*row);
  return taken;
}

caf::result<stored_job> job_writer_state::open(uint64_t job) {
  return later<stored_job>(job, 1, 0, [this, job] { return take_up(job); });
}

caf::result<bool> job_writer_state::write(uint64_t job, std::vector<sink_item> items) {
  std::vector<io::job_outcome> outcomes;
  outcomes.reserve(items.size());
  uint64_t bytes = 0;
  for (auto& item : items) {
    bytes += row_overhead + (item.line                            ? item.line->size()
                             : item.outcome && item.outcome->body ? item.outcome->body->size()
                                                                  : 0);
    outcomes.push_back({item.index, std::move(item.outcome), std::move(item.line)});
  }
  const auto rows = outcomes.size();
  return later<bool>(job, rows, bytes,
                     [this, job, outcomes = std::move(outcomes)] { return keep(job, outcomes); });
}

result<bool> job_writer_state::keep(uint64_t job, const std::vector<io::job_outcome>& outcomes) {
  auto ordered = store->write(job, outcomes);
  if (!ordered)
    return ordered.error();
  news_.push_back({job, *ordered, std::nullopt});
  return true;
}

caf::result<bool> job_writer_state::finished(uint64_t job, job_progress progress) {
  return later<bool>(job, 1, 0, [this, job, p = std::move(progress)] { return end(job, p); });
}

result<bool> job_writer_state::end(uint64_t job, const job_progress& progress) {
  // An interrupted job goes on at the next start, so its requests are still pending.
  const auto ended = has_ended(progress.state) && progress.state != job_state::interrupted;
  auto done = store->finish(job, ended, static_cast<uint8_t>(progress.state),
                            io::stored_json(progress), now());
  if (!done)
    return done.error();
  news_.push_back({job, 0, progress.state});
  return true;
}

caf::result<uint64_t> job_writer_state::retry(uint64_t job) {
  return later<uint64_t>(job, 1, 0, [this, job] { return store->retry(job, now()); });
}

caf::result<std::vector<uint64_t>> job_writer_state::jobs() {
  return later<std::vector<uint64_t>>(0, 1, 0, [this] { return store->unfinished(); });
}

void job_writer_state::flush() {
  flush_pending_ = false;
  queue_.begin_group();
  while (auto call = queue_.next())
    (*call)();
  commit();
  if (!queue_.empty() && !std::exchange(flush_pending_, true))
    self->send(self, atom::flush_v);
}

void job_writer_state::commit() {
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

/// At the first failure, answers all waiting calls with the error, then quits.
void job_writer_state::fail(const error& why) {
  const auto reason = to_caf(why);
  for (auto& answer : std::exchange(waiting_, {}))
    answer(reason);
  news_.clear();
  if (std::exchange(failed_, true) && queue_.empty())
    self->quit(reason);
  else if (!std::exchange(flush_pending_, true))
    self->send(self, atom::flush_v);
}

/// Removes some rows with each group, in turn with large writes.
void job_writer_state::sweep() {
  push(0, swept_at_once, 0, [this] { sweep_some(); });
}

void job_writer_state::sweep_some() {
  const auto at = now();
  const auto before = [&](duration kept) { return at - to_ms(kept); };
  auto more = store->sweep(options.retention > duration{} ? before(options.retention) : 0,
                           before(options.receive_patience), swept_at_once);
  if (more && *more)
    self->send(self, atom::wake_v);
  else
    caf::delayed_anon_send(alarm, options.sweep_every, atom::wake_v);
}

job_writer_actor::behavior_type
job_writer(job_writer_actor::stateful_pointer<job_writer_state> self,
           std::shared_ptr<io::job_store> store, job_reader_actor reader,
           job_writer_options options) {
  auto& st = self->state;
  st.self = self;
  st.store = std::move(store);
  st.reader = std::move(reader);
  st.options = std::move(options);
  st.alarm = spawn_alarm(self);
  caf::delayed_anon_send(st.alarm, st.options.sweep_every, atom::wake_v);
  return {
    [self](atom::submit, submission& what) { return self->state.submit(std::move(what)); },
    [self](atom::add, submission_part& what) { return self->state.add(std::move(what)); },
    [self](atom::open, uint64_t job) { return self->state.open(job); },
    [self](atom::write, uint64_t job, std::vector<sink_item>& items) {
      return self->state.write(job, std::move(items));
    },
    [self](atom::finished, uint64_t job, job_progress& p) {
      return self->state.finished(job, std::move(p));
    },
    [self](atom::retry, uint64_t job) { return self->state.retry(job); },
    [self](atom::jobs) { return self->state.jobs(); },
    [self](atom::forget, uint64_t job, uint64_t below) { self->state.store->forget(job, below); },
    [self](atom::flush) { self->state.flush(); },
    [self](atom::wake) { self->state.sweep(); },
  };
}

} // namespace penstock::actors
