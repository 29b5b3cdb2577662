#pragma once

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

/// Spreads the bits of `x` (the finalizer of splitmix64).
constexpr uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

/// Random numbers that depend on nothing but the seed: the same request meets the same fate in
/// every run, in whatever order requests arrive.
class mock_random {
public:
  explicit mock_random(uint64_t seed) : state_(seed) {}
  uint64_t next() { return mix(state_++); }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; } ///< [0, 1)
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
