#include "actors/supervisor/cache_setup.hpp"

#include "core/attempt/cache_key.hpp"

namespace penstock::actors {

result<std::string> cache_file_of(const config::settings& s, const config::environment& env) {
  if (!s.cache.file.empty())
    return s.cache.file;
  const auto value_of = [&](const char* name) {
    const auto it = env.find(name);
    // The XDG specification says to ignore relative folders.
    return it != env.end() && it->second.starts_with('/') ? it->second : std::string{};
  };
  auto folder = value_of("XDG_CACHE_HOME");
  if (folder.empty() && !value_of("HOME").empty())
    folder = value_of("HOME") + "/.cache";
  if (folder.empty())
    return error{errc::invalid_config,
                 "where is the cache? Neither XDG_CACHE_HOME nor HOME is set; "
                 "name a file with --cache-file, or pass --cache off"};
  return folder + "/penstock/cache.db";
}

io::store_limits cache_limits_of(const config::settings& s) {
  return {std::chrono::duration_cast<std::chrono::seconds>(s.cache.ttl), s.cache.bytes_max};
}

response_cache_setup make_cache_setup(std::string file, io::store_limits limits) {
  response_cache_setup setup;
  setup.open = [file = std::move(file), limits] { return io::open_response_store(file, limits); };
  return setup;
}

result<response_cache_setup> find_cache(const config::settings& s, const config::environment& env) {
  auto file = cache_file_of(s, env);
  if (!file)
    return file.error();
  auto setup = make_cache_setup(std::move(*file), cache_limits_of(s));
  if (const auto opened = setup.open(); !opened)
    return opened.error();
  return setup;
}

std::string cache_family_of(const config::upstream_settings& upstream) {
  // The port of the mock changes with each start. Answers of mock and null must never be used as
  // answers of a provider.
  if (upstream.mock)
    return "mock";
  return upstream.protocol == "null" ? "null" : core::cache_family(upstream.base_url);
}

} // namespace penstock::actors
