#pragma once

#include "config/settings.hpp"

#include <string_view>
#include <vector>

namespace penstock::config {

/// Sets the usual address and key variable of the protocol, if the settings give no others.
/// @returns the changed keys: "base_url", "api_key_env".
std::vector<std::string_view> take_protocol_defaults(upstream_settings& upstream,
                                                     bool base_url_given, bool api_key_env_given);

/// Whether the settings send to the host of the provider whose protocol they speak.
bool is_own_address(const upstream_settings& upstream);

} // namespace penstock::config
