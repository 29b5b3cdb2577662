#include "apps/penstock/process/start.hpp"
#include "actors/supervisor/cache_setup.hpp"
#include "apps/penstock/process/signals.hpp"
#include "apps/penstock/view/summary.hpp"

#include <algorithm>
#include <cstdio>

namespace penstock::cli {

int complain(const error& e) {
  std::fprintf(stderr, "penstock: %s\n", e.context.c_str());
  return static_cast<int>(exit_code_of(e));
}

result<void> need_files(size_t connections, std::string_view what, std::string_view option,
                        size_t others) {
  /// Files in addition to connections: input, output, journal, store.
  constexpr size_t own_files = 16;
  const auto files = raise_file_limit(connections + others);
  if (files >= connections + std::max(own_files, others / 8))
    return {};
  return error{errc::invalid_config,
               "this process may open " + std::to_string(files) + " files, too few for " +
                 std::to_string(connections) + " " + std::string{what} +
                 "; raise the limit (ulimit -n) or lower " + std::string{option}};
}

result<engine_needs> find_needs(const config::settings& s, const config::environment& env,
                                bool uses_cache) {
  engine_needs needs;
  auto keys = resolve_keys(s, env);
  if (!keys)
    return keys.error();
  needs.keys = std::move(*keys);
  if (auto enough = need_files(s.run.in_flight_max, "requests in flight", "--in-flight-max");
      !enough)
    return enough.error();
  if (uses_cache) {
    auto cache = actors::find_cache(s, env);
    if (!cache)
      return cache.error();
    needs.cache = std::move(*cache);
  }
  return needs;
}

result<void> check_output(const std::string& output, const config::loaded_settings& s,
                          const config::environment& env, std::vector<io::kept_file> read) {
  if (output.empty() || output == "-")
    return {};
  auto kept = std::move(read);
  kept.push_back({s.file, "the configuration file"});
  kept.push_back({s.values.serve.store, "the store of the head"});
  if (const auto cache = actors::cache_file_of(s.values, env); cache)
    kept.push_back({*cache, "the response cache"});
  const auto& cluster = s.values.cluster;
  for (auto& file : {cluster.tls_cert, cluster.tls_key, cluster.tls_ca})
    kept.push_back({file, "a certificate or key of the cluster"});
  auto upstreams = s.values.upstreams;
  upstreams.push_back(s.values.upstream);
  for (auto& upstream : upstreams) {
    kept.push_back({upstream.api_key_file, "a file with a key"});
    kept.push_back({upstream.ca_file, "a file with certificates"});
  }
  if (auto free = io::check_not_kept(output, kept); !free)
    return free;
  return io::check_output_path("-", output);
}

} // namespace penstock::cli
