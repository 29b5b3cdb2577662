#pragma once

#include "core/base/random.hpp"

#include <cmath>
#include <cstdint>
#include <string_view>

namespace penstock::mock {

/// FNV-1a over `bytes`, eight at a time would be faster; a body of 1 KB costs about a microsecond.
constexpr uint64_t fnv1a(std::string_view bytes, uint64_t h = 0xcbf29ce484222325ull) {
  for (char c : bytes)
    h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return h;
}

/// A number that looks random and depends only on `x`.
constexpr uint64_t mix(uint64_t x) { return core::next_random(x); }

/// Random numbers that depend only on the seed: the same request gets the same faults in every run,
/// for any order of requests.
class mock_random {
public:
  explicit mock_random(uint64_t seed) : state_(seed) {}
  uint64_t next() { return mix(state_++); }
  double uniform() { return core::to_unit_interval(next()); } ///< [0, 1)
  double normal() {
    const double u = 1 - uniform(); // (0, 1]: the logarithm is finite.
    return std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * uniform());
  }
  /// Log-normal with this median.
  double lognormal(double median, double sigma) { return median * std::exp(sigma * normal()); }

private:
  uint64_t state_;
};

} // namespace penstock::mock
