#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace penstock::core {

/// What `reorder_buffer::offer` did with an item.
enum class offer_result : uint8_t {
  accepted,
  duplicate, ///< The index was released or is held already; the item was dropped.
  outside,   ///< The index lies beyond the window; the item was dropped (a bug of the caller).
};

/// Holds items until all before them are there: in any order in, in order out. Bounded by a window
/// of entries, of which it takes memory for those in use; the bytes held are counted for whoever
/// throttles the input. One owner.
template <class T>
class reorder_buffer {
public:
  /// Expects `next` first and takes indexes below `next + entries_max`.
  /// @pre `entries_max > 0`
  reorder_buffer(uint64_t next, size_t entries_max) : entries_max_{entries_max}, next_{next} {}

  /// Takes an item of `bytes` bytes at `index`.
  offer_result offer(uint64_t index, size_t bytes, T item) {
    if (index < next_)
      return offer_result::duplicate;
    const auto place = index - next_;
    if (place >= entries_max_)
      return offer_result::outside;
    if (place >= slots_.size())
      slots_.resize(place + 1);
    auto& slot = slots_[place];
    if (slot)
      return offer_result::duplicate;
    slot.emplace(std::move(item), bytes);
    ++held_;
    bytes_ += bytes;
    return offer_result::accepted;
  }

  /// Hands the items that are due, in order, to `take(T&&)`. @returns how many there were.
  template <class Take>
  size_t release(Take&& take) {
    size_t released = 0;
    while (!slots_.empty() && slots_.front()) {
      bytes_ -= slots_.front()->second;
      take(std::move(slots_.front()->first));
      slots_.pop_front();
      ++next_;
      ++released;
    }
    held_ -= released;
    return released;
  }

  /// The index that must come next.
  uint64_t next() const noexcept { return next_; }
  /// Items waiting for their turn.
  size_t held() const noexcept { return held_; }
  /// Their bytes, as offered.
  size_t held_bytes() const noexcept { return bytes_; }

private:
  std::deque<std::optional<std::pair<T, size_t>>> slots_; ///< From `next_` to the last one held.
  size_t entries_max_;
  uint64_t next_;
  size_t held_ = 0;
  size_t bytes_ = 0;
};

} // namespace penstock::core
