#include "apps/mock/mock_faults.hpp"
#include "apps/mock/mock_schema.hpp"
#include "apps/mock/mock_text.hpp"
#include "core/io/http/http_server.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace penstock::mock {

namespace {

/// How a `status` fault looks.
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
  {"400_param", 400, "invalid_request_error", "unsupported_parameter", "invalid_request_error",
   "Unsupported parameter: 'max_tokens' is not supported with this model.", ""},
  // Money, in the four statuses that providers use for it. The codes say nothing by themselves.
  {"400_money", 400, "invalid_request_error", "", "invalid_request_error",
   "Your credit balance is too low to use this API. Please purchase credits.", ""},
  {"402_money", 402, "unknown_error", "invalid_request_error", "invalid_request_error",
   "Insufficient Balance", ""},
  {"403_money", 403, "permission_denied", "", "permission_error",
   "Your team has used all its credits. Buy more credits or raise the spending limit.", ""},
  {"429_money", 429, "error", "1113", "rate_limit_error",
   "The balance of the account is insufficient. Please recharge.", ""},
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
  {"error_in_200", 500, "server_error", "", "api_error", "The server had an error.", ""},
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
  // An error in a 200 may be any other: error_in_200:429_money.
  const bool in_200 = rule.name == "error_in_200";
  const auto& looks = in_200 && find_fault(rule.argument) ? rule.argument : rule.name;
  const int bare = leading_number(looks, 500);
  const row& t = row_of(looks, bare);
  status_fault f{{t.status,
                  std::string{t.type},
                  std::string{t.code},
                  std::string{t.anthropic_type},
                  std::string{t.message},
                  std::string{t.detail},
                  {}},
                 {}};
  if (const auto* info = find_fault(looks); info && info->name == "status")
    f.error.status = bare;
  if (in_200)
    f.error.http_status = 200;
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
    f.error.retry = "31s"; // Providers say such a short time although the day must end first.
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
  t.no_content = rule.name == "no_content";
  if (rule.name == "finish")
    t.finish_reason = argument_or(rule, "error");
  else if (rule.name.ends_with("_content") || rule.name.starts_with("think"))
    t.finish_reason = rule.argument; // Empty: the right one.
  t.refusal = rule.name == "refusal";
  t.content_filter = rule.name == "content_filter";
  t.cut = rule.name == "length";
  t.usage_missing = rule.name == "usage_missing";
  t.usage_factor = rule.name == "usage_zero" ? 0 : rule.name == "usage_x100" ? 100 : 1;
  return t;
}

void spoil_text(const fault_rule& rule, const mock_call& call, mock_answer& a) {
  const std::string_view name = rule.name;
  if (name == "schema_violation") {
    a.text = "This is not what the schema asked for.";
  } else if (name == "empty_content") {
    a.text.clear();
  } else if (name == "blank_content") {
    a.text = "\n \n";
  } else if (name == "finish") {
    a.text = first_codepoints(a.text, a.text.size() / 2);
  } else if (name.starts_with("think")) {
    // A draft that looks like an answer and is none: it fits the schema if there is one.
    const std::string words = "draft: " + call.text;
    const auto draft = !call.json    ? words
                       : call.schema ? make_instance(*call.schema, words, words.size(), ~call.hash)
                                     : "{\"answer\":" + quoted(words) + '}';
    std::string thoughts = "A first try: " + draft + "\nNo, better:\n";
    if (name != "think_tail") // Templates that open the tag in the prompt leave the end alone.
      thoughts.insert(0, "<think>\n");
    a.text = name == "think_open" ? thoughts : thoughts + "</think>\n\n" + a.text;
  }
}

void spoil_body(const fault_rule& rule, std::string& body, std::string& content_type) {
  const std::string_view name = rule.name;
  // Inside the echoed text, so that only a decoder that looks at strings can tell.
  const auto insert_in_text = [&body](std::string_view bytes) {
    const size_t at = body.find("echo: ");
    body.insert(at == body.npos ? body.size() / 2 : at + 6, bytes);
  };
  if (name == "truncated_json") {
    body.resize(body.size() / 2);
  } else if (name == "malformed_json") {
    if (rule.argument == "trailing")
      body += "}garbage";
    else
      body.insert(std::min<size_t>(2, body.size()), "\\q");
  } else if (name == "invalid_utf8") {
    insert_in_text("\xff\xc0\x80\xed\xa0\x80");
  } else if (name == "cut_utf8") {
    insert_in_text("\xf0\x9f\x98"); // Three bytes of four.
  } else if (name == "half_surrogate") {
    insert_in_text(rule.argument == "low" ? "\\ude00" : "\\ud83d");
  } else if (name == "control_chars") {
    insert_in_text("\x01\t\n");
  } else if (name == "nan") {
    body.insert(std::min<size_t>(1, body.size()), "\"score\":" + argument_or(rule, "NaN") + ",");
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
  const bool refused = status == 403;
  std::string page = "<!DOCTYPE html>\n<html><head><title>" + number +
                     (refused ? " Forbidden" : " Bad gateway") + "</title></head><body>\n<h1>" +
                     number + "</h1><p>\"cloudflare\" &amp; friends</p>\n";
  while (page.size() < size)
    page += refused ? "<p>The request was blocked by a security rule.</p>\n"
                    : "<p>The web server reported a bad gateway error.</p>\n";
  return page + "</body></html>\n";
}

int page_status(const fault_rule& rule) {
  return leading_number(std::string_view{rule.name}.substr(5), 502);
}

} // namespace penstock::mock
