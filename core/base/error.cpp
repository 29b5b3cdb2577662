#include "core/base/error.hpp"

namespace penstock {

std::string_view to_string(errc code) noexcept {
  switch (code) {
  case errc::invalid_config: return "invalid_config";
  case errc::invalid_input: return "invalid_input";
  case errc::rate_limited: return "rate_limited";
  case errc::quota_exhausted: return "quota_exhausted";
  case errc::billing: return "billing";
  case errc::unauthorized: return "unauthorized";
  case errc::request_too_large: return "request_too_large";
  case errc::bad_request: return "bad_request";
  case errc::server_error: return "server_error";
  case errc::overloaded: return "overloaded";
  case errc::timeout: return "timeout";
  case errc::connection_failed: return "connection_failed";
  case errc::bad_response: return "bad_response";
  case errc::response_too_large: return "response_too_large";
  case errc::unavailable: return "unavailable";
  case errc::cancelled: return "cancelled";
  case errc::expired: return "expired";
  case errc::poison: return "poison";
  case errc::io_error: return "io_error";
  case errc::disk_full: return "disk_full";
  case errc::locked: return "locked";
  case errc::corrupt: return "corrupt";
  case errc::input_changed: return "input_changed";
  case errc::overflow: return "overflow";
  case errc::not_packable: return "not_packable";
  case errc::internal: return "internal";
  case errc::budget_exhausted: return "budget_exhausted";
  case errc::schema_mismatch: return "schema_mismatch";
  case errc::pack_mismatch: return "pack_mismatch";
  case errc::not_found: return "not_found";
  case errc::incompatible: return "incompatible";
  }
  return "unknown";
}

std::string to_string(const error& e) { return std::string{to_string(e.code)} + ": " + e.context; }

} // namespace penstock
