#pragma once

#include <string>
#include <string_view>

namespace penstock::config {

/// `text` in quotes for an error message. Control characters and bytes above ASCII are escaped, so
/// that a text from outside cannot control a terminal. Cut after 60 bytes.
std::string in_quotes(std::string_view text);

/// `text` as a TOML basic string.
/// @pre `text` has no control characters (validated settings have none).
std::string toml_string(std::string_view text);

} // namespace penstock::config
