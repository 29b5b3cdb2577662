#pragma once

#include <cstdint>

namespace penstock::core {

/// The step of SplitMix64 (2^64 divided by the golden ratio). Also a good odd factor for hashes.
inline constexpr uint64_t random_step = 0x9E3779B97F4A7C15u;

/// Spreads the bits of `x`: the last part of SplitMix64. Equal inputs give equal outputs.
constexpr uint64_t spread_bits(uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// The next number of SplitMix64. `state` is the seed before the first call.
constexpr uint64_t next_random(uint64_t& state) noexcept {
  return spread_bits(state += random_step);
}

/// 53 random bits as a number in [0, 1).
constexpr double to_unit_interval(uint64_t bits) noexcept {
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

} // namespace penstock::core
