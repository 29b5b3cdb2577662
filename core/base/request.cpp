#include "core/base/request.hpp"
#include "core/base/http.hpp"
#include "core/base/verdict.hpp"

namespace penstock::core {

std::string_view to_string(mode m) noexcept {
  switch (m) {
  case mode::automatic: return "auto";
  case mode::parallel: return "parallel";
  case mode::batch: return "batch";
  case mode::sequential: return "sequential";
  }
  return "unknown";
}

std::string_view to_string(priority p) noexcept {
  switch (p) {
  case priority::interactive: return "interactive";
  case priority::normal: return "normal";
  case priority::bulk: return "bulk";
  }
  return "unknown";
}

std::string_view to_string(outcome_state s) noexcept {
  switch (s) {
  case outcome_state::completed: return "completed";
  case outcome_state::failed: return "failed";
  case outcome_state::cancelled: return "cancelled";
  case outcome_state::expired: return "expired";
  }
  return "unknown";
}

std::string_view to_string(cache_mode m) noexcept {
  switch (m) {
  case cache_mode::off: return "off";
  case cache_mode::read: return "read";
  case cache_mode::write: return "write";
  case cache_mode::on: return "on";
  }
  return "unknown";
}

std::optional<mode> mode_from(std::string_view text) noexcept {
  for (auto m : {mode::automatic, mode::parallel, mode::batch, mode::sequential})
    if (to_string(m) == text)
      return m;
  return std::nullopt;
}

std::optional<priority> priority_from(std::string_view text) noexcept {
  for (auto p : {priority::interactive, priority::normal, priority::bulk})
    if (to_string(p) == text)
      return p;
  return std::nullopt;
}

std::optional<cache_mode> cache_mode_from(std::string_view text) noexcept {
  for (auto m : {cache_mode::off, cache_mode::read, cache_mode::write, cache_mode::on})
    if (to_string(m) == text)
      return m;
  return std::nullopt;
}

std::string_view to_string(transport_error e) noexcept {
  switch (e) {
  case transport_error::none: return "none";
  case transport_error::dns: return "dns";
  case transport_error::connect: return "connect";
  case transport_error::tls: return "tls";
  case transport_error::reset: return "reset";
  case transport_error::stale_connection: return "stale_connection";
  case transport_error::timeout: return "timeout";
  case transport_error::idle_timeout: return "idle_timeout";
  case transport_error::body_too_large: return "body_too_large";
  case transport_error::protocol: return "protocol";
  case transport_error::cancelled: return "cancelled";
  case transport_error::other: return "other";
  }
  return "unknown";
}

std::string_view to_string(reply_kind k) noexcept {
  switch (k) {
  case reply_kind::success: return "success";
  case reply_kind::rate_limited: return "rate_limited";
  case reply_kind::slow_down: return "slow_down";
  case reply_kind::overloaded: return "overloaded";
  case reply_kind::server_error: return "server_error";
  case reply_kind::transport: return "transport";
  case reply_kind::malformed: return "malformed";
  case reply_kind::conflict: return "conflict";
  case reply_kind::daily_quota: return "daily_quota";
  case reply_kind::billing: return "billing";
  case reply_kind::unauthorized: return "unauthorized";
  case reply_kind::too_large: return "too_large";
  case reply_kind::bad_request: return "bad_request";
  case reply_kind::long_wait: return "long_wait";
  }
  return "unknown";
}

std::string_view to_string(dimension d) noexcept {
  switch (d) {
  case dimension::requests_minute: return "rpm";
  case dimension::requests_day: return "rpd";
  case dimension::input_tokens: return "itpm";
  case dimension::output_tokens: return "otpm";
  case dimension::total_tokens: return "tpm";
  }
  return "unknown";
}

std::string_view header(const http_response& r, std::string_view name) noexcept {
  for (auto& [key, value] : r.headers)
    if (key == name)
      return value;
  return {};
}

} // namespace penstock::core
