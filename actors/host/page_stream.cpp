#include "actors/host/page_stream.hpp"

namespace penstock::actors {

namespace {

constexpr duration answer_within = std::chrono::seconds{30};
/// How long the engine waits for an outcome before it answers.
constexpr duration long_poll = std::chrono::seconds{20};
/// Pause before the next question after a head has interrupted a job because it stops.
constexpr duration stopped_pause = std::chrono::milliseconds{500};
constexpr uint32_t page_outcomes = 1024;
constexpr uint64_t page_bytes = 2u << 20;

} // namespace

page_stream::page_stream(head_session& head, uint64_t job, page_stream_options options)
    : head_{head}, comes_back_{options.comes_back} {
  query_.job = job;
  query_.from = options.from;
  query_.count_max = page_outcomes;
  query_.bytes_max = page_bytes;
  query_.wait = long_poll;
  query_.forget = options.forget;
}

void page_stream::ask() {
  asked_at_ = head_.generation();
  ahead_ = head_.start<results_page>(answer_within + query_.wait, atom::results_v, query_);
}

result<results_page> page_stream::next() {
  if (ended_)
    return results_page{query_.job, query_.from, {}, true, job_state::completed};
  return head_.persist([this] { return ask_until_there(); });
}

/// A head that was started with another store may have another job with this number.
result<void> page_stream::check_same() {
  if (!comes_back_ || generation_ == head_.generation())
    return {};
  const auto generation = head_.generation();
  auto now = head_.ask<job_info>(answer_within, atom::info_v, query_.job);
  if (!now)
    return now.error();
  if (created_ && now->created != *created_)
    return error{errc::not_found, "the head at " + head_.address() + " has another job " +
                                    std::to_string(query_.job) +
                                    " now: it was started on another store"};
  created_ = now->created;
  generation_ = generation;
  return {};
}

/// Reads a page over one connection.
result<results_page> page_stream::ask_until_there() {
  for (;;) {
    if (auto same = check_same(); !same)
      return same.error();
    // An answer over an earlier connection says nothing about the present one.
    if (!ahead_ || asked_at_ != head_.generation())
      ask();
    auto page = ahead_->wait();
    ahead_.reset();
    if (!page)
      return page.error();
    if (!page->items.empty() && page->from != query_.from)
      return error{errc::corrupt, "the head answered with outcome " + std::to_string(page->from) +
                                    " instead of " + std::to_string(query_.from)};
    query_.from += page->items.size();
    // A head that stops leaves its jobs `interrupted`. They go on when it starts again.
    const bool stopped = comes_back_ && page->end && page->state == job_state::interrupted;
    if (stopped)
      page->end = false;
    ended_ = page->end;
    if (!ended_ && !stopped)
      ask();
    if (!page->items.empty() || ended_)
      return page;
    if (stopped && !head_.pause(stopped_pause))
      return error{errc::cancelled, "interrupted"};
  }
}

} // namespace penstock::actors
