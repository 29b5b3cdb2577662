#pragma once

#include <string>
#include <string_view>

namespace penstock::config {

/// `text` in quotes for an error message: control characters and bytes above ASCII escaped, cut
/// after 60 bytes. What comes from outside never reaches a terminal raw.
std::string in_quotes(std::string_view text);

/// `text` as a TOML basic string.
/// @pre `text` holds no control characters (validated settings do not).
std::string toml_string(std::string_view text);

} // namespace penstock::config
