#include "core/api/api_route.hpp"

#include "core/json/json_fields.hpp"
#include "core/json/json_text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr auto run = api_scope::run, read = api_scope::read, operate = api_scope::operate,
               admin = api_scope::admin;
constexpr std::optional<api_scope> open{};

constexpr auto table = std::to_array<api_route>({
  {"GET", "/livez", api_call::alive, open, "Whether the process runs"},
  {"GET", "/readyz", api_call::ready, open, "Whether requests are taken"},
  {"GET", "/penstock/v1/openapi.json", api_call::describe, open, "This description"},
  {"GET", "/v1/models", api_call::models, run, "The models that the routes serve"},
  {"GET", "/v1/models/{model*}", api_call::model, run, "One model"},
  {"POST", "/penstock/v1/jobs", api_call::create_job, run, "Takes a job"},
  {"GET", "/penstock/v1/jobs", api_call::list_jobs, read, "Jobs, the newest first"},
  {"GET", "/penstock/v1/jobs/{id}", api_call::job, read, "One job; ?wait=30 waits for its end"},
  {"GET", "/penstock/v1/jobs/{id}/results", api_call::job_results, read,
   "Results in order as JSONL, also before the end"},
  {"GET", "/penstock/v1/jobs/{id}/requests/{n}", api_call::job_request, read,
   "The result of one request"},
  {"POST", "/penstock/v1/jobs/{id}/cancel", api_call::cancel_job, operate,
   "Ends the open requests of a job"},
  {"POST", "/penstock/v1/jobs/{id}/retry", api_call::retry_job, operate,
   "Runs what is not completed again"},
  {"DELETE", "/penstock/v1/jobs/{id}", api_call::cancel_job, operate, "The same as cancel"},
  {"POST", "/v1/files", api_call::create_file, run, "Stores a file, for example for a batch"},
  {"GET", "/v1/files", api_call::list_files, read, "Files, the newest first"},
  {"GET", "/v1/files/{id}", api_call::file, read, "One file"},
  {"GET", "/v1/files/{id}/content", api_call::file_content, read, "The bytes of a file"},
  {"DELETE", "/v1/files/{id}", api_call::delete_file, operate, "Removes a file"},
  {"POST", "/v1/batches", api_call::create_batch, run, "Runs the requests of a file"},
  {"GET", "/v1/batches", api_call::list_batches, read, "Batches, the newest first"},
  {"GET", "/v1/batches/{id}", api_call::batch, read, "One batch"},
  {"POST", "/v1/batches/{id}/cancel", api_call::cancel_batch, operate, "Ends a batch"},
  {"POST", "/penstock/v1/keys", api_call::create_key, admin, "Makes a key; it is shown once"},
  {"GET", "/penstock/v1/keys", api_call::list_keys, admin, "Keys, without their secrets"},
  {"DELETE", "/penstock/v1/keys/{id}", api_call::revoke_key, admin, "Ends a key"},
  {"GET", "/penstock/v1/queues", api_call::queues, read, "Requests by tenant and priority"},
  {"GET", "/penstock/v1/tenants", api_call::tenants, admin, "Counts of all tenants"},
  {"GET", "/penstock/v1/lanes", api_call::lanes, read, "Lanes and their limits"},
  {"GET", "/penstock/v1/nodes", api_call::nodes, read, "Nodes and their slots"},
  {"POST", "/v1/{path*}", api_call::live, run,
   "A live request: every path of a model that the upstream answers"},
});

int hex_of(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/// Undoes percent encoding. Bytes that are no encoding stay.
std::string decoded(std::string_view text, bool is_query) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_of(text[i + 1]) >= 0 &&
        hex_of(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_of(text[i + 1]) * 16 + hex_of(text[i + 2]));
      i += 2;
    } else {
      out += is_query && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string_view next_segment(std::string_view& path) noexcept {
  path.remove_prefix(std::min<size_t>(path.size(), 1)); // The slash.
  const auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& params) {
  while (!pattern.empty() && !path.empty()) {
    const auto rest = path.substr(1);
    const auto wanted = next_segment(pattern);
    if (wanted.ends_with("*}")) {
      params.push_back(decoded(rest, false));
      return !rest.empty();
    }
    const auto given = next_segment(path);
    if (wanted.starts_with('{')) {
      if (given.empty())
        return false;
      params.push_back(decoded(given, false));
    } else if (wanted != given) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

std::string plain_name(std::string_view pattern) {
  std::string out{pattern};
  std::erase(out, '*');
  return out;
}

} // namespace

std::span<const api_route> api_routes() noexcept { return table; }

std::string_view path_of(std::string_view target) noexcept {
  auto path = target.substr(0, target.find_first_of("?#"));
  while (path.size() > 1 && path.ends_with('/'))
    path.remove_suffix(1);
  return path;
}

std::optional<std::string> query_of(std::string_view target, std::string_view name) {
  const auto at = target.find('?');
  if (at == std::string_view::npos)
    return std::nullopt;
  auto rest = target.substr(at + 1);
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto cut = pair.find('=');
    if (decoded(pair.substr(0, cut), true) == name)
      return cut == std::string_view::npos ? std::string{} : decoded(pair.substr(cut + 1), true);
  }
  return std::nullopt;
}

route_match find_route(std::string_view method, std::string_view target) {
  route_match out;
  const auto path = path_of(target);
  for (auto& route : table) {
    std::vector<std::string> params;
    if (!matches(route.path, path, params))
      continue;
    if (route.method != method) {
      if (out.allowed.find(route.method) == std::string::npos)
        (out.allowed += out.allowed.empty() ? "" : ", ") += route.method;
      continue;
    }
    out.route = &route;
    out.params = std::move(params);
    return out;
  }
  return out;
}

std::string openapi_text(std::string_view version) {
  json::object paths;
  for (auto& route : table) {
    auto& item = paths[plain_name(route.path)];
    if (!item.is_object())
      item.emplace_object();
    std::string method{route.method};
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return static_cast<char>(c | 0x20); });
    json::object what{
      {"summary", json_string(route.summary)},
      {"responses", json::object{{"default", json::object{{"description", "See README"}}}}}};
    json::array parameters;
    for (auto rest = route.path; !rest.empty();)
      if (const auto segment = next_segment(rest); segment.starts_with('{')) {
        auto name = plain_name(segment);
        parameters.push_back(json::object{{"name", json_string(name.substr(1, name.size() - 2))},
                                          {"in", "path"},
                                          {"required", true},
                                          {"schema", json::object{{"type", "string"}}}});
      }
    if (!parameters.empty())
      what["parameters"] = std::move(parameters);
    if (route.scope)
      what["security"] =
        json::array{json::object{{"key", json::array{json_string(to_string(*route.scope))}}}};
    item.as_object()[method] = std::move(what);
  }
  return json_text(json::object{
    {"openapi", "3.1.0"},
    {"info", json::object{{"title", "Penstock"}, {"version", json_string(version)}}},
    {"components",
     json::object{{"securitySchemes",
                   json::object{{"key", json::object{{"type", "http"}, {"scheme", "bearer"}}}}}}},
    {"paths", std::move(paths)}});
}

} // namespace penstock::core
