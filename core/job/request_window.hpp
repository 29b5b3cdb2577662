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

/// The state of a request in the window.
enum class request_state : uint8_t {
  ready,     ///< May be handed out.
  in_flight, ///< Handed out; only a result with the current epoch counts.
  carried,   ///< Failed, but the next mode may do better; waits for it.
  held,      ///< Its lanes are closed for now.
  suspected, ///< Ready, but it may have killed its workers; waits to run alone.
  done,      ///< Has its outcome, which is not written yet.
};

/// One request, from reading it until its outcome is written.
struct window_entry {
  std::shared_ptr<const request> what; ///< Null when the request is done.
  request_state state = request_state::ready;
  uint32_t epoch = 0;  ///< Of the last hand-out.
  uint64_t node = 0;   ///< Of the last hand-out.
  uint32_t losses = 0; ///< Hand-outs in a row whose worker or node died.
  /// Outcome of the last hand-out that was not final; it counts the attempts so far.
  std::shared_ptr<const outcome> last;
  double cost = 0;                  ///< US dollars spent by earlier hand-outs.
  uint32_t packed_attempts = 0;     ///< Attempts of its packs. The job counts each of them once.
  uint32_t packed_rate_limited = 0; ///< Attempts of its packs answered with 429.
  /// Attempts that do not count: those of its packs that answered other requests, and tests of a
  /// lane that was down.
  uint32_t excused = 0;
  uint64_t turn = 0; ///< Number of its last hand-out among those of the job; 0: none.
};

/// The requests of a job that are read and not yet written, with their states and epochs. New
/// requests are handed out in order; requests that came back go before them. A request that was
/// lost `suspected_after` times in a row becomes `suspected`. Pure; one owner.
class request_window {
public:
  static constexpr uint32_t suspected_after = 2;

  /// The window begins at index `first`. Epochs start above `epoch_base`, so that results of an
  /// earlier life of the job are refused.
  explicit request_window(uint64_t first = 0, uint32_t epoch_base = 0)
      : begin_{first}, fresh_{first}, epoch_base_{epoch_base} {}

  uint64_t begin() const noexcept { return begin_; }
  uint64_t end() const noexcept { return begin_ + entries_.size(); }
  size_t size() const noexcept { return entries_.size(); }
  /// Bytes of the bodies of requests that are not done.
  uint64_t bytes() const noexcept { return bytes_; }
  size_t count(request_state s) const noexcept { return counts_[static_cast<size_t>(s)]; }

  /// Appends the request with index `end()`. Null: it is done already (a recorded result).
  void push(std::shared_ptr<const request> what);
  /// The entry at `index`, or null if it is not in the window.
  window_entry* find(uint64_t index) noexcept;
  /// The same for reading.
  const window_entry* peek(uint64_t index) const noexcept {
    return const_cast<request_window*>(this)->find(index);
  }
  /// Whether we wait for a result of `epoch` for `index`.
  bool is_current(uint64_t index, uint32_t epoch) const noexcept;

  /// The next ready request below index `below`. It stays ready until `hand_out`.
  std::optional<uint64_t> next_ready(uint64_t below = UINT64_MAX);
  /// Marks a ready or suspected request as in flight on `node`. @returns its new epoch.
  uint32_t hand_out(uint64_t index, uint64_t node);
  /// Moves a request that is not done to the state `to` (not `done`). A suspect that would become
  /// `ready` becomes `suspected`.
  void move(uint64_t index, request_state to);
  /// Ends a request and drops its body. Its entry stays until `pop_below`.
  void finish(uint64_t index);
  /// Removes the entries below `index`: they are written.
  void pop_below(uint64_t index);

  /// Indexes of the requests in state `s`, in order.
  std::vector<uint64_t> all(request_state s) const;
  /// The lowest index in state `s` (not `ready` or `done`), if any.
  std::optional<uint64_t> lowest(request_state s) const;
  /// Indexes of the requests in flight on `node`.
  std::vector<uint64_t> on_node(uint64_t node) const;
  /// The first index that is not done.
  uint64_t done_below() const noexcept;

private:
  window_entry& at(uint64_t index) noexcept { return entries_[index - begin_]; }
  const window_entry& at(uint64_t index) const noexcept { return entries_[index - begin_]; }
  void set_state(uint64_t index, request_state to);

  std::deque<window_entry> entries_;
  uint64_t begin_;
  uint64_t fresh_; ///< Ready requests from here on were never handed out.
  uint32_t epoch_base_;
  uint64_t bytes_ = 0;
  size_t counts_[6] = {};
  std::set<uint64_t> returned_; ///< Requests below `fresh_` that are ready again.
  std::set<uint64_t> aside_[6]; ///< By state; used for `carried`, `held` and `suspected`.
};

} // namespace penstock::core
