#pragma once

#include "core/base/verdict.hpp"
#include "core/base/time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace penstock::mock {

using core::dimension;
using core::dimension_count;

/// Whose rules the limits follow (providers.md B1).
enum class limit_style : uint8_t {
  none,
  openai,    ///< One pool of tokens, charged at admission.
  anthropic, ///< Input at admission (cached tokens are free), output as it is produced.
  gemini,    ///< Requests and input tokens; output is free.
  ollama,    ///< No rates: slots and a queue (`server_options`).
  native,    ///< Each request by the rules of the protocol that it speaks.
};
std::string_view to_string(limit_style s) noexcept;
std::optional<limit_style> limit_style_from(std::string_view text) noexcept;

/// What the mock allows, and how it counts. A limit of zero means "none".
struct limiter_options {
  limit_style style = limit_style::none;
  double rpm = 0;    ///< Requests per minute.
  double rpd = 0;    ///< Requests per day.
  double tpm = 0;    ///< OpenAI: one pool of input and output tokens per minute.
  double itpm = 0;   ///< Anthropic, Gemini: input tokens per minute.
  double otpm = 0;   ///< Anthropic: output tokens per minute.
  double burst = 1;  ///< Capacity of a bucket as a share of its limit.
  duration window{}; ///< Set: capacity is what one window brings (60 RPM enforced as 1 a second).
  double start_level = 1;      ///< Share of a new bucket that is filled.
  bool sum_tokens = false;     ///< OpenAI charges input + maximum instead of max(input, maximum).
  bool refund = false;         ///< OpenAI gives back what was reserved and not produced.
  bool charge_rejected = true; ///< A rejected request costs a request (OpenAI, Gemini do so).
  bool per_key = true;         ///< Buckets per (key, model); else one set for all.
};

/// A bucket that refills continuously. Time is passed in; the level may be below zero.
class mock_bucket {
public:
  void configure(double capacity, double rate, time_point now, double start_level = 1);
  void refill(time_point now);
  void take(double n) { level_ -= n; }
  void give(double n) { level_ = level_ + n < capacity_ ? level_ + n : capacity_; }
  bool limited() const { return capacity_ > 0; }
  double level() const { return level_; }
  double capacity() const { return capacity_; }
  double rate() const { return rate_; } ///< Per second.
  /// Seconds until `n` are there.
  double ready_in(double n) const { return level_ >= n ? 0 : (n - level_) / rate_; }

private:
  double capacity_ = 0;
  double rate_ = 0;
  double level_ = 0;
  time_point last_{};
};

/// One dimension as the headers tell it.
struct limit_level {
  bool limited = false;
  double limit = 0;
  double remaining = 0;
  double reset = 0; ///< Seconds until the bucket is full.
};
using limit_levels = std::array<limit_level, dimension_count>;

/// The answer of the limiter to one request.
struct admission {
  bool admitted = true;
  bool too_large = false;                         ///< Would not fit a full bucket either.
  dimension failing = dimension::requests_minute; ///< The one to wait longest for.
  double wait = 0;                                ///< Seconds.
  double limit = 0;                               ///< Of the failing dimension, per window.
  double used = 0;                                ///< Limit less what is left, never below zero.
  double requested = 0;                           ///< What this request needs of it.
  double charged_tokens = 0;                      ///< Debited now.
};

/// The provider's side of rate limiting: exact buckets per key and model.
class mock_limiter {
public:
  explicit mock_limiter(limiter_options o = {}) : options_(o) {}

  /// Decides about a request of `input` tokens with the output maximum `output_max` (0: none).
  admission admit(std::string_view key, std::string_view model, double input, double output_max,
                  time_point now);
  /// Anthropic debits output as it is produced. @returns the tokens charged.
  double produced(std::string_view key, std::string_view model, double output, time_point now);
  /// The end of an admitted request. @returns the tokens given back.
  double settle(std::string_view key, std::string_view model, double charged, double real,
                time_point now);
  /// Fill levels for the headers.
  limit_levels levels(std::string_view key, std::string_view model, time_point now);
  /// New limits from now on; levels are cut to the new capacities.
  void configure(const limiter_options& o, time_point now);
  /// Multiplies all limits by `factor`, as a provider that changes its limits.
  void scale(double factor, time_point now);
  const limiter_options& options() const { return options_; }
  /// The limit of `d` per its window, 0 if there is none.
  double limit(dimension d) const;

private:
  /// The others know no rates; a native one leaves them to those of the protocols.
  bool counts() const {
    return options_.style >= limit_style::openai && options_.style <= limit_style::gemini;
  }
  using buckets = std::array<mock_bucket, dimension_count>;
  buckets& find(std::string_view key, std::string_view model, time_point now);
  void configure(buckets& b, time_point now) const;
  /// Keys beyond it share one set: garbage keys must not fill the memory.
  static constexpr size_t sets_max = 4096;

  limiter_options options_;
  std::unordered_map<std::string, buckets> sets_;
  std::string name_; ///< Reused for look-ups.
};

} // namespace penstock::mock
