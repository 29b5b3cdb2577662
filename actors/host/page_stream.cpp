#include "actors/host/page_stream.hpp"

namespace penstock::actors {

namespace {

/// A head with a slow disk may take long.
constexpr duration page_within = std::chrono::seconds{60};

} // namespace

error another_job(const head_session& head, uint64_t job) {
  return {errc::not_found, "the head at " + head.address() +
                             " no longer has the job that was number " + std::to_string(job) +
                             ": it was started on another store"};
}

page_stream::page_stream(head_session& head, uint64_t job, page_options options)
    : head_{head}, job_{job}, options_{options} {}

page_stream::page_stream(head_session& head, const job_info& job, page_options options)
    : head_{head}, job_{job.id}, options_{options}, known_{job}, generation_{head.generation()} {}

void page_stream::ask() {
  asked_at_ = head_.generation();
  const auto query = page_query(job_, options_);
  ahead_ = head_.start<results_page>(page_within + query.wait, atom::results_v, query);
}

result<results_page> page_stream::next() {
  if (ended_)
    return results_page{job_, options_.from, {}, true, job_state::completed};
  return head_.persist([this] { return ask_until_there(); });
}

/// A head that was started with another store may have another job with this number.
result<void> page_stream::check_same() {
  const auto generation = head_.generation();
  if (generation_ == generation || (!options_.comes_back && !known_))
    return {};
  auto now = head_.ask<job_info>(page_within, atom::info_v, job_);
  if (!now && (now.error().code != errc::not_found || !known_))
    return now.error();
  if (!now || (known_ && (now->created != known_->created || now->tenant != known_->tenant ||
                          now->idempotency_key != known_->idempotency_key)))
    return another_job(head_, job_);
  known_ = std::move(*now);
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
    if (!page->items.empty() && page->from != options_.from)
      return error{errc::corrupt, "the head answered with outcome " + std::to_string(page->from) +
                                    " instead of " + std::to_string(options_.from)};
    options_.from += page->items.size();
    const auto step = step_after(*page, options_);
    ended_ = step == page_step::end;
    if (step == page_step::ask)
      ask();
    if (step == page_step::pause)
      page->end = false;
    if (!page->items.empty() || ended_)
      return page;
    if (step == page_step::pause && !head_.pause(page_pause))
      return error{errc::cancelled, "interrupted"};
  }
}

} // namespace penstock::actors
