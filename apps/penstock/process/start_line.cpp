#include "apps/penstock/process/start_line.hpp"

#include "config/routing.hpp"
#include "config/units.hpp"
#include "config/url.hpp"
#include "core/base/text.hpp"
#include "core/view/lane_text.hpp"

namespace penstock::cli {

namespace {

std::string limits_text(const config::limit_settings& l) {
  std::string out;
  const std::pair<const char*, double> limits[] = {
    {"rpm", l.rpm}, {"rpd", l.rpd}, {"tpm", l.tpm}, {"itpm", l.itpm}, {"otpm", l.otpm}};
  for (auto& [name, value] : limits)
    if (value > 0)
      out += (out.empty() ? "" : ", ") + (name + (" " + config::format_number(value)));
  return out.empty() ? "no limits" : out;
}

std::string upstream_text(const config::upstream_settings& u, const actors::upstream_keys& keys) {
  if (u.mock || u.protocol == "null")
    return u.mock ? "mock" : "null";
  const auto url = config::parse_base_url(u.base_url);
  const auto key = keys.find(u.name);
  const auto has_key = key != keys.end() && !key->second.empty();
  return (url ? url->host : u.base_url) + " (" + u.protocol + ", " +
         (!has_key                 ? "no key"
          : u.api_key_file.empty() ? "key from " + u.api_key_env
                                   : "key from the file " + u.api_key_file) +
         ")";
}

std::string config_text(const config::loaded_settings& s) {
  return s.file.empty() ? std::string{"no config file"}
                        : "config " + s.file + (s.found ? " (found here)" : "");
}

} // namespace

std::string start_line(const config::loaded_settings& s, const actors::upstream_keys& keys,
                       std::optional<uint64_t> count, std::string_view unit) {
  const auto& v = s.values;
  const auto plan = config::plan_routing(v, keys.contains(v.upstream.name));
  auto out = config_text(s);
  for (const auto* upstream : plan.upstreams)
    out += ", upstream " + upstream_text(*upstream, keys);
  out += v.run.model.empty() ? "" : ", model " + v.run.model;
  for (size_t i = 0; i < plan.limits.size(); ++i)
    out += ", lane " + plan.routes.lanes()[i].name + " (" + limits_text(*plan.limits[i]) + ")";
  out += ", mode " + std::string{to_string(v.run.mode)};
  if (count)
    out += ", " + core::counted(*count, unit);
  return out;
}

std::string submit_line(const config::loaded_settings& s, std::optional<uint64_t> lines) {
  const auto& run = s.values.run;
  auto out = config_text(s) + ", head " + s.values.cluster.head + " (with its upstream and key)";
  out += run.model.empty() ? "" : ", model " + run.model;
  out += ", mode " + std::string{to_string(run.mode)};
  if (lines)
    out += ", " + core::counted(*lines, "line");
  return out;
}

} // namespace penstock::cli
