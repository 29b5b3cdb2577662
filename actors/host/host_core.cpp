#include "actors/host/host_core.hpp"

#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <random>

namespace penstock {

namespace {

constexpr duration core_answer_within = std::chrono::minutes{2};
constexpr size_t part_requests = 512;
constexpr uint64_t part_bytes = 1u << 20;
constexpr size_t parts_unanswered = 2;
/// Bytes that a request counts in addition to its body.
constexpr uint64_t request_overhead = 128;

std::string random_key() {
  std::random_device device;
  char text[40];
  std::snprintf(text, sizeof text, "host-%08x%08x%08x", device(), device(), device());
  return text;
}

/// The upload of a job over one connection.
class upload {
public:
  upload(actors::head_session& to, const submission& what) : to_{to}, what_{what} {}

  result<job_ticket> run() {
    const auto total = what_.requests.size();
    auto ticket = open();
    if (!ticket)
      return ticket.error();
    if (ticket->existed && ticket->complete && ticket->accepted != total)
      return error{errc::invalid_input, "the idempotency key \"" + what_.idempotency_key +
                                          "\" belongs to job " + std::to_string(ticket->job) +
                                          " with " + std::to_string(ticket->accepted) +
                                          " requests, here are " + std::to_string(total) +
                                          "; another job needs another key"};
    next_ = ticket->accepted;
    while (!ticket->complete) {
      while (answers_.size() < parts_unanswered && !all_sent_)
        send(ticket->job);
      if (answers_.empty())
        return error{errc::internal, "the engine took all requests of the job, but not its end"};
      ticket = answers_.front().wait();
      answers_.pop_front();
      if (!ticket)
        return ticket.error();
    }
    return ticket;
  }

private:
  /// The end of the part that begins at `first`.
  size_t end_of_part(size_t first) const {
    uint64_t bytes = 0;
    auto end = first;
    for (; end < what_.requests.size() && end - first < part_requests && bytes < part_bytes;
         ++end) {
      const auto& body = what_.requests[end]->body;
      bytes += request_overhead + (body ? body->size() : 0);
    }
    return end;
  }

  std::vector<shared_request> slice(size_t first, size_t end) const {
    const auto at = [&](size_t i) {
      return what_.requests.begin() + static_cast<std::ptrdiff_t>(i);
    };
    return {at(first), at(end)};
  }

  result<job_ticket> open() {
    const auto end = end_of_part(0);
    submission first;
    first.options = what_.options;
    first.name = what_.name;
    first.idempotency_key = what_.idempotency_key;
    first.requests = slice(0, end);
    first.complete = end == what_.requests.size();
    return to_.ask<job_ticket>(core_answer_within, atom::submit_v, std::move(first));
  }

  void send(uint64_t job) {
    const auto end = end_of_part(next_);
    all_sent_ = end == what_.requests.size();
    answers_.push_back(to_.start<job_ticket>(
      core_answer_within, atom::add_v, submission_part{job, next_, slice(next_, end), all_sent_}));
    next_ = end;
  }

  actors::head_session& to_;
  const submission& what_;
  size_t next_ = 0;
  bool all_sent_ = false;
  std::deque<actors::pending_answer<job_ticket>> answers_;
};

} // namespace

void host_core::stop() {
  {
    std::lock_guard lock{mutex};
    if (std::exchange(stopped, true))
      return;
  }
  if (session)
    session->interrupt();
  // No thread is added any more.
  for (auto& one : callbacks)
    one.thread.join();
  callbacks.clear();
  if (running && !stop_engine(system, *running, grace))
    caf::anon_send_exit(running->supervisor, caf::exit_reason::kill);
}

void host_core::watch() {
  system.spawn(
    [weak = weak_from_this(), watched = running->supervisor](caf::event_based_actor* self) {
      self->set_down_handler([self, weak](const caf::down_msg& down) {
        if (auto core = weak.lock()) {
          std::lock_guard lock{core->mutex};
          core->broken =
            down.reason ? from_caf(down.reason) : error{errc::cancelled, "the engine was stopped"};
        }
        self->quit();
      });
      self->monitor(watched);
      return caf::behavior{[](caf::unit_t) {}}; // The actor only waits for the end.
    });
}

result<engine_actor> host_core::find_engine() {
  std::lock_guard lock{mutex};
  if (broken)
    return *broken;
  return running->engine;
}

error host_core::told(error e) const {
  std::lock_guard lock{mutex};
  if (stopped && e.code == errc::cancelled)
    e.context = "the host has stopped";
  return e;
}

result<job_ticket> host_core::submit(submission what) {
  // With the key we find the job again if the connection breaks between a part and its answer.
  if (is_remote() && what.idempotency_key.empty())
    what.idempotency_key = random_key();
  return told(session->persist([&] { return upload{*session, what}.run(); }));
}

void host_core::call_back(std::function<void()> run) {
  auto done = std::make_shared<std::atomic<bool>>(false);
  std::lock_guard lock{mutex};
  if (stopped)
    return;
  std::erase_if(callbacks, [](callback& one) {
    if (!one.done->load())
      return false;
    one.thread.join(); // The thread has finished its work.
    return true;
  });
  callbacks.push_back({std::thread{[run = std::move(run), done] {
                         run();
                         done->store(true);
                       }},
                       done});
}

} // namespace penstock
