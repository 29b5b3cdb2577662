#include "apps/penstock/client/job_follow.hpp"

#include "actors/host/page_stream.hpp"
#include "core/io/file/line_fetcher.hpp"
#include "core/io/file/output_paths.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace penstock::cli {

namespace {

constexpr uint64_t page_bytes = 2u << 20;
/// Lines that stay, from which on it pays to ask anew behind them.
constexpr uint64_t worth_skipping = 1024;

/// Whether the job has other results than the lines of a file that did not complete.
class staleness {
public:
  staleness(head_session& head, uint64_t job, io::line_fetcher lines)
      : head_{head}, job_{job}, lines_{std::move(lines)} {}

  /// @param count Lines of the file.
  result<bool> look(uint64_t count) {
    for (uint64_t index = 0, at = 0; index < count; ++index) {
      auto line = lines_.at(at);
      if (!line)
        return line.error();
      at += line->size();
      const auto record = core::parse_output_line(*line);
      if (!record)
        return record.error();
      if (record->state == core::outcome_state::completed) {
        if (auto same = compare(); !same || !*same)
          return same ? result<bool>{true} : same;
        continue;
      }
      if (group_.empty())
        first_ = index;
      group_.emplace_back(*line);
      if (group_.size() == group_max)
        if (auto same = compare(); !same || !*same)
          return same ? result<bool>{true} : same;
    }
    auto same = compare();
    return same ? result<bool>{!*same} : same;
  }

private:
  static constexpr size_t group_max = 256;

  /// Whether the head has the same lines as the group, which begins at `first_`.
  result<bool> compare() {
    for (size_t done = 0; done < group_.size();) {
      results_query query;
      query.job = job_;
      query.from = first_ + done;
      query.count_max = static_cast<uint32_t>(group_.size() - done);
      query.bytes_max = page_bytes;
      auto page = head_.persist(
        [&] { return head_.ask<results_page>(answer_within, atom::results_v, query); });
      if (!page)
        return page.error();
      if (page->items.empty())
        return false; // They are open: the job runs again.
      for (auto& item : page->items)
        if (done == group_.size() || line_of(item) != group_[done++])
          return false;
    }
    group_.clear();
    return true;
  }

  head_session& head_;
  uint64_t job_;
  io::line_fetcher lines_;
  std::vector<std::string> group_;
  uint64_t first_ = 0;
};

} // namespace

result<outcome_output> made_current(head_session& head, const job_info& job, outcome_place place,
                                    outcome_output out) {
  if (!out.is_resumable() || out.is_rebuilding() ||
      out.totals().completed == out.totals().requests())
    return out;
  auto lines = io::line_fetcher::open(io::canonical_path(place.output));
  if (!lines)
    return lines.error();
  auto stale = staleness{head, job.id, std::move(*lines)}.look(out.totals().requests());
  if (!stale)
    return stale.error();
  if (!*stale)
    return out;
  { const auto closed = std::move(out); } // Frees its lock.
  place.restart = false;
  place.refresh = true;
  return outcome_output::open(std::move(place));
}

result<follow_end> follow_job(head_session& head, const job_info& job, outcome_output& out,
                              bool wait) {
  for (;;) {
    actors::page_stream pages{
      head, job, {.from = out.next_index(), .comes_back = wait, .waits = wait}};
    for (;;) {
      const auto page = pages.next();
      if (!page)
        return page.error();
      if (auto written = out.write(*page); !written)
        return written.error();
      if (pages.ended())
        return follow_end{page->end, page->state};
      if (out.next_index() > page->from + page->items.size() + worth_skipping)
        break;
    }
  }
}

result<job_info> info_of(head_session& head, uint64_t job) {
  return head.persist([&] { return head.ask<job_info>(answer_within, atom::info_v, job); });
}

} // namespace penstock::cli
