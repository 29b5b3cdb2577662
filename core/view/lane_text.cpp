#include "core/view/lane_text.hpp"

#include "core/base/text.hpp"
#include "core/view/view_parts.hpp"

#include <fmt/format.h>

#include <cmath>
#include <ctime>

namespace penstock::core {

namespace {

/// Bytes of a provider's words on a progress line.
constexpr size_t refusal_shown = 120;

} // namespace

std::string counted(uint64_t n, std::string_view noun) {
  return count_text(n) + ' ' + std::string{noun} + (n == 1 ? "" : "s");
}

std::string clock_text(std::chrono::system_clock::time_point t) {
  const auto seconds = std::chrono::system_clock::to_time_t(t);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return fmt::format("{:02}:{:02}:{:02}", parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string lane_pause(const lane_snapshot& s, std::optional<moment> at) {
  std::string text;
  const auto left = at && s.paused_until && *s.paused_until > at->now
                      ? std::optional{*s.paused_until - at->now}
                      : std::nullopt;
  if (s.breaker == lane_snapshot::breaker_state::open) {
    text = ", breaker open";
    if (left)
      text += fmt::format(", next probe in {} s", static_cast<uint64_t>(to_seconds(*left) + 0.5));
  } else if (s.paused_until) {
    text = s.rate_limited > 0 ? ", paused by 429" : ", paused";
    if (left)
      text += " until " +
              clock_text(at->wall +
                         std::chrono::duration_cast<std::chrono::system_clock::duration>(*left));
  }
  return text;
}

std::string lane_refusal(const lane_snapshot& s) {
  return lane_pause(s).empty() || s.refusal.empty()
           ? std::string{}
           : " (" + clean_text(s.refusal, refusal_shown) + ')';
}

std::string eta_text(double seconds) {
  return seconds < 100 ? fmt::format("{:.0f} s", std::ceil(seconds))
                       : span_text(from_seconds(seconds));
}

std::string limits_used_line(std::string_view name, const lane_snapshot& s) {
  std::string used;
  bool above = false;
  for (size_t d = 0; d < dimension_count; ++d)
    if (s.limit[d] > 0) {
      const auto percent = 100 * used_share(s, d);
      used += fmt::format(" {} {:.0f} %", to_string(static_cast<dimension>(d)), percent);
      above |= percent > 100.5;
    }
  if (used.empty())
    return {};
  return fmt::format("  limits used  lane {}:{} (last minute, headroom {:.2f}{})\n", name, used,
                     s.headroom, above ? "; above 100 %: the bucket was full at the start" : "");
}

} // namespace penstock::core
