#pragma once

#include "config/keys.hpp"

#include <string>

namespace penstock::config {

/// The value to write instead of one that other programs use: "claude" for a protocol, "200k" for a
/// number. Begins with "; "; empty if there is no hint.
std::string hint(const key_row& row, std::string_view given);

} // namespace penstock::config
