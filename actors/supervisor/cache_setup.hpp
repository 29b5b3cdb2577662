#pragma once

#include "actors/cache/response_cache.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"

#include <string>

namespace penstock::actors {

/// The file of the response cache: from the settings, or in the user's cache folder.
/// @returns `invalid_config` if there is neither.
result<std::string> cache_file_of(const config::settings& s, const config::environment& env);

/// The limits of the cache in the settings.
io::store_limits cache_limits_of(const config::settings& s);

/// The response cache in `file`.
response_cache_setup make_cache_setup(std::string file, io::store_limits limits);

/// The response cache of the settings. Opens it once to check that it can be used.
/// @pre A job uses it.
result<response_cache_setup> find_cache(const config::settings& s, const config::environment& env);

/// The text that decides whether two upstreams share cached answers: they do if it is equal.
std::string cache_family_of(const config::upstream_settings& upstream);

} // namespace penstock::actors
