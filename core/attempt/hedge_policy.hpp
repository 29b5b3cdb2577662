#pragma once

#include "core/base/latency_histogram.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace penstock::core {

/// Limits of second attempts.
struct hedge_limits {
  double budget = 0;         ///< Second attempts for each attempt; 0: none.
  uint32_t samples_min = 20; ///< Good answers of a model before its p95 is used.
};

/// Decides when a slow attempt gets a second attempt on another lane: soon after the 95th
/// percentile of the times of recent good answers of its model. There are at most `budget` second
/// attempts for each attempt that ended. Example with 0.05 and a model of 1 s, p95 2 s: of 1,000
/// attempts about 50 take longer than 2 s, and all of them may be sent again; with 0.02 the first
/// 20 may.
///
/// Knows at most `models_max` models; no second attempts are made for others. One owner.
class hedge_policy {
public:
  static constexpr size_t models_max = 64;

  hedge_policy() = default;
  explicit hedge_policy(hedge_limits limits) : limits_{limits} {}

  bool is_on() const noexcept { return limits_.budget > 0; }
  /// A good answer of `model` came after `waited`, counted from the first of its attempts.
  void learn(const std::string& model, duration waited);
  /// Counts attempts that ended.
  void count(uint32_t attempts) noexcept { attempts_ += attempts; }
  /// How long an attempt for `model` may take before a second attempt. Nullopt: unknown, or never.
  std::optional<duration> patience(const std::string& model) const;
  /// Asks for one second attempt. @returns whether the budget allows it.
  bool try_take();
  /// Second attempts that were allowed.
  uint64_t taken() const noexcept { return taken_; }

private:
  /// Times of the last answers of a model, in two generations: old times are forgotten.
  struct sample {
    latency_histogram now, before;
    duration patience{};    ///< Zero: not known yet.
    uint64_t next_look = 0; ///< Count of `now` at which to compute it again.
  };

  hedge_limits limits_;
  std::unordered_map<std::string, std::unique_ptr<sample>> models_;
  uint64_t attempts_ = 0, taken_ = 0;
};

} // namespace penstock::core
