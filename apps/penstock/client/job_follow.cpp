#include "apps/penstock/client/job_follow.hpp"

namespace penstock::cli {

namespace {

/// How long the head waits for an outcome before it answers.
constexpr duration long_poll = std::chrono::seconds{20};
/// Pause before the next question after the head has interrupted a job because it stops.
constexpr duration stopped_pause = std::chrono::milliseconds{500};
constexpr uint32_t page_outcomes = 1024;
constexpr uint64_t page_bytes = 2u << 20;

/// Follows one job over one connection.
class page_reader {
public:
  page_reader(head_session& head, const job_info& job, outcome_output& out, bool wait)
      : head_{head}, job_{job}, out_{out}, wait_{wait} {}

  /// Runs until the end of the job, or until the connection breaks.
  result<follow_end> run() {
    if (generation_ != 0 && generation_ != head_.generation())
      if (auto same = check_same(); !same)
        return same.error();
    generation_ = head_.generation();
    auto next = ask(out_.next_index());
    for (;;) {
      auto page = next.wait();
      if (!page)
        return page.error();
      const auto behind = page->from + page->items.size();
      const bool over = page->end || (page->items.empty() && !wait_);
      if (!over)
        next = ask(behind);
      if (!page->items.empty() && page->from != out_.next_index())
        return error{errc::corrupt, "the head answered with outcome " + std::to_string(page->from) +
                                      " instead of " + std::to_string(out_.next_index())};
      if (auto written = out_.write(*page); !written)
        return written.error();
      if (!over)
        continue;
      // A head that stops leaves its jobs `interrupted`. They go on when it starts again.
      if (wait_ && page->end && page->state == job_state::interrupted) {
        if (!head_.pause(stopped_pause))
          return error{errc::cancelled, "interrupted"};
        next = ask(out_.next_index());
        continue;
      }
      return follow_end{page->end, page->state};
    }
  }

private:
  pending_answer<results_page> ask(uint64_t from) {
    results_query query;
    query.job = job_.id;
    query.from = from;
    query.count_max = page_outcomes;
    query.bytes_max = page_bytes;
    query.wait = wait_ ? long_poll : duration{};
    return head_.start<results_page>(answer_within + query.wait, atom::results_v, query);
  }

  /// A head that was started with another store has other numbers of jobs.
  result<void> check_same() {
    auto now = head_.ask<job_info>(answer_within, atom::info_v, job_.id);
    if (!now && now.error().code != errc::not_found)
      return now.error();
    if (!now || now->created != job_.created || identity_of(*now) != identity_of(job_))
      return another_job(head_, job_.id);
    return {};
  }

  head_session& head_;
  const job_info& job_;
  outcome_output& out_;
  bool wait_;
  uint64_t generation_ = 0; ///< Number of the connection; 0: the first.
};

} // namespace

error another_job(const head_session& head, uint64_t job) {
  return {errc::not_found, "the head at " + head.address() +
                             " no longer has the job that was number " + std::to_string(job) +
                             ": it was started on another store"};
}

result<follow_end> follow_job(head_session& head, const job_info& job, outcome_output& out,
                              bool wait) {
  page_reader reader{head, job, out, wait};
  return head.persist([&] { return reader.run(); });
}

result<job_info> info_of(head_session& head, uint64_t job) {
  return head.persist([&] { return head.ask<job_info>(answer_within, atom::info_v, job); });
}

} // namespace penstock::cli
