#include "core/load/load_draw.hpp"
#include "core/base/random.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::core {

namespace {

/// Zipf's law by rejection-inversion (Hörmann and Derflinger 1996): time and memory do not depend
/// on the number of ranks.
class zipf_law {
public:
  zipf_law(double ranks, double exponent) : ranks_{ranks}, exponent_{exponent} {
    first_ = integral(1.5) - 1;
    last_ = integral(ranks_ + 0.5);
    sure_ = 2 - inverse(integral(2.5) - density(2));
  }

  /// A rank from 1 on.
  double draw(load_random& random) const {
    for (;;) {
      const double u = last_ + random.uniform() * (first_ - last_);
      const double x = inverse(u);
      const double k = std::clamp(std::floor(x + 0.5), 1.0, ranks_);
      if (k - x <= sure_ || u >= integral(k + 0.5) - density(k))
        return k;
    }
  }

private:
  double density(double x) const { return std::exp(-exponent_ * std::log(x)); }
  double integral(double x) const {
    const double l = std::log(x), t = (1 - exponent_) * l;
    return l * (std::abs(t) > 1e-8 ? std::expm1(t) / t : 1 + t / 2);
  }
  double inverse(double x) const {
    const double t = std::max(-1.0, x * (1 - exponent_));
    return std::exp(x * (std::abs(t) > 1e-8 ? std::log1p(t) / t : 1 - t / 2));
  }

  double ranks_, exponent_, first_ = 0, last_ = 0, sure_ = 0;
};

uint64_t rounded(double x, const load_distribution& within) {
  if (!(x > static_cast<double>(within.min)))
    return within.min;
  if (x >= static_cast<double>(within.max))
    return within.max;
  return std::clamp(static_cast<uint64_t>(x + 0.5), within.min, within.max);
}

} // namespace

load_random::load_random(uint64_t seed, uint64_t stream)
    : state_{spread_bits(seed + random_step) ^ spread_bits(stream * random_step + 1)} {}

uint64_t load_random::next() { return next_random(state_); }

double load_random::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

double load_random::normal() {
  const double u = 1 - uniform(); // (0, 1]: the logarithm is finite.
  return std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * uniform());
}

double load_random::exponential() { return -std::log(1 - uniform()); }

uint64_t draw(const load_distribution& from, load_random& random) {
  switch (from.shape) {
  case load_shape::constant: return rounded(from.value, from);
  case load_shape::uniform: {
    const auto width = static_cast<double>(from.max - from.min) + 1;
    return std::min(from.max, from.min + static_cast<uint64_t>(random.uniform() * width));
  }
  case load_shape::normal: return rounded(from.value + from.spread * random.normal(), from);
  case load_shape::lognormal:
    return rounded(from.value * std::exp(from.spread * random.normal()), from);
  case load_shape::zipf: {
    const zipf_law law{static_cast<double>(from.max - from.min) + 1, from.spread};
    return std::min(from.max, from.min + static_cast<uint64_t>(law.draw(random)) - 1);
  }
  }
  return from.min;
}

} // namespace penstock::core
