#pragma once

#include "config/environment.hpp"
#include "config/settings.hpp"

namespace penstock::config {

/// The API key of one upstream: from the file if one is configured, else from the environment
/// variable. Empty if none is needed: for the mock and for null, for a loopback server, or if
/// `api_key_env` is empty. A key that could break a header is refused without being repeated.
result<std::string> resolve_api_key(const upstream_settings& upstream, const environment& env);
/// The same for `[upstream]`.
result<std::string> resolve_api_key(const settings& values, const environment& env);

/// What may be told about a key: "set, 51 characters (environment OPENAI_API_KEY)", "not set ...".
std::string describe_api_key(const upstream_settings& upstream, const environment& env);
/// The same for `[upstream]`.
std::string describe_api_key(const settings& values, const environment& env);

} // namespace penstock::config
