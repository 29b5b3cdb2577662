#include "core/lane/token_estimator.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::core {

namespace {

constexpr double default_output_tokens = 1024;
constexpr double weight_min = 0.02;      // About the last 50 samples count.
constexpr uint64_t trusted_samples = 16; // From here on one sample moves the ratio by 4 x at most.
constexpr uint32_t halve_after = 2048;   // Old output lengths fade: a job's answers change.

} // namespace

token_estimator::token_estimator(double tokens_per_byte) : tokens_per_byte_{tokens_per_byte} {}

double token_estimator::output_tokens(uint32_t output_tokens_max) const {
  const double guess = output_p95_ > 0         ? output_p95_
                       : output_tokens_max > 0 ? output_tokens_max
                                               : default_output_tokens;
  return output_tokens_max > 0 ? std::min<double>(guess, output_tokens_max) : guess;
}

void token_estimator::learn_input(uint32_t bytes, uint64_t tokens) {
  if (bytes == 0 || tokens == 0)
    return;
  // A provider that reports nonsense (100 x, 10^18) must not ruin the estimate of all that follow.
  const double far = input_samples_ < trusted_samples ? 16 : 4;
  const double sample =
    std::clamp(static_cast<double>(tokens) / bytes, tokens_per_byte_ / far, tokens_per_byte_ * far);
  if (input_samples_ == 0) {
    mean_bytes_ = bytes;
    mean_tokens_ = tokens_per_byte_ * bytes;
  }
  const double w = std::max(weight_min, 1.0 / (static_cast<double>(input_samples_) + 2));
  mean_bytes_ += w * (bytes - mean_bytes_);
  mean_tokens_ += w * (sample * bytes - mean_tokens_);
  tokens_per_byte_ = mean_tokens_ / mean_bytes_;
  ++input_samples_;
}

void token_estimator::learn_output(uint64_t tokens) {
  const double octaves = std::log2(static_cast<double>(std::max<uint64_t>(tokens, 1)));
  const auto bin = static_cast<size_t>(octaves * bins_per_octave);
  bins_[std::min(bin, bin_count - 1)] += 1;
  output_weight_ += 1;
  ++output_samples_;
  if (output_samples_ >= halve_after) {
    for (auto& b : bins_)
      b /= 2;
    output_weight_ /= 2;
    output_samples_ = 0;
  }
  // The percentile moves slowly; looking at every sample only pays while there are few.
  if (output_weight_ < 64 || output_samples_ % 32 == 0)
    update_p95();
}

void token_estimator::update_p95() {
  double above = output_weight_ * 0.05;
  size_t bin = bin_count - 1;
  while (bin > 0 && above >= bins_[bin])
    above -= bins_[bin--];
  output_p95_ = std::exp2(static_cast<double>(bin + 1) / bins_per_octave);
}

} // namespace penstock::core
