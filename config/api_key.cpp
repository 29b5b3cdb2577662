#include "config/api_key.hpp"
#include "config/text.hpp"
#include "config/url.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <fstream>

namespace penstock::config {

namespace {

constexpr size_t key_length_max = 8192;

error refused(std::string text) { return {errc::invalid_config, std::move(text)}; }

/// The first line of the key file, without blanks at its ends.
result<std::string> read_key_file(const std::string& name, const std::string& section) {
  std::ifstream file{name, std::ios::binary};
  std::string head(key_length_max + 1, '\0');
  if (!file || !(file.read(head.data(), static_cast<std::streamsize>(head.size())) || file.eof()))
    return refused(section + ".api_key_file: cannot read " + in_quotes(name));
  head.resize(static_cast<size_t>(file.gcount()));
  return head.substr(0, head.find('\n'));
}

/// A key is sent in a header line, so it must not contain characters that could end that line.
result<std::string> usable(std::string_view raw, const std::string& where) {
  const auto key = core::trim(raw);
  if (key.empty())
    return refused(where + " holds no key");
  if (key.size() > key_length_max)
    return refused(where + " holds more than " + std::to_string(key_length_max) +
                   " bytes: not a key");
  const auto bad = std::ranges::find_if(key, [](char c) { return c <= 0x20 || c >= 0x7f; });
  if (bad != key.end())
    return refused(where + " holds a blank, control or non-ASCII character at position " +
                   std::to_string(bad - key.begin() + 1) + ": not a key");
  return std::string{key};
}

std::string place_of(const upstream_settings& upstream) {
  return upstream.api_key_file.empty() ? "the environment variable " + upstream.api_key_env
                                       : "the file " + in_quotes(upstream.api_key_file);
}

} // namespace

result<std::string> resolve_api_key(const upstream_settings& upstream, const environment& env) {
  const bool is_default = upstream.name == upstream_settings{}.name;
  const auto section = is_default ? "upstream" : "upstreams." + upstream.name;
  if (upstream.mock || upstream.protocol == "null")
    return std::string{};
  if (!upstream.api_key_file.empty()) {
    auto line = read_key_file(upstream.api_key_file, section);
    return line ? usable(*line, place_of(upstream)) : line;
  }
  if (upstream.api_key_env.empty())
    return std::string{};
  const auto found = env.find(upstream.api_key_env);
  const bool here = is_loopback(upstream.base_url);
  if (found != env.end() && !found->second.empty() && !upstream.key_withheld.empty() && !here)
    return refused(upstream.key_withheld);
  if (found != env.end() && !found->second.empty())
    return usable(found->second, place_of(upstream));
  if (here)
    return std::string{};
  if (!is_default)
    return refused("no API key for upstream " + upstream.name + ": " + place_of(upstream) +
                   " is not set. Set it (export " + upstream.api_key_env +
                   "=...), or give the upstream another "
                   "api_key_env or an api_key_file; an empty api_key_env sends no key");
  return refused("no API key: " + place_of(upstream) + " is not set. Set it (export " +
                 upstream.api_key_env +
                 "=...), name another variable with --api-key-env, or a file "
                 "with --api-key-file; --upstream mock needs none");
}

result<std::string> resolve_api_key(const settings& values, const environment& env) {
  return resolve_api_key(values.upstream, env);
}

std::string describe_api_key(const upstream_settings& upstream, const environment& env) {
  const auto key = resolve_api_key(upstream, env);
  if (!key)
    return "unusable: " + key.error().context;
  if (key->empty())
    return "not set; none is needed here";
  return "set, " + std::to_string(key->size()) + " characters, from " + place_of(upstream);
}

std::string describe_api_key(const settings& values, const environment& env) {
  return describe_api_key(values.upstream, env);
}

} // namespace penstock::config
