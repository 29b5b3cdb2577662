#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace penstock::core {

/// Maps ids to small values: open addressing with linear probing in one array, so that neither
/// insert nor erase touches the allocator once the table has grown to its working size.
template <class T>
class id_table {
public:
  /// The value of `id`, or null. Valid until the next insert or erase.
  T* find(uint64_t id) {
    if (size_ == 0)
      return nullptr;
    for (size_t i = home(id); slots_[i].used; i = next(i))
      if (slots_[i].id == id)
        return &slots_[i].value;
    return nullptr;
  }
  const T* find(uint64_t id) const { return const_cast<id_table*>(this)->find(id); }

  /// Adds `value`. @pre `id` is not there.
  void insert(uint64_t id, T value) {
    if (slots_.size() < 2 * (size_ + 1))
      grow();
    size_t i = home(id);
    while (slots_[i].used)
      i = next(i);
    slots_[i] = slot{id, true, std::move(value)};
    ++size_;
  }

  /// Removes and returns the value of `id`.
  std::optional<T> take(uint64_t id) {
    if (size_ == 0)
      return std::nullopt;
    size_t i = home(id);
    while (slots_[i].used && slots_[i].id != id)
      i = next(i);
    if (!slots_[i].used)
      return std::nullopt;
    std::optional<T> result{std::move(slots_[i].value)};
    // Moves later entries of the run back, so that no search stops short at the hole.
    for (size_t j = next(i); slots_[j].used; j = next(j)) {
      const size_t h = home(slots_[j].id);
      const bool stays = i < j ? (i < h && h <= j) : (i < h || h <= j);
      if (stays)
        continue;
      slots_[i] = std::move(slots_[j]);
      i = j;
    }
    slots_[i].used = false;
    --size_;
    return result;
  }

  /// Calls `f(id, value)` for all, in no order. `f` must not change the table.
  template <class F>
  void for_each(F f) const {
    for (const auto& s : slots_)
      if (s.used)
        f(s.id, s.value);
  }

  size_t size() const { return size_; }

private:
  struct slot {
    uint64_t id = 0;
    bool used = false;
    T value{};
  };
  // Multiplies by 2^64 / phi: consecutive ids, the common case, spread evenly.
  size_t home(uint64_t id) const { return (id * 0x9E3779B97F4A7C15ull) >> shift_; }
  size_t next(size_t i) const { return (i + 1) & (slots_.size() - 1); }
  void grow() {
    auto old = std::move(slots_);
    slots_ = std::vector<slot>(old.empty() ? 16 : old.size() * 2);
    shift_ = old.empty() ? 60 : shift_ - 1;
    size_ = 0;
    for (auto& s : old)
      if (s.used)
        insert(s.id, std::move(s.value));
  }

  std::vector<slot> slots_; // A power of two, at most half full.
  int shift_ = 60;          // 64 - log2(slots_.size()).
  size_t size_ = 0;
};

} // namespace penstock::core
