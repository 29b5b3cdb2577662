#include "core/api/api_error.hpp"

#include "core/json/json_fields.hpp"
#include "core/json/json_text.hpp"

#include <boost/json.hpp>

namespace penstock::core {

namespace {

namespace json = boost::json;

json::value or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json_string(text);
}

std::string_view openai_type(int status) noexcept {
  switch (status) {
  case 401: return "authentication_error";
  case 403: return "permission_error";
  case 429: return "rate_limit_error";
  default: return status < 500 ? "invalid_request_error" : "server_error";
  }
}

// Source: Anthropic's list of API errors.
std::string_view anthropic_type(int status) noexcept {
  switch (status) {
  case 401: return "authentication_error";
  case 402: return "billing_error";
  case 403: return "permission_error";
  case 404: return "not_found_error";
  case 413: return "request_too_large";
  case 429: return "rate_limit_error";
  case 504: return "timeout_error";
  case 529: return "overloaded_error";
  default: return status < 500 ? "invalid_request_error" : "api_error";
  }
}

std::string_view title_of(int status) noexcept {
  switch (status) {
  case 400: return "Bad request";
  case 401: return "No valid key";
  case 403: return "Not allowed";
  case 404: return "Not found";
  case 405: return "Method not allowed";
  case 409: return "Conflict";
  case 413: return "Too large";
  case 422: return "Another body for the same key";
  case 429: return "Too many requests";
  case 502: return "The provider failed";
  case 503: return "Not available now";
  case 504: return "No answer in time";
  case 507: return "No room on the disk";
  default: return status < 500 ? "Wrong call" : "Internal error";
  }
}

int status_of(errc code) noexcept {
  switch (code) {
  case errc::invalid_config:
  case errc::invalid_input:
  case errc::bad_request:
  case errc::not_packable: return 400;
  case errc::billing: return 402;
  case errc::not_found: return 404;
  case errc::locked:
  case errc::input_changed: return 409;
  case errc::request_too_large: return 413;
  case errc::rate_limited:
  case errc::quota_exhausted:
  case errc::overflow:
  case errc::budget_exhausted: return 429;
  // A key of ours that the provider refuses is not the caller's key.
  case errc::unauthorized:
  case errc::server_error:
  case errc::connection_failed:
  case errc::bad_response:
  case errc::response_too_large:
  case errc::schema_mismatch:
  case errc::pack_mismatch:
  case errc::incompatible: return 502;
  case errc::overloaded:
  case errc::unavailable:
  case errc::cancelled: return 503;
  case errc::timeout:
  case errc::expired: return 504;
  case errc::disk_full: return 507;
  default: return 500;
  }
}

} // namespace

api_dialect dialect_of(std::string_view path) noexcept {
  const auto is_below = [path](std::string_view folder) {
    return path.starts_with(folder) &&
           (path.size() == folder.size() ||
            std::string_view{"/?"}.find(path[folder.size()]) != std::string_view::npos);
  };
  if (is_below("/v1/messages"))
    return api_dialect::anthropic;
  return is_below("/v1") ? api_dialect::openai : api_dialect::penstock;
}

api_failure failure_of(const error& e) {
  api_failure f;
  f.status = status_of(e.code);
  f.message = e.context.empty() ? std::string{to_string(e.code)} : e.context;
  f.code = to_string(e.code);
  if (f.status == 429 || f.status == 503)
    f.retry_after = 1;
  return f;
}

api_failure bad_call(std::string message, std::string param) {
  return {400, std::move(message), "invalid_request", std::move(param), {}};
}

api_failure not_there(std::string_view kind, std::string_view id) {
  return {404, "No such " + std::string{kind} + ": " + std::string{id}, "not_found", {}, {}};
}

std::string failure_body(api_dialect dialect, const api_failure& f, std::string_view request_id) {
  switch (dialect) {
  case api_dialect::openai:
    return json_text(
      json::object{{"error", json::object{{"message", json_string(f.message)},
                                          {"type", json_string(openai_type(f.status))},
                                          {"param", or_null(f.param)},
                                          {"code", or_null(f.code)}}}});
  case api_dialect::anthropic:
    return json_text(
      json::object{{"type", "error"},
                   {"error", json::object{{"type", json_string(anthropic_type(f.status))},
                                          {"message", json_string(f.message)}}},
                   {"request_id", json_string(request_id)}});
  case api_dialect::penstock: break;
  }
  json::object o{{"type", "about:blank"},   {"title", json_string(title_of(f.status))},
                 {"status", f.status},      {"detail", json_string(f.message)},
                 {"code", or_null(f.code)}, {"request_id", json_string(request_id)}};
  if (!f.param.empty())
    o["param"] = json_string(f.param);
  return json_text(o);
}

std::string_view failure_type(api_dialect dialect) noexcept {
  return dialect == api_dialect::penstock ? "application/problem+json" : "application/json";
}

} // namespace penstock::core
