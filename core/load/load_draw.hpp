#pragma once

#include <cstdint>

namespace penstock::core {

/// Random numbers that depend only on seed and stream. They are the same on every machine and do
/// not change when other streams draw more.
class load_random {
public:
  explicit load_random(uint64_t seed, uint64_t stream = 0);
  uint64_t next();
  double uniform();     ///< [0, 1)
  double normal();      ///< Mean 0, standard deviation 1.
  double exponential(); ///< Mean 1.

private:
  uint64_t state_;
};

/// The shape of a distribution of sizes.
enum class load_shape : uint8_t { constant, uniform, normal, lognormal, zipf };

/// A distribution of sizes. Every drawn size is in [min, max].
struct load_distribution {
  load_shape shape = load_shape::constant;
  double value = 1;  ///< Constant: the size. Normal: the mean. Lognormal: the median.
  double spread = 0; ///< Normal: the standard deviation. Lognormal: sigma. Zipf: the exponent.
  uint64_t min = 0;  ///< Zipf: the most frequent size.
  uint64_t max = UINT64_MAX;
};

/// Draws one size. @pre `min <= max`; for zipf the exponent is positive and max finite.
uint64_t draw(const load_distribution& from, load_random& random);

} // namespace penstock::core
