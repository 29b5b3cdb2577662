#include "core/io/store/store_format_1.hpp"

#include <bit>
#include <type_traits>

namespace penstock::io {

namespace {

/// Reads one field after the other. If a field is incomplete, it and all later ones are zero.
class byte_reader {
public:
  explicit byte_reader(std::string_view bytes) : rest_{bytes} {}

  template <class... Ts>
  void read(Ts&... to) {
    (take(to), ...);
  }
  /// Whether all fields were complete and no bytes follow.
  bool is_whole() const { return !cut_ && rest_.empty(); }

private:
  uint64_t number(size_t bytes) {
    if (cut_ || rest_.size() < bytes) {
      cut_ = true;
      return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i)
      value = value << 8 | static_cast<unsigned char>(rest_[i]);
    rest_.remove_prefix(bytes);
    return value;
  }

  /// The size of a text or list: at most the number of bytes left.
  size_t size() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const auto byte = number(1);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        cut_ = cut_ || value > rest_.size();
        return cut_ ? 0 : static_cast<size_t>(value);
      }
    }
    cut_ = true;
    return 0;
  }

  template <class T>
  void take(T& to) {
    if constexpr (std::is_same_v<T, double>)
      to = std::bit_cast<double>(number(sizeof to));
    else if constexpr (std::is_same_v<T, duration>)
      to = duration{static_cast<int64_t>(number(8))};
    else
      to = static_cast<T>(number(sizeof to));
  }
  void take(std::string& to) {
    const auto bytes = size();
    to = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
  }
  template <class T>
  void take(std::vector<T>& to) {
    for (auto left = size(); left > 0 && !cut_; --left)
      take(to.emplace_back());
  }
  void take(core::price_row& x) { read(x.models, x.input, x.cached_input, x.output, x.reasoning); }
  void take(core::mode_change& x) { read(x.from, x.to, x.code, x.text, x.finished, x.degraded); }

  std::string_view rest_;
  bool cut_ = false;
};

const error damaged_description{errc::corrupt, "its description is damaged"};

} // namespace

result<core::job_options> options_of_format_1(std::string_view bytes) {
  byte_reader in{bytes};
  uint32_t protocol = 0;
  core::job_options x;
  in.read(protocol, x.tenant, x.priority, x.mode, x.in_flight_max, x.attempts_max,
          x.window_requests, x.window_bytes, x.deadline, x.grace_period, x.outage_patience,
          x.first_patience, x.seed, x.client_id, x.cache, x.budget, x.prices, x.pack,
          x.pack_entries_max, x.pack_tokens_max, x.pack_canary);
  if (protocol != 1 || !in.is_whole())
    return damaged_description;
  return x;
}

result<core::job_progress> progress_of_format_1(std::string_view bytes) {
  byte_reader in{bytes};
  uint32_t protocol = 0;
  core::job_progress x;
  in.read(protocol, x.state, x.read, x.completed, x.failed, x.cancelled, x.expired, x.in_flight,
          x.in_flight_peak, x.held, x.written, x.resumed, x.cached, x.attempts, x.rate_limited,
          x.refused_late, x.lost, x.restarts, x.input_tokens, x.output_tokens,
          x.cached_input_tokens, x.upstream_time, x.attempt_p50, x.attempt_p99, x.attempt_mean,
          x.resume_in, x.mode_asked, x.mode_used, x.changes, x.cause.code, x.cause.context,
          x.joined, x.cost, x.packs, x.packed, x.pack_splits, x.canaries, x.canaries_agreed,
          x.hedged, x.hedges_won, x.rerouted);
  if (protocol != 1 || !in.is_whole())
    return damaged_description;
  return x;
}

} // namespace penstock::io
