#include "core/io/file/answer_index.hpp"

#include <algorithm>

namespace penstock::io {

namespace {

constexpr uint64_t taken_bit = uint64_t{1} << 63;
constexpr uint64_t open_bit = uint64_t{1} << 62;
constexpr int source_shift = 60;
constexpr uint64_t where_bits = (uint64_t{1} << source_shift) - 1;

} // namespace

void answer_index::add(uint64_t key, uint64_t name, answer_place at) {
  entries_.push_back({key, (at.completed ? 0 : open_bit) |
                             (static_cast<uint64_t>(at.source) << source_shift) |
                             (at.at & where_bits)});
  names_.push_back(name);
}

void answer_index::sort() {
  std::sort(entries_.begin(), entries_.end());
  std::sort(names_.begin(), names_.end());
}

std::optional<answer_place> answer_index::take(uint64_t key) {
  const auto first = std::lower_bound(entries_.begin(), entries_.end(), key,
                                      [](const entry& e, uint64_t k) { return e.key < k; });
  const auto last = std::upper_bound(first, entries_.end(), key,
                                     [](uint64_t k, const entry& e) { return k < e.key; });
  // Those taken come first, because they are taken in order.
  const auto it =
    std::partition_point(first, last, [](const entry& e) { return e.place & taken_bit; });
  if (it == last)
    return std::nullopt;
  const auto place = it->place;
  it->place |= taken_bit;
  return answer_place{static_cast<uint8_t>((place >> source_shift) & 3), (place & open_bit) == 0,
                      place & where_bits};
}

bool answer_index::knows_name(uint64_t name) const noexcept {
  return std::binary_search(names_.begin(), names_.end(), name);
}

} // namespace penstock::io
