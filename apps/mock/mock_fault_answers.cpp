#include "apps/mock/mock_faults.hpp"
#include "apps/mock/mock_text.hpp"
#include "core/io/http/http_server.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace penstock::mock {

namespace {

/// How a `status` fault looks; the first row of a status is also that of the bare number.
struct row {
  std::string_view name;
  int status;
  std::string_view type, code, anthropic_type, message, detail;
};

constexpr std::string_view limit_text = "Rate limit reached for mock in organization org-mock on "
                                        "requests per min (RPM): Limit 500, Used 500, Requested 1.";

constexpr auto rows = std::to_array<row>({
  {"429_ra", 429, "requests", "rate_limit_exceeded", "rate_limit_error", limit_text, ""},
  {"429_ra_ms", 429, "requests", "rate_limit_exceeded", "rate_limit_error", limit_text, ""},
  {"429_ra_date", 429, "requests", "rate_limit_exceeded", "rate_limit_error", limit_text, ""},
  {"429_bare", 429, "requests", "rate_limit_exceeded", "rate_limit_error", limit_text, ""},
  {"429_ra_bad", 429, "requests", "rate_limit_exceeded", "rate_limit_error", limit_text, ""},
  {"429_quota", 429, "insufficient_quota", "credit_balance_exhausted", "rate_limit_error",
   "You exceeded your current quota, please check your plan and billing details.",
   "enforced_spend_limit_reached"},
  {"429_billing", 429, "insufficient_quota", "billing_hard_limit_reached", "rate_limit_error",
   "Billing hard limit has been reached.", "enforced_spend_limit_reached"},
  {"429_spend", 429, "insufficient_quota", "organization_spend_limit_exceeded", "rate_limit_error",
   "Your organization has reached its monthly spend limit.", "enforced_spend_limit_reached"},
  {"429_daily", 429, "requests", "rate_limit_exceeded", "rate_limit_error",
   "Rate limit reached for mock in organization org-mock on requests per day (RPD): Limit 10000, "
   "Used 10000, "
   "Requested 1. Please try again in 6h12m0s.",
   "GenerateRequestsPerDayPerProjectPerModel"},
  {"429_toolarge", 429, "tokens", "rate_limit_exceeded", "rate_limit_error",
   "Request too large for mock in organization org-mock on tokens per min (TPM): Limit 30000, "
   "Requested 40000. "
   "The input or output tokens must be reduced in order to run successfully.",
   ""},
  {"slow_down", 429, "rate_limit_error", "slow_down", "rate_limit_error",
   "You are sending requests too quickly. Slow down and ramp up gradually.", ""},
  {"400_ctx", 400, "invalid_request_error", "context_length_exceeded", "invalid_request_error",
   "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 "
   "tokens.",
   ""},
  {"401", 401, "invalid_request_error", "invalid_api_key", "authentication_error",
   "Incorrect API key provided: mock-****.", ""},
  {"402", 402, "invalid_request_error", "", "billing_error", "Payment is required.", ""},
  {"403", 403, "invalid_request_error", "unsupported_country_region_territory", "permission_error",
   "Country, region, or territory not supported.", ""},
  {"404_model", 404, "invalid_request_error", "model_not_found", "not_found_error",
   "The model does not exist or you do not have access to it.", ""},
  {"408", 408, "invalid_request_error", "", "timeout_error", "The request timed out.", ""},
  {"409", 409, "invalid_request_error", "", "conflict_error",
   "A conflicting operation is in progress.", ""},
  {"413", 413, "invalid_request_error", "", "request_too_large", "The request body is too large.",
   ""},
  {"422", 422, "invalid_request_error", "", "invalid_request_error",
   "The request cannot be processed.", ""},
  {"500", 500, "server_error", "", "api_error",
   "The server had an error while processing your request. Sorry about that!", ""},
  {"503", 503, "service_unavailable_error", "server_is_overloaded", "overloaded_error",
   "The server is currently overloaded with other requests. Please try again later.", ""},
  {"504", 504, "server_error", "", "timeout_error", "The request timed out while processing.", ""},
  {"529", 529, "server_error", "server_is_overloaded", "overloaded_error", "Overloaded", ""},
  {"error_in_200", 200, "server_error", "", "api_error", "The server had an error.", ""},
  {"redirect", 307, "invalid_request_error", "", "invalid_request_error", "Moved.", ""},
  {"flap", 503, "service_unavailable_error", "server_is_overloaded", "overloaded_error",
   "The server is currently down.", ""},
  {"concurrent", 503, "service_unavailable_error", "server_is_overloaded", "overloaded_error",
   "The server takes no further requests at the same time.", ""},
});

const row& row_of(std::string_view name, int status) {
  const auto same_name =
    std::find_if(rows.begin(), rows.end(), [&](const row& r) { return r.name == name; });
  if (same_name != rows.end())
    return *same_name;
  const auto named = [](std::string_view n) {
    return *std::find_if(rows.begin(), rows.end(), [n](const row& r) { return r.name == n; });
  };
  static const row bad = [] {
    row r{
      "400", 400, "invalid_request_error", "", "invalid_request_error", "The request is invalid.",
      ""};
    return r;
  }();
  static const row broken = named("500"), limited = named("429_bare"), missing = named("404_model");
  return status == 429 ? limited : status == 404 ? missing : status < 500 ? bad : broken;
}

int leading_number(std::string_view text, int fallback) {
  int n = fallback;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

std::string argument_or(const fault_rule& rule, std::string_view fallback) {
  return std::string{rule.argument.empty() ? fallback : std::string_view{rule.argument}};
}

} // namespace

status_fault make_status_fault(const fault_rule& rule, mock_random& r,
                               std::chrono::system_clock::time_point now) {
  const int bare = leading_number(rule.name, 500);
  const row& t = row_of(rule.name, bare);
  status_fault f{{t.status,
                  std::string{t.type},
                  std::string{t.code},
                  std::string{t.anthropic_type},
                  std::string{t.message},
                  std::string{t.detail},
                  {}},
                 {}};
  if (rule.info->name == "status")
    f.error.status = bare;
  const std::string_view name = rule.name;
  if (name == "429_ra") {
    const auto seconds = argument_or(rule, "1");
    f.error.message += " Please try again in " + seconds + "s.";
    f.error.retry = seconds + 's';
    io::add_header(f.headers, "retry-after", seconds);
  } else if (name == "429_ra_ms") {
    const auto ms = argument_or(rule, "350");
    io::add_header(f.headers, "retry-after-ms", ms);
    append_number(f.error.retry, number_or(ms, 0) / 1000);
    f.error.retry += 's';
  } else if (name == "429_ra_date") {
    const auto seconds = leading_number(rule.argument, 2);
    io::add_header(f.headers, "retry-after", http_date(now + std::chrono::seconds{seconds}));
    f.error.retry = std::to_string(seconds) + 's';
  } else if (name == "429_ra_bad") {
    static constexpr std::array<std::string_view, 6> bad{"abc",   "-5", "0",
                                                         "86400", "",   "99999999999999999999"};
    f.error.retry = argument_or(rule, bad[r.next() % bad.size()]);
    io::add_header(f.headers, "retry-after", f.error.retry);
  } else if (name == "slow_down") {
    f.error.retry = argument_or(rule, "1") + 's';
    io::add_header(f.headers, "retry-after", argument_or(rule, "1"));
  } else if (name == "429_daily") {
    f.error.retry = "31s"; // Misleadingly short, as seen.
  } else if (name == "redirect") {
    io::add_header(f.headers, "location", argument_or(rule, "http://127.0.0.2:9/elsewhere"));
  } else if ((name == "503" || name == "529") && !rule.argument.empty()) {
    io::add_header(f.headers, "retry-after", rule.argument);
  }
  return f;
}

answer_tweak make_tweak(const fault_rule& rule) {
  answer_tweak t;
  t.empty_choices = rule.name == "empty_choices";
  t.null_content = rule.name == "null_content";
  t.refusal = rule.name == "refusal";
  t.content_filter = rule.name == "content_filter";
  t.cut = rule.name == "length";
  t.usage_missing = rule.name == "usage_missing";
  t.usage_factor = rule.name == "usage_zero" ? 0 : rule.name == "usage_x100" ? 100 : 1;
  return t;
}

void spoil_body(const fault_rule& rule, std::string& body, std::string& content_type) {
  const std::string_view name = rule.name;
  if (name == "truncated_json") {
    body.resize(body.size() / 2);
  } else if (name == "malformed_json") {
    if (rule.argument == "trailing")
      body += "}garbage";
    else
      body.insert(std::min<size_t>(2, body.size()), "\\q");
  } else if (name == "invalid_utf8") {
    // Inside the echoed text, so that only a decoder that looks at strings can tell.
    const size_t at = body.find("echo: ");
    body.insert(at == body.npos ? body.size() / 2 : at + 6, "\xff\xc0\x80\xed\xa0\x80");
  } else if (name == "bom") {
    body.insert(0, "\xef\xbb\xbf");
  } else if (name == "empty_body") {
    body.clear();
  } else if (name == "deep_nesting") {
    const auto depth =
      static_cast<size_t>(std::clamp(leading_number(rule.argument, 10'000), 1, 10'000'000));
    body = "{\"choices\":" + std::string(depth, '[') + std::string(depth, ']') + '}';
  } else if (name == "wrong_type") {
    content_type = argument_or(rule, "text/plain; charset=utf-8");
  }
}

std::string html_page(int status, size_t size) {
  const auto number = std::to_string(status);
  std::string page = "<!DOCTYPE html>\n<html><head><title>" + number +
                     " Bad gateway</title></head><body>\n<h1>" + number +
                     "</h1><p>\"cloudflare\" &amp; friends</p>\n";
  while (page.size() < size)
    page += "<p>The web server reported a bad gateway error.</p>\n";
  return page + "</body></html>\n";
}

int page_status(const fault_rule& rule) {
  return leading_number(std::string_view{rule.name}.substr(5), 502);
}

} // namespace penstock::mock
