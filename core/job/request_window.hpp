#pragma once

#include "core/base/request.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace penstock::core {

/// Where a request of the window stands.
enum class request_state : uint8_t {
  ready,     ///< May be handed out.
  in_flight, ///< Handed out; its result must carry the current epoch.
  carried,   ///< Failed degradably; waits for the next mode.
  held,      ///< Its lane takes nothing now.
  suspected, ///< Ready, but it may be what kills its workers: it waits to run alone.
  done,      ///< Has its outcome, which waits to be written.
};

/// One request between its reading and the writing of its outcome.
struct window_entry {
  std::shared_ptr<const request> what; ///< Dropped once done.
  request_state state = request_state::ready;
  uint32_t epoch = 0;  ///< Of the last hand-out.
  uint64_t node = 0;   ///< Of the last hand-out.
  uint32_t losses = 0; ///< Hand-outs in a row whose worker or node died.
  std::shared_ptr<const outcome>
    last;                       ///< Of the last hand-out that did not end it, with its spending.
  double cost = 0;              ///< Dollars that earlier hand-outs spent.
  uint32_t packed_attempts = 0; ///< Exchanges of packs it was in; the job counts them once.
  uint32_t packed_rate_limited = 0; ///< Of these, answered 429.
  uint32_t excused = 0; ///< Of these, answered without it: they use up none of its attempts.
  uint64_t turn = 0;    ///< Number of its last hand-out among all of the job; 0: none.
};

/// The requests of a job that were read and are not yet written, with their states and epochs.
/// Fresh requests are handed out in order; returned ones go before them. What was lost
/// `suspected_after` times in a row is set aside instead. Pure; one owner.
class request_window {
public:
  static constexpr uint32_t suspected_after = 2;

  /// Expects index `first` first. Epochs start above `epoch_base`, so that results for an earlier
  /// life of the job are refused.
  explicit request_window(uint64_t first = 0, uint32_t epoch_base = 0)
      : begin_{first}, fresh_{first}, epoch_base_{epoch_base} {}

  uint64_t begin() const noexcept { return begin_; }
  uint64_t end() const noexcept { return begin_ + entries_.size(); }
  size_t size() const noexcept { return entries_.size(); }
  /// Bytes of the bodies of requests that are not done.
  uint64_t bytes() const noexcept { return bytes_; }
  size_t count(request_state s) const noexcept { return counts_[static_cast<size_t>(s)]; }

  /// Appends the request with index `end()`. A null one is done already (a recorded result).
  void push(std::shared_ptr<const request> what);
  /// The entry at `index`, or null if it is not in the window.
  window_entry* find(uint64_t index) noexcept;
  /// The same, to look at.
  const window_entry* peek(uint64_t index) const noexcept {
    return const_cast<request_window*>(this)->find(index);
  }
  /// Whether a result of `epoch` for `index` is the one we wait for.
  bool is_current(uint64_t index, uint32_t epoch) const noexcept;

  /// The request to hand out next; `below` bounds it. Stays ready until `hand_out`.
  std::optional<uint64_t> next_ready(uint64_t below = UINT64_MAX);
  /// Marks a ready or suspected request as in flight on `node`. @returns its new epoch.
  uint32_t hand_out(uint64_t index, uint64_t node);
  /// Moves a request that is not done to `to` (not `done`); a suspected one that would be ready
  /// becomes `suspected`.
  void move(uint64_t index, request_state to);
  /// Ends a request: its body is dropped, its place stays until `pop_below`.
  void finish(uint64_t index);
  /// Forgets what is written.
  void pop_below(uint64_t index);

  /// Indexes in `s`, in order.
  std::vector<uint64_t> all(request_state s) const;
  /// The lowest index in `s` (not ready or done), if any.
  std::optional<uint64_t> lowest(request_state s) const;
  /// What is in flight on `node`.
  std::vector<uint64_t> on_node(uint64_t node) const;
  /// The end of the finished prefix: all below is done.
  uint64_t done_below() const noexcept;

private:
  window_entry& at(uint64_t index) noexcept { return entries_[index - begin_]; }
  const window_entry& at(uint64_t index) const noexcept { return entries_[index - begin_]; }
  void set_state(uint64_t index, request_state to);

  std::deque<window_entry> entries_;
  uint64_t begin_;
  uint64_t fresh_; ///< All ready ones from here on were never handed out.
  uint32_t epoch_base_;
  uint64_t bytes_ = 0;
  size_t counts_[6] = {};
  std::set<uint64_t> returned_; ///< Ready again, below `fresh_`.
  std::set<uint64_t> aside_[6]; ///< By state; used for carried, held and suspected.
};

} // namespace penstock::core
