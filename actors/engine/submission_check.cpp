#include "actors/engine/submission_check.hpp"

#include "config/units.hpp"
#include "core/json/json_check.hpp"
#include "core/jsonl/jsonl.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

namespace penstock::actors {

namespace {

constexpr size_t submitted_name_max = 200; ///< Bytes of a tenant, an idempotency key, a client id.
constexpr size_t url_max = 4096;           ///< Bytes of a path, or of a model's name.
constexpr size_t title_max = 1000;         ///< Bytes of a job's name.
constexpr uint32_t requests_at_once_max = 1'000'000;
constexpr auto span_max = std::chrono::hours{24 * 365 * 10};

error refuse(std::string_view field, const std::string& rest) {
  return {errc::invalid_input, std::string{field} + ' ' + rest};
}

/// Checks that a text is one line without control characters, because it is used in logs and
/// headers.
result<void> check_text(std::string_view field, std::string_view text, size_t bytes_max) {
  if (text.size() > bytes_max)
    return refuse(field, "must have at most " + std::to_string(bytes_max) + " bytes, has " +
                           std::to_string(text.size()));
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (!core::is_utf8(text) || std::any_of(text.begin(), text.end(), is_control))
    return refuse(field, "must be UTF-8 without control characters");
  return {};
}

template <class T>
result<void> check_range(std::string_view field, T value, T lowest, T highest) {
  if (value >= lowest && value <= highest)
    return {};
  return refuse(field, "must be from " + std::to_string(lowest) + " to " + std::to_string(highest) +
                         ", is " + std::to_string(value));
}

/// Checks a number such as US dollars or a share.
result<void> check_number(std::string_view field, double value, double highest) {
  if (std::isfinite(value) && value >= 0 && value <= highest)
    return {};
  return refuse(field, "must be from 0 to " + config::format_number(highest));
}

result<void> check_span(std::string_view field, duration value) {
  if (value >= duration{} && value <= span_max)
    return {};
  return refuse(field, "must be from 0 to ten years");
}

/// Checks an enumeration: a number from another process may be outside of it.
template <class T>
result<void> check_enum(std::string_view field, T value, T highest) {
  return check_range<unsigned>(field, static_cast<unsigned>(value), 0,
                               static_cast<unsigned>(highest));
}

result<void> check_prices(const std::vector<core::price_row>& prices) {
  constexpr size_t rows_max = 1000;
  constexpr double dollars_max = 1e9;
  if (prices.size() > rows_max)
    return refuse("prices", "must have at most " + std::to_string(rows_max) + " rows");
  for (auto& row : prices) {
    for (auto& model : row.models)
      if (auto ok = check_text("prices.models", model, submitted_name_max); !ok)
        return ok;
    for (auto [field, value] : {std::pair{"prices.input", row.input},
                                {"prices.cached_input", row.cached_input},
                                {"prices.output", row.output},
                                {"prices.reasoning", row.reasoning}})
      if (auto ok = check_number(field, value, dollars_max); !ok)
        return ok;
  }
  return {};
}

/// About the bytes that a request needs in memory.
uint64_t bytes_of(const core::request& r) {
  return r.custom_id.size() + r.url.size() + r.model.size() + (r.body ? r.body->size() : 0) +
         (r.rejection ? r.rejection->context.size() : 0);
}

/// The checks of `penstock run` for an input line.
result<void> check_request(const core::request& r) {
  if (r.custom_id.size() > core::custom_id_max || !core::is_utf8(r.custom_id))
    return refuse("custom_id",
                  "must be UTF-8 of at most " + std::to_string(core::custom_id_max) + " bytes");
  if (r.rejection && core::is_utf8(r.rejection->context))
    return {};
  if (r.method != "POST")
    return refuse("method", "must be POST");
  if (!r.url.starts_with('/'))
    return refuse("url", "must begin with /, for example /v1/chat/completions");
  if (auto ok = check_text("url", r.url, url_max); !ok)
    return ok;
  if (auto ok = check_text("model", r.model, url_max); !ok)
    return ok;
  if (!r.body || !r.body->starts_with('{') || core::check_json(*r.body))
    return refuse("body", "must be a JSON object");
  return {};
}

/// The error of the first of `checks` that refuses.
result<void> first_of(std::initializer_list<result<void>> checks) {
  for (auto& check : checks)
    if (!check)
      return check;
  return {};
}

} // namespace

result<void> check_options(const job_options& o) {
  if (o.tenant.empty())
    return refuse("tenant", "must not be empty");
  return first_of({
    check_text("tenant", o.tenant, submitted_name_max),
    check_text("client_id", o.client_id, submitted_name_max),
    check_enum("priority", o.priority, core::priority::bulk),
    check_enum("mode", o.mode, core::mode::sequential),
    check_enum("cache", o.cache, core::cache_mode::on),
    check_range<uint32_t>("in_flight_max", o.in_flight_max, 1, requests_at_once_max),
    check_range<uint32_t>("attempts_max", o.attempts_max, 1, 100),
    check_range<uint32_t>("window_requests", o.window_requests, 1, requests_at_once_max),
    check_range<uint64_t>("window_bytes", o.window_bytes, 1, uint64_t{1} << 40),
    check_span("deadline", o.deadline),
    check_span("grace_period", o.grace_period),
    check_span("outage_patience", o.outage_patience),
    check_span("first_patience", o.first_patience),
    check_number("budget", o.budget, 1e12),
    check_prices(o.prices),
    check_range<uint32_t>("pack_entries_max", o.pack_entries_max, 1, 1000),
    check_range<uint32_t>("pack_tokens_max", o.pack_tokens_max, 1, 1'000'000'000),
    check_number("pack_canary", o.pack_canary, 1),
  });
}

result<void> check_requests(std::span<const shared_request> requests) {
  if (requests.size() > part_requests_max)
    return refuse("requests", "must be at most " + std::to_string(part_requests_max) +
                                " at once, are " + std::to_string(requests.size()) +
                                "; send them in parts");
  uint64_t bytes = 0;
  for (size_t i = 0; i < requests.size(); ++i) {
    if (!requests[i])
      return refuse("requests[" + std::to_string(i) + "]", "is missing");
    bytes += bytes_of(*requests[i]);
  }
  if (bytes > part_bytes_max)
    return refuse("requests", "must have at most " + config::format_bytes(part_bytes_max) +
                                " at once, have " + config::format_bytes(bytes) +
                                "; send them in parts");
  return {};
}

shared_request prepared(const shared_request& what, uint64_t index) {
  const auto fault = check_request(*what);
  if (fault && what->index == index)
    return what;
  auto r = *what;
  r.index = index;
  if (!fault) {
    r.custom_id = core::clean_text(r.custom_id, core::custom_id_max);
    r.url = r.model = {};
    r.body = nullptr;
    r.rejection =
      error{errc::invalid_input, "request " + std::to_string(index) + ": " + fault.error().context};
  }
  return make_shared_value(std::move(r));
}

result<void> check_submission(const submission& what) {
  return first_of({
    check_options(what.options),
    check_text("name", what.name, title_max),
    check_text("idempotency_key", what.idempotency_key, submitted_name_max),
    check_requests(what.requests),
  });
}

} // namespace penstock::actors
