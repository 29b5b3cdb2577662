#include "apps/mock/mock_json.hpp"
#include "apps/mock/mock_service.hpp"
#include "apps/mock/mock_text.hpp"

#include <array>

namespace penstock::mock {

namespace {

void reply_result(const io::http_exchange& e, const result<void>& r) {
  if (r)
    return e.reply({200, "application/json", {}, "{\"ok\":true}"});
  std::string body = R"({"error":{"message":)";
  append_json(body, r.error().context);
  e.reply({400,
           "application/json",
           {},
           body + R"(,"type":"invalid_request_error","param":null,"code":null}})"});
}

void append_model(std::string& out, std::string_view id) {
  out += R"({"id":)";
  append_json(out, id);
  out += R"(,"object":"model","created":1735689600,"owned_by":"mock"})";
}

} // namespace

std::string mock_service::stats_json(size_t since, bool series) const {
  return stats.to_json(limiter, connections(), since_start(), since, series);
}

void mock_service::reset_stats() {
  stats.reset();
  faults.reset();
  start_ = now();
}

result<void> mock_service::set_limits_json(std::string_view body) {
  boost::system::error_code ec;
  const auto v = boost::json::parse({body.data(), body.size()}, ec);
  if (ec || !v.is_object())
    return error{errc::invalid_config, "limits: a JSON object is expected"};
  auto o = limiter.options();
  for (const auto& [name, value] : v.get_object()) {
    const std::string_view key{name.data(), name.size()};
    if (key == "style" && value.is_string()) {
      const auto style = limit_style_from({value.get_string().data(), value.get_string().size()});
      if (!style)
        return error{errc::invalid_config,
                     "limits.style must be none, openai, anthropic, gemini, ollama or native"};
      o.style = *style;
      continue;
    }
    double* field = nullptr;
    for (auto [n, f] : {std::pair{"rpm", &o.rpm},
                        {"rpd", &o.rpd},
                        {"tpm", &o.tpm},
                        {"itpm", &o.itpm},
                        {"otpm", &o.otpm},
                        {"burst", &o.burst}})
      field = key == n ? f : field;
    const double n = value.is_number() ? value.to_number<double>() : -1;
    if (!field || !(n >= 0))
      return error{errc::invalid_config,
                   "limits." + std::string{key} + " is unknown, or no number from 0 on"};
    *field = n;
  }
  set_limits(o);
  return {};
}

void mock_service::models(const io::http_exchange& e, std::string_view path) {
  static const std::vector<std::string> any{"mock-1", "mock-1-mini", "mock-embedding"};
  const auto& known = options.models.empty() ? any : options.models;
  std::string body;
  const bool tags = path == "/api/tags";
  if (tags || path == "/v1beta/models") {
    body = "{\"models\":[";
    for (const auto& id : known)
      body += (tags ? R"({"model":)" + quoted(id) + R"(,"name":)" + quoted(id) +
                        R"(,"modified_at":"2025-01-01T00:00:00Z","size":1)"
                    : R"({"name":)" + quoted("models/" + id) +
                        R"(,"supportedGenerationMethods":["generateContent","countTokens"])") +
              "},";
    body.back() = ']';
    return e.reply({200, "application/json", {}, body + '}'});
  }
  if (path.starts_with("/v1/models/")) {
    const auto id = path.substr(11);
    if (!options.models.empty() && std::find(known.begin(), known.end(), id) == known.end())
      return e.reply(
        {404,
         "application/json",
         {},
         chat_shape().error_body(
           {404, "invalid_request_error", "model_not_found", {}, "The model does not exist.", {}},
           "")});
    append_model(body, id);
  } else {
    body = R"({"object":"list","data":[)";
    for (const auto& id : known) {
      append_model(body, id);
      body += ',';
    }
    body.back() = ']';
    body += '}';
  }
  e.reply({200, "application/json", {}, std::move(body)});
}

void mock_service::admin(const io::http_exchange& e, std::string_view path,
                         std::string_view query) {
  const bool post = e.method() == "POST";
  if (path == "/healthz" && !post)
    return e.reply({200, "application/json", {}, "{\"ok\":true}"});
  if (path == "/stats" && !post) {
    const auto since = number_or(query_value(query, "since"), 0);
    return e.reply({200,
                    "application/json",
                    {},
                    stats_json(since > 0 && since < 1e9 ? static_cast<size_t>(since) : 0,
                               query_value(query, "series") != "0")});
  }
  if (path == "/stats/reset" && post) {
    reset_stats();
    return reply_result(e, {});
  }
  if (path == "/faults" && post) {
    auto rules = parse_fault_script(e.body());
    if (!rules)
      return reply_result(e, rules.error());
    faults.set(std::move(*rules));
    return reply_result(e, {});
  }
  if (path == "/limits" && post)
    return reply_result(e, set_limits_json(e.body()));
  const bool listing = path == "/v1/models" || path == "/v1beta/models" || path == "/api/tags";
  if ((listing || path.starts_with("/v1/models/")) && !post)
    return models(e, path);
  std::string message = "Unknown request URL: ";
  message.append(e.method()).append(" ").append(path);
  e.reply({404,
           "application/json",
           {},
           chat_shape().error_body(
             {404, "invalid_request_error", "unknown_url", {}, std::move(message), {}}, "")});
}

} // namespace penstock::mock
