#pragma once

#include "actors/host/head_session.hpp"

#include <optional>

namespace penstock::actors {

/// What to read of a job.
struct page_stream_options {
  uint64_t from = 0;   ///< Index of the first outcome wanted.
  bool forget = false; ///< Lets an engine without a durable store drop what was read.
  /// The engine is a head's: if it goes, it comes back and goes on with its jobs.
  bool comes_back = false;
};

/// The outcomes of a job, page by page, in order and as they come, for a thread that may block. The
/// next page is on its way while one is looked at. A connection that breaks is made anew, and the
/// stream goes on where it was.
class page_stream {
public:
  /// @param head Must live as long as this.
  page_stream(head_session& head, uint64_t job, page_stream_options options);

  /// The next page; it is empty only at the end of the job, and then once and for all.
  result<results_page> next();

private:
  result<results_page> ask_until_there();
  result<void> check_same();
  void ask();

  head_session& head_;
  results_query query_;                               ///< `from`: the next index wanted.
  std::optional<pending_answer<results_page>> ahead_; ///< The answer to it, on its way.
  uint64_t asked_at_ = 0;          ///< Generation of the connection that it was asked over.
  std::optional<int64_t> created_; ///< When the job was, by the first connection.
  uint64_t generation_ = 0;        ///< Of the connection that we trust.
  bool comes_back_ = false;
  bool ended_ = false;
};

} // namespace penstock::actors
