#pragma once

#include <cstdint>

namespace penstock::core {

/// Random numbers that depend on nothing but their seed and stream: the same on every machine,
/// whatever else is drawn.
class load_random {
public:
  explicit load_random(uint64_t seed, uint64_t stream = 0);
  uint64_t next();
  double uniform();     ///< [0, 1)
  double normal();      ///< Mean 0, deviation 1.
  double exponential(); ///< Mean 1.

private:
  uint64_t state_;
};

/// How sizes are spread.
enum class load_shape : uint8_t { constant, uniform, normal, lognormal, zipf };

/// A size to be drawn. All shapes keep to [min, max].
struct load_distribution {
  load_shape shape = load_shape::constant;
  double value = 1;  ///< Constant: the size. Normal: the mean. Lognormal: the median.
  double spread = 0; ///< Normal: the deviation. Lognormal: sigma. Zipf: the exponent.
  uint64_t min = 0;  ///< Zipf: the most frequent size.
  uint64_t max = UINT64_MAX;
};

/// Draws one size. @pre `min <= max`; for zipf the exponent is positive and max finite.
uint64_t draw(const load_distribution& from, load_random& random);

} // namespace penstock::core
