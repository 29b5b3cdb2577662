#include "core/base/checksum.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace penstock::core {

namespace {

// One step. Xor, multiplication with an odd number and xor-shift can be undone, so two different
// states or words never give the same result.
uint64_t mix(uint64_t state, uint64_t word) noexcept {
  state = (state ^ word) * 0xd6e8feb86659fd93u;
  return state ^ (state >> 32);
}

// Always little-endian, because the values are stored on disk.
uint64_t load(const void* bytes) noexcept {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big)
    word = __builtin_bswap64(word);
  return word;
}

} // namespace

void running_checksum::update(std::string_view bytes) noexcept {
  if (bytes.empty())
    return;
  const size_t held = length_ % 8;
  length_ += bytes.size();
  if (held > 0) {
    const size_t wanted = std::min(8 - held, bytes.size());
    std::memcpy(tail_ + held, bytes.data(), wanted);
    if (held + wanted < 8)
      return;
    state_ = mix(state_, load(tail_));
    bytes.remove_prefix(wanted);
  }
  auto state = state_;
  for (; bytes.size() >= 8; bytes.remove_prefix(8))
    state = mix(state, load(bytes.data()));
  state_ = state;
  std::copy(bytes.begin(), bytes.end(), tail_);
}

uint64_t running_checksum::value() const noexcept {
  unsigned char last[8] = {};
  std::memcpy(last, tail_, length_ % 8);
  return mix(mix(mix(state_, load(last)), length_), 0);
}

uint64_t checksum(std::string_view bytes) noexcept {
  running_checksum sum;
  sum.update(bytes);
  return sum.value();
}

} // namespace penstock::core
