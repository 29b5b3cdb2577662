#pragma once

#include "actors/cache/response_cache.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"

#include <string>

namespace penstock::actors {

/// The file of the response cache: as configured, or in the user's cache folder.
/// @returns `invalid_config` if there is neither.
result<std::string> cache_file_of(const config::settings& s, const config::environment& env);

/// What the settings say about how long and how much is kept.
io::store_limits cache_limits_of(const config::settings& s);

/// The response cache in `file`.
response_cache_setup make_cache_setup(std::string file, io::store_limits limits);

/// The response cache of the settings, opened once to see that it can be used. @pre some job uses
/// it.
result<response_cache_setup> find_cache(const config::settings& s, const config::environment& env);

/// Upstreams with the same text give the same answers, by all that the cache knows.
std::string cache_family_of(const config::upstream_settings& upstream);

} // namespace penstock::actors
