#pragma once

#include "config/keys.hpp"

#include <string>

namespace penstock::config {

/// What to write instead of a value that people use elsewhere: "claude" for a protocol, "200k" for
/// a number. Begins with "; "; empty if nothing is known.
std::string hint(const key_row& row, std::string_view given);

} // namespace penstock::config
