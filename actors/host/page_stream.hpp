#pragma once

#include "actors/host/head_session.hpp"
#include "actors/host/page_rules.hpp"

#include <optional>

namespace penstock::actors {

/// What to say of a job whose number means another one now, or none.
error another_job(const head_session& head, uint64_t job);

/// The outcomes of a job, page by page, in order and as they come, for a thread that may block. The
/// stream asks for the next page in advance. After a broken connection it connects again and goes
/// on. It refuses a head that has another job with this number now: it was
/// started with another store.
class page_stream {
public:
  /// @param head Must outlive this object.
  page_stream(head_session& head, uint64_t job, page_options options);
  /// @param job As the head described it before.
  page_stream(head_session& head, const job_info& job, page_options options);

  /// The next page. It is empty only at the end.
  result<results_page> next();
  /// Whether the last page was the last one of all.
  bool ended() const noexcept { return ended_; }

private:
  result<results_page> ask_until_there();
  result<void> check_same();
  void ask();

  head_session& head_;
  uint64_t job_;
  page_options options_;                              ///< `from`: the next index to read.
  std::optional<pending_answer<results_page>> ahead_; ///< The answer to the query that was sent.
  uint64_t asked_at_ = 0;                             ///< Connection of that query.
  std::optional<job_info> known_; ///< The job, as the first connection showed it.
  uint64_t generation_ = 0;       ///< The connection on which the job was checked; 0: none.
  bool ended_ = false;
};

} // namespace penstock::actors
