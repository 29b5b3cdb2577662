#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace penstock::core {

/// The result of `reorder_buffer::offer`.
enum class offer_result : uint8_t {
  accepted,
  duplicate, ///< The index was released or is held already; the item was dropped.
  outside,   ///< The index lies beyond the window; the item was dropped (a bug of the caller).
};

/// Accepts items in any order and releases them in order. It accepts only indexes within a window,
/// and needs memory only for the places in use. The caller may read `held_bytes` to slow its input.
/// One owner.
template <class T>
class reorder_buffer {
public:
  /// Releases `next` first, and accepts indexes below `next + entries_max`.
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

  /// Gives the items without a gap before them, in order, to `take(T&&)`. @returns their number.
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

  /// The index that is released next.
  uint64_t next() const noexcept { return next_; }
  /// Number of items that wait for an earlier one.
  size_t held() const noexcept { return held_; }
  /// Bytes of these items, as offered.
  size_t held_bytes() const noexcept { return bytes_; }

private:
  std::deque<std::optional<std::pair<T, size_t>>> slots_; ///< From `next_` to the last item held.
  size_t entries_max_;
  uint64_t next_;
  size_t held_ = 0;
  size_t bytes_ = 0;
};

} // namespace penstock::core
