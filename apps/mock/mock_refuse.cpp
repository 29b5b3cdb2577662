#include "apps/mock/mock_service.hpp"
#include "apps/mock/mock_text.hpp"

#include <algorithm>

namespace penstock::mock {

using namespace std::chrono_literals;

bool mock_service::strike_early(const flight_ptr& f) {
  if (!f->rule)
    return false;
  const auto& rule = *f->rule;
  const auto& e = f->exchange;
  const std::string_view name = rule.name;
  switch (rule.info->phase) {
  case fault_phase::status: {
    stats.fault(rule.name);
    auto s = make_status_fault(rule, f->random, std::chrono::system_clock::now());
    if (f->form->speaks() == provider::gemini && name != "redirect")
      s.headers.clear(); // Gemini names the wait in the body.
    reply_error(f, s.error, std::move(s.headers));
    return true;
  }
  case fault_phase::page: {
    stats.fault(rule.name);
    const int status = page_status(rule);
    const auto size = number_or(rule.argument, 20'000);
    answered(*f, status, false);
    e.reply({status,
             "text/html; charset=UTF-8",
             {},
             html_page(status, static_cast<size_t>(std::clamp(size, 0.0, 64e6)))});
    return true;
  }
  case fault_phase::socket:
    stats.fault(rule.name);
    if (name == "hang" || name == "hang_headers") {
      end_when_closed(f);
    } else if (name == "hang_connect") {
      pause_accept(*server_, from_seconds(real_seconds(to_seconds(span_or(rule.argument, 5s)))));
      return false;
    } else if (name == "garbage") {
      raw_write(e, std::string{"\x16\x03\x01\x00 this is not HTTP\r\n\r\n", 25});
      raw_finish(e, raw_end::close);
    } else {
      raw_finish(e, raw_end::reset);
    }
    return true;
  case fault_phase::header:
    stats.fault(rule.name);
    f->headers = header_mode_from(name.substr(8)).value_or(f->headers);
    return false;
  case fault_phase::world:
    stats.fault(rule.name);
    if (name == "limit_drift")
      scale_limits(number_or(rule.argument, 0.5));
    else if (name == "brownout")
      f->slowdown = number_or(rule.argument, 10);
    return false;
  default: return false; // These faults need an admitted request.
  }
}

bool mock_service::refuse_early(const flight_ptr& f) {
  const auto& keys = options.keys;
  if (!keys.empty() && std::find(keys.begin(), keys.end(), f->key) == keys.end()) {
    // Gemini calls a bad key a bad request, and no key a lack of permission.
    const bool gemini = f->form->speaks() == provider::gemini;
    reply_error(f, {!gemini          ? 401
                    : f->key.empty() ? 403
                                     : 400,
                    "invalid_request_error",
                    gemini && f->key.empty() ? "" : "invalid_api_key",
                    "authentication_error",
                    gemini ? "API key not valid. Please pass a valid API key."
                           : "Incorrect API key provided.",
                    {}});
    return true;
  }
  const auto& known = options.models;
  if (!known.empty() && std::find(known.begin(), known.end(), f->call.model) == known.end()) {
    reply_error(
      f, {404,
          "invalid_request_error",
          "model_not_found",
          "not_found_error",
          "The model `" + f->call.model + "` does not exist or you do not have access to it.",
          {}});
    return true;
  }
  if ((options.overload > 0 && stats.in_flight() > options.overload) ||
      (options.servers.queue > 0 &&
       stats.in_flight() > options.servers.count + options.servers.queue)) {
    const auto p = f->form->speaks();
    reply_error(f, {p == provider::anthropic ? 529 : 503,
                    "service_unavailable_error",
                    "server_is_overloaded",
                    "overloaded_error",
                    p == provider::ollama
                      ? "server busy, please try again.  maximum pending requests exceeded"
                      : "The server is overloaded.",
                    {}});
    return true;
  }
  return false;
}

} // namespace penstock::mock
