#include "apps/penstock/run/run_words.hpp"

#include "config/routing.hpp"
#include "config/units.hpp"
#include "config/url.hpp"
#include "core/base/text.hpp"
#include "core/jsonl/outcome_line.hpp"
#include "core/view/lane_text.hpp"

#include <fmt/format.h>

#include <fstream>

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

uint64_t prompts(const config::settings& s, uint64_t requests) {
  return (requests + s.pack.entries_max - 1) / s.pack.entries_max;
}

bool may_pack(const config::settings& s, const std::string& because) {
  return !because.empty() && s.run.mode == core::mode::automatic && s.pack.entries_max > 1 &&
         s.cache.mode == core::cache_mode::off;
}

} // namespace

std::string start_line(const config::loaded_settings& s, const actors::upstream_keys& keys,
                       std::optional<uint64_t> lines) {
  const auto& v = s.values;
  const auto plan = config::plan_routing(v, keys.contains(v.upstream.name));
  auto out = s.file.empty() ? std::string{"no config file"}
                            : "config " + s.file + (s.found ? " (found here)" : "");
  for (const auto* upstream : plan.upstreams)
    out += ", upstream " + upstream_text(*upstream, keys);
  out += v.run.model.empty() ? "" : ", model " + v.run.model;
  for (size_t i = 0; i < plan.limits.size(); ++i)
    out += ", lane " + plan.routes.lanes()[i].name + " (" + limits_text(*plan.limits[i]) + ")";
  out += ", mode " + std::string{to_string(v.run.mode)};
  if (lines)
    out += ", " + core::counted(*lines, "line");
  return out;
}

std::string pack_proposal(const config::settings& s, uint64_t requests,
                          const std::string& because) {
  if (!may_pack(s, because) || s.pack.automatic != "ask")
    return {};
  return fmt::format("about {} instead of {} with --pack allow, several requests in one ({})",
                     core::counted(prompts(s, requests), "prompt"), core::count_text(requests),
                     because);
}

std::string pack_announcement(const config::settings& s, uint64_t requests,
                              const std::string& because) {
  const auto packs = s.run.mode == core::mode::batch && s.pack.entries_max > 1;
  if (!packs && (!may_pack(s, because) || s.pack.automatic != "allow"))
    return {};
  return fmt::format("packs: {} share about {}, up to {} in one prompt{}",
                     core::counted(requests, "request"),
                     core::counted(prompts(s, requests), "prompt"), s.pack.entries_max,
                     packs ? " (mode batch)" : " (pack = \"allow\")");
}

core::failure_groups failures_in(const std::string& output) {
  core::failure_groups groups;
  std::ifstream in{output, std::ios::binary};
  for (std::string line; std::getline(in, line);) {
    // A completed line is not parsed.
    if (line.find(R"("error":null)") != line.npos)
      continue;
    const auto o = core::parse_outcome_line(line);
    if (!o || o->state == core::outcome_state::completed ||
        o->state == core::outcome_state::cancelled)
      continue;
    groups.add(o->custom_id, o->failure ? to_string(o->failure->code) : "", o->status_code,
               o->failure ? o->failure->context : "");
  }
  return groups;
}

} // namespace penstock::cli
