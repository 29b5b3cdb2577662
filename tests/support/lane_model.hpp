#pragma once

#include "core/lane/lane.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <vector>

namespace penstock::test {

/// The behavior of the modelled provider, and the error of our estimates.
struct model_settings {
  core::charge_rule charging = core::charge_rule::openai;
  double rpm = 3000;
  double tpm = 300'000;    ///< Anthropic: input tokens; the same limit for output.
  double usage_error = 1;  ///< Real input tokens are this times bytes / 3.5.
  double charge_error = 1; ///< It charges this times the real input (OpenAI estimates).
  double noise = 0.3;      ///< Each request differs by up to this share.
  uint32_t output_max = 0; ///< Every request's own maximum.
  /// `partial`: remaining requests only. `empty`: claims on every answer that nothing is left.
  enum class header_time {
    none,
    at_admission,
    at_answer,
    partial,
    empty
  } headers = header_time::at_answer;
  bool retry_hint = true; ///< 429s have a Retry-After.
  duration latency = std::chrono::seconds{1};
  duration length = std::chrono::minutes{3};
  uint64_t seed = 1;
  /// Called before each event, so that a test can change the provider.
  std::function<void(struct lane_model&, double seconds)> script;
  double bucket = 60;     ///< Its buckets hold what so many seconds bring.
  double start_level = 1; ///< Share of the buckets that is there at the start.
  double jitter = 0;      ///< Requests arrive up to so many seconds late.
};

/// A provider with continuous buckets, one lane, and an endless
/// backlog. Everything runs in virtual time.
struct lane_model {
  lane_model(model_settings s, core::lane_limits limits);
  /// Runs `settings.length`.
  void run();

  /// Share of the tightest limit that the provider counted between two times, in seconds.
  double use(double from, double to) const;
  /// 429s answered between two times, in seconds.
  uint64_t rejected(double from, double to) const;
  uint64_t answered(double from, double to) const;

  model_settings settings;
  double limit_scale = 1; ///< The limits of the provider, relative to those of the lane.
  double storm = 0;       ///< Share of requests answered with 429 for no reason.
  const time_point start{
    std::chrono::hours{1}}; ///< Second zero. Before `lane`, which starts at this time.
  core::lane lane;

private:
  static constexpr size_t buckets = 3; // Requests, input (or all) tokens, output.
  struct flight {
    core::settlement end;
    core::limit_readings at_admission;
    double output = 0;
    bool ok = false;
  };
  struct second {
    double spent[buckets] = {};
    uint64_t answered = 0, rejected = 0;
  };

  time_point at(double seconds) const { return start + from_seconds(seconds); }
  double now_s() const { return to_seconds(now - start); }
  second& current() { return seconds_[static_cast<size_t>(now_s())]; }
  double limit_of(size_t b) const { return (b == 0 ? settings.rpm : settings.tpm) * limit_scale; }
  double size_of(size_t b) const { return std::max(1.0, limit_of(b) * settings.bucket / 60); }
  void refill();
  void spend(size_t b, double n);
  void admit(const core::permit& p);
  void answer(flight& f);
  core::limit_readings readings() const;
  double noisy();

  time_point now = start;
  time_point refilled = start;
  double level_[buckets];
  std::multimap<time_point, core::permit> on_the_way_;
  std::multimap<time_point, flight> in_flight_;
  std::map<uint64_t, uint32_t> bytes_; // Of waiting requests.
  std::vector<second> seconds_;
  std::mt19937_64 random_;
  uint64_t next_id_ = 1;
};

} // namespace penstock::test
