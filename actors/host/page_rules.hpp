#pragma once

#include "messages/submit.hpp"

/// How the outcomes of a job are read page by page, for every reader of pages: `page_stream` asks
/// and waits, an actor asks and goes on.
namespace penstock::actors {

/// How long the engine waits for an outcome before it answers.
inline constexpr duration page_wait = std::chrono::seconds{20};
/// Pause before the next question about a job that has ended and may go on.
inline constexpr duration page_pause = std::chrono::milliseconds{500};

/// Options for reading the outcomes of a job.
struct page_options {
  uint64_t from = 0;   ///< Index of the first outcome to read.
  bool forget = false; ///< An engine without a durable store may drop what was read.
  /// The engine is at a head: if it stops, it comes back and goes on with its jobs.
  bool comes_back = false;
  bool waits = true; ///< False: only the outcomes that are there now.
};

/// The question for outcomes of `job`.
results_query page_query(uint64_t job, const page_options& options);

/// What to do after a page.
enum class page_step : uint8_t {
  ask,   ///< Ask for the next one.
  pause, ///< The same, after `page_pause`: the job has ended, and may be taken up again.
  end,   ///< There is nothing more to read.
};
page_step step_after(const results_page& page, const page_options& options) noexcept;

} // namespace penstock::actors
