#include "actors/engine/engine.hpp"

#include "actors/job/job_port.hpp"
#include "actors/engine/job_events.hpp"
#include "actors/engine/submission_check.hpp"

#include <caf/all.hpp>

#include <cstdio>

namespace penstock::actors {

namespace {

/// Time limit for the store, because a disk can be slow.
constexpr auto store_timeout = std::chrono::minutes{10};

const error cancelled{errc::cancelled, "the job was cancelled"};

/// The progress in the store of a job whose cancel is not finished.
bool is_to_be_cancelled(const job_progress& p) {
  return p.state == job_state::draining && p.cause.code == errc::cancelled;
}

/// The counts of earlier lives, for the start of a new life.
job_progress fresh_from(job_progress before) {
  before.state = job_state::running;
  before.cause = {};
  before.in_flight = before.held = 0;
  before.resume_in = {};
  return before;
}

/// The requests to store, numbered from `first` on.
std::vector<shared_request> numbered(std::vector<shared_request> requests, uint64_t first) {
  for (auto& r : requests)
    r = prepared(r, first++);
  return requests;
}

} // namespace

// --- the door ---

caf::result<job_ticket> engine_state::submit(submission job) {
  if (!setup_.store)
    return not_here<job_ticket>();
  if (auto sane = check_submission(job); !sane)
    return to_caf(sane.error());
  auto& o = job.options;
  if (o.client_id.empty()) {
    char name[32];
    std::snprintf(name, sizeof name, "pk-%016llx", static_cast<unsigned long long>(random_()));
    o.client_id = name;
  }
  if (o.seed == 0)
    o.seed = random_();
  job.requests = numbered(std::move(job.requests), 0);
  return pass_on(atom::submit_v, std::move(job));
}

caf::result<job_ticket> engine_state::add(submission_part part) {
  if (!setup_.store)
    return not_here<job_ticket>();
  if (auto sane = check_requests(part.requests); !sane)
    return to_caf(sane.error());
  part.requests = numbered(std::move(part.requests), part.first);
  return pass_on(atom::add_v, std::move(part));
}

/// Stores it. The job is started when all of its requests are stored.
template <class Atom, class Part>
caf::result<job_ticket> engine_state::pass_on(Atom what, Part part) {
  if (stopping_)
    return to_caf({errc::unavailable, "this head is stopping; send it again when it is back"});
  auto answer = self->make_response_promise<job_ticket>();
  self->request(setup_.store, store_timeout, what, std::move(part))
    .then(
      [this, answer](const job_ticket& ticket) mutable {
        answer.deliver(ticket);
        if (ticket.complete)
          take_up_if_open(ticket.job);
      },
      [answer](const caf::error& why) mutable { answer.deliver(why); });
  return answer;
}

// --- taking up ---

void engine_state::take_up_all() {
  self->request(setup_.store, store_timeout, atom::jobs_v)
    .then(
      [this](const std::vector<uint64_t>& open) {
        for (auto job : open)
          take_up(job);
      },
      [this](const caf::error& why) { self->quit(why); });
}

/// Starts a stored job, unless it runs already.
void engine_state::take_up(uint64_t job, stop_request asked) {
  if (auto it = jobs_.find(job); stopping_ || (it != jobs_.end() && is_under_way(it->second)))
    return;
  job_record record;
  record.stored = true;
  record.restarts = core::restart_policy{setup_.restarts};
  record.asked = asked;
  jobs_[job] = std::move(record);
  open(job);
}

/// The same for a job that may have ended long ago, because a part of it was sent again.
void engine_state::take_up_if_open(uint64_t job) {
  if (auto it = jobs_.find(job); it != jobs_.end() && is_under_way(it->second))
    return;
  self->request(setup_.reader, store_timeout, atom::info_v, job)
    .then(
      [this, job](const job_info& info) {
        if (!has_ended(info.progress.state))
          take_up(job);
      },
      [](const caf::error&) {});
}

void engine_state::open_stored(uint64_t job) {
  self->request(setup_.store, store_timeout, atom::open_v, job)
    .then([this](const stored_job& what) { opened(what); },
          [this, job](const caf::error& why) {
            if (find_running(job))
              end_unopened(job, from_caf(why));
          });
}

void engine_state::opened(const stored_job& what) {
  auto* record = find_running(what.job);
  if (!record)
    return;
  if (record->asked == stop_request::none && is_to_be_cancelled(what.before))
    record->asked = stop_request::cancel;
  record->options = what.options;
  record->incarnation = incarnation_of(what.life);
  record->progress = fresh_from(what.before);
  const auto port = self->spawn(job_port, what, setup_.store, setup_.reader);
  auto parts = std::make_shared<job_parts>();
  parts->source = caf::actor_cast<source_actor>(port);
  parts->sink = caf::actor_cast<sink_actor>(port);
  parts->store = caf::actor_cast<store_actor>(port);
  parts->first = what.first;
  parts->total = what.total;
  parts->before = record->progress;
  for (auto index : what.recorded)
    parts->recorded.push_back({index, {}, {}});
  begin(what.job, std::move(parts));
}

// --- ends ---

/// Stores how a job ended, then answers `wait`.
void engine_state::end_stored(uint64_t job, job_progress progress) {
  // A process that stops leaves its jobs open, so that they go on at the next start.
  if (stopping_ && progress.state == job_state::interrupted) {
    end(job, std::move(progress));
    return;
  }
  close(job, progress);
  self->request(setup_.store, store_timeout, atom::finished_v, job, std::move(progress))
    .then(
      [this, job](bool) {
        auto ended = jobs_.extract(job);
        tell_waiters(job, ended.mapped().progress);
        tell_if_idle();
      },
      [this, job](const caf::error& why) {
        auto p = jobs_[job].progress;
        // An aborted job has the more detailed error of the same disk.
        if (p.state != job_state::aborted)
          p.cause = from_caf(why);
        p.state = job_state::aborted;
        end(job, std::move(p));
      });
}

/// The answer to `wait` for a job that does not run here.
void engine_state::ask_store_for_end(uint64_t job) {
  self->request(setup_.reader, store_timeout, atom::info_v, job)
    .then(
      [this, job](const job_info& info) {
        if (has_ended(info.progress.state))
          tell_waiters(job, info.progress);
      },
      [this, job](const caf::error& why) { tell_waiters(job, why); });
}

// --- cancel and retry ---

caf::result<bool> engine_state::cancel(uint64_t job) {
  auto it = jobs_.find(job);
  if (it == jobs_.end() && !setup_.reader)
    return to_caf({errc::not_found, "no job " + std::to_string(job)});
  if (it != jobs_.end() && it->second.ended)
    return false;
  if (it != jobs_.end() && !it->second.stored) {
    tell(job, stop_request::cancel);
    return true;
  }
  auto answer = self->make_response_promise<bool>();
  auto deliver = [answer]() mutable { answer.deliver(true); };
  if (it != jobs_.end()) {
    tell(job, stop_request::cancel);
    note_cancel(job, it->second.progress, answer, deliver);
    return answer;
  }
  self->request(setup_.reader, store_timeout, atom::info_v, job)
    .then(
      [=, this](const job_info& info) mutable {
        // An interrupted job would go on at the next start.
        if (has_ended(info.progress.state) && info.progress.state != job_state::interrupted)
          answer.deliver(false);
        else if (info.progress.state == job_state::receiving)
          note_cancel(job, info.progress, answer,
                      [=, this, first = info.requests] { end_receiving(job, first, answer); });
        else
          note_cancel(job, info.progress, answer, [=, this]() mutable {
            take_up(job, stop_request::cancel);
            deliver();
          });
      },
      [answer](const caf::error& why) mutable { answer.deliver(why); });
  return answer;
}

/// Stores that a job is being cancelled. If this engine dies before the end, the next engine
/// continues the cancel.
void engine_state::note_cancel(uint64_t job, job_progress progress,
                               caf::typed_response_promise<bool> answer,
                               std::function<void()> then) {
  progress.state = job_state::draining;
  progress.cause = cancelled;
  self->request(setup_.store, store_timeout, atom::finished_v, job, std::move(progress))
    .then([then](bool) { then(); },
          [answer](const caf::error& why) mutable { answer.deliver(why); });
}

/// Completes a job with the requests that have come, so that it can be cancelled like any other
/// job.
void engine_state::end_receiving(uint64_t job, uint64_t first,
                                 caf::typed_response_promise<bool> answer) {
  submission_part rest;
  rest.job = job;
  rest.first = first;
  self->request(setup_.store, store_timeout, atom::add_v, std::move(rest))
    .then(
      [=, this](const job_ticket& ticket) mutable {
        if (!ticket.complete) { // More requests have come in the meantime.
          end_receiving(job, ticket.accepted, answer);
          return;
        }
        take_up(job, stop_request::cancel);
        answer.deliver(true);
      },
      [answer](const caf::error& why) mutable { answer.deliver(why); });
}

caf::result<uint64_t> engine_state::retry(uint64_t job) {
  if (!setup_.store)
    return not_here<uint64_t>();
  if (stopping_)
    return to_caf({errc::unavailable, "this head is stopping; ask again when it is back"});
  auto it = jobs_.find(job);
  if (it != jobs_.end() && !it->second.stored)
    return to_caf({errc::invalid_input, "job " + std::to_string(job) +
                                          " is over files of the head; "
                                          "run its command again to take it up"});
  if (it != jobs_.end() && is_under_way(it->second))
    return to_caf({errc::invalid_input, "job " + std::to_string(job) +
                                          " has not ended; cancel it or "
                                          "wait for its end before a retry"});
  auto answer = self->make_response_promise<uint64_t>();
  self->request(setup_.store, store_timeout, atom::retry_v, job)
    .then(
      [this, job, answer](uint64_t requests) mutable {
        answer.deliver(requests);
        take_up_if_open(job);
      },
      [answer](const caf::error& why) mutable { answer.deliver(why); });
  return answer;
}

// --- outcomes: the reader answers the sender of the question ---

caf::result<results_page> engine_state::results(const results_query& query) {
  if (!setup_.reader)
    return not_here<results_page>();
  if (query.forget)
    self->send(setup_.store, atom::forget_v, query.job, query.from);
  return self->delegate(setup_.reader, atom::results_v, query);
}

void engine_state::subscribe(const subscription& what) {
  if (setup_.reader)
    self->delegate(setup_.reader, atom::subscribe_v, what);
}

void engine_state::credit(uint64_t job, uint32_t outcomes) {
  if (setup_.reader)
    self->delegate(setup_.reader, atom::credit_v, job, outcomes);
}

// --- events ---

void engine_state::subscribe(const event_query& what) {
  if (!events_)
    events_ = self->spawn<caf::linked>(job_events, engine_actor{self});
  self->delegate(events_, atom::subscribe_v, what);
}

void engine_state::credit(uint32_t events) {
  if (events_)
    self->delegate(events_, atom::credit_v, events);
}

} // namespace penstock::actors
