#pragma once

#include "config/environment.hpp"
#include "config/settings.hpp"

namespace penstock::config {

/// The API key of one upstream: from its key file if there is one, else from its environment
/// variable. Empty if no key is needed: for mock and null, for a loopback server, or if
/// `api_key_env` is empty. The error for a key that could break a header does not contain the key.
result<std::string> resolve_api_key(const upstream_settings& upstream, const environment& env);
/// The same for `[upstream]`.
result<std::string> resolve_api_key(const settings& values, const environment& env);

/// A description without the key itself: "set, 51 characters (environment OPENAI_API_KEY)", "not
/// set ...".
std::string describe_api_key(const upstream_settings& upstream, const environment& env);
/// The same for `[upstream]`.
std::string describe_api_key(const settings& values, const environment& env);

} // namespace penstock::config
