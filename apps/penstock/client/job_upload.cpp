#include "apps/penstock/client/job_upload.hpp"

#include <poll.h>
#include <unistd.h>

namespace penstock::cli {

namespace {

constexpr size_t part_requests = 512;
constexpr size_t part_bytes = 1u << 20;
constexpr size_t parts_unanswered = 2;
/// How often to check for a stop while a pipe is silent.
constexpr int look_up_ms = 100;

/// Bytes that a request counts in addition to its body.
constexpr size_t request_overhead = 128;

} // namespace

result<job_ticket> job_upload::run() {
  return head_.persist([this] { return over_one_connection(); });
}

result<job_ticket> job_upload::over_one_connection() {
  answers_.clear();
  auto opening = plan_.head;
  opening.complete = false;
  auto ticket = head_.ask<job_ticket>(answer_within, atom::submit_v, std::move(opening));
  if (!ticket)
    return ticket.error();
  if (!ticket_) {
    known_before_ = ticket->existed;
    if (plan_.expected && !known_before_) { // Its requests would cost money a second time.
      head_.ask<bool>(answer_within, atom::cancel_v, ticket->job);
      return error{errc::not_found,
                   "the head at " + head_.address() +
                     " no longer has the job that the output was begun with; choose another -o, "
                     "or pass --restart to begin anew"};
    }
  }
  ticket_ = *ticket;
  if (ticket_->complete)
    return plan_.scan && plan_.scan->requests != ticket_->accepted
             ? result<job_ticket>{refused(ticket_->accepted)}
             : result<job_ticket>{*ticket_};
  if (auto there = go_on_from(ticket_->accepted); !there)
    return there.error();
  for (auto& p : unanswered_)
    send(p);
  for (;;) {
    while (unanswered_.size() < parts_unanswered && !ended_) {
      if (auto read = read_part(); !read)
        return read.error();
      send(unanswered_.back());
    }
    if (answers_.empty())
      return error{errc::internal, "the head took every part of the job, but not its end"};
    auto answer = answers_.front().wait();
    answers_.pop_front();
    if (!answer)
      return answer.error();
    ticket_ = *answer;
    unanswered_.pop_front();
    if (plan_.progress)
      plan_.progress(ticket_->accepted);
    if (ticket_->complete)
      return *ticket_;
  }
}

/// The head has all requests below `index`: drops ours below it.
result<void> job_upload::go_on_from(uint64_t index) {
  while (!unanswered_.empty() && unanswered_.front().end() <= index &&
         !unanswered_.front().what.complete)
    unanswered_.pop_front();
  const bool in_memory = unanswered_.empty()
                           ? reader_ && index == read_
                           : index >= unanswered_.front().what.first && index <= read_;
  if (in_memory)
    return {};
  if (reader_ && !plan_.scan)
    return error{errc::input_changed, "the head at " + head_.address() +
                                        " no longer has what it took of " + plan_.input +
                                        ", and a pipe cannot be read again"};
  if (plan_.scan && index > plan_.scan->requests)
    return refused(index);
  io::reader_options options;
  options.lines = plan_.lines;
  options.line_max = plan_.line_max;
  options.first_index = index;
  if (plan_.scan)
    options.expected_hash = plan_.scan->hash;
  auto reader = io::request_reader::open(plan_.input, std::move(options));
  if (!reader)
    return reader.error();
  reader_.emplace(std::move(*reader));
  unanswered_.clear();
  read_ = index;
  ended_ = false;
  return {};
}

result<void> job_upload::read_part() {
  part next;
  next.what.first = read_;
  size_t bytes = 0;
  while (next.what.requests.size() < part_requests && bytes < part_bytes) {
    if (auto ready = wait_for_input(); !ready)
      return ready.error();
    auto request = reader_->next();
    if (!request)
      return request.error();
    if (!*request) {
      ended_ = true;
      break;
    }
    if (plan_.strict && (*request)->rejection)
      return error{errc::invalid_input,
                   (*request)->rejection->context +
                     " (--strict is set; nothing of the job was sent to a provider)"};
    bytes += request_overhead + ((*request)->body ? (*request)->body->size() : 0);
    next.what.requests.push_back(std::make_shared<const core::request>(std::move(**request)));
  }
  next.what.complete = ended_;
  read_ += next.what.requests.size();
  unanswered_.push_back(std::move(next));
  return {};
}

/// Waits until standard input has more, so that an interruption is seen while it is silent.
result<void> job_upload::wait_for_input() {
  while (plan_.input == "-" && !reader_->has_more_buffered()) {
    pollfd waiting{STDIN_FILENO, POLLIN, 0};
    if (::poll(&waiting, 1, look_up_ms) != 0)
      break;
    if (head_.is_interrupted())
      return error{errc::cancelled, "interrupted"};
  }
  if (head_.is_interrupted())
    return error{errc::cancelled, "interrupted"};
  return {};
}

void job_upload::send(const part& p) {
  auto what = p.what;
  what.job = ticket_->job;
  answers_.push_back(head_.start<job_ticket>(answer_within, atom::add_v, std::move(what)));
}

error job_upload::refused(uint64_t held) const {
  return {errc::invalid_config,
          "the idempotency key belongs to job " + std::to_string(ticket_->job) + " with " +
            std::to_string(held) + " requests already, and " + plan_.input + " has " +
            std::to_string(plan_.scan->requests) + "; a job of its own needs a key of its own"};
}

} // namespace penstock::cli
