#pragma once

#include "actors/host/head_session.hpp"

#include <optional>

namespace penstock::actors {

/// Options for reading the outcomes of a job.
struct page_stream_options {
  uint64_t from = 0;   ///< Index of the first outcome to read.
  bool forget = false; ///< An engine without a durable store may drop what was read.
  /// The engine is at a head: if it stops, it comes back and goes on with its jobs.
  bool comes_back = false;
};

/// The outcomes of a job, page by page, in order and as they come, for a thread that may block. The
/// stream asks for the next page in advance. After a broken connection it connects again and goes
/// on.
class page_stream {
public:
  /// @param head Must outlive this object.
  page_stream(head_session& head, uint64_t job, page_stream_options options);

  /// The next page. It is empty only at the end of the job, and then in every call.
  result<results_page> next();

private:
  result<results_page> ask_until_there();
  result<void> check_same();
  void ask();

  head_session& head_;
  results_query query_;                               ///< `from`: the next index to read.
  std::optional<pending_answer<results_page>> ahead_; ///< The answer to the query that was sent.
  uint64_t asked_at_ = 0;                             ///< Connection of that query.
  std::optional<int64_t> created_; ///< When the job was created, from the first connection.
  uint64_t generation_ = 0;        ///< The connection on which the job was checked.
  bool comes_back_ = false;
  bool ended_ = false;
};

} // namespace penstock::actors
