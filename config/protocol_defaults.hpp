#pragma once

#include "config/settings.hpp"

#include <string_view>
#include <vector>

namespace penstock::config {

/// What an upstream of a protocol is like unless somebody says otherwise.
struct protocol_defaults {
  std::string_view protocol;    ///< As `core::find_protocol` knows it.
  std::string_view base_url;    ///< Without a slash at its end.
  std::string_view api_key_env; ///< Empty: no key.
};

/// The row of `protocol`, or null.
const protocol_defaults* find_protocol_defaults(std::string_view protocol);

/// Gives `upstream` the address and the key variable of its protocol where nobody chose others.
/// @returns the keys that it changed: "base_url", "api_key_env".
std::vector<std::string_view> take_protocol_defaults(upstream_settings& upstream,
                                                     bool base_url_given, bool api_key_env_given);

} // namespace penstock::config
