#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace penstock::core {

/// Guesses what a request will cost before it is sent, and learns from what it did cost.
/// Input: tokens per byte of the body, as the quotient of two exponentially weighted means, so that
/// large bodies count for more. Output: the 95th percentile of what was produced lately, kept in a
/// histogram of eighths of an octave (an answer is overstated by at most 9 %).
class token_estimator {
public:
  token_estimator() = default;
  /// @pre `tokens_per_byte > 0`.
  explicit token_estimator(double tokens_per_byte);

  /// Tokens expected of a body of `bytes`.
  double input_tokens(uint32_t bytes) const { return bytes * tokens_per_byte_; }
  /// Output to reserve: the p95 so far; before the first sample `output_tokens_max`, or 1,024 if
  /// that is zero (unknown). Never above `output_tokens_max` if that is known.
  double output_tokens(uint32_t output_tokens_max) const;

  /// Learns from the provider's count of the input. Zeros on either side teach nothing.
  void learn_input(uint32_t bytes, uint64_t tokens);
  /// Learns from the provider's count of the output.
  void learn_output(uint64_t tokens);

  /// The current quotient.
  double tokens_per_byte() const { return tokens_per_byte_; }
  /// The current percentile, zero before the first sample.
  double output_p95() const { return output_p95_; }
  /// Samples of input so far.
  uint64_t input_samples() const { return input_samples_; }

private:
  static constexpr int bins_per_octave = 8;
  static constexpr size_t bin_count = 25 * bins_per_octave; // Up to 2^25 tokens.
  void update_p95();

  double tokens_per_byte_ = 1 / 3.5;
  double mean_tokens_ = 0, mean_bytes_ = 0;
  uint64_t input_samples_ = 0;
  std::array<float, bin_count> bins_{};
  uint32_t output_samples_ = 0; // Since the bins were last halved.
  double output_weight_ = 0;    // Sum of the bins.
  double output_p95_ = 0;
};

} // namespace penstock::core
