#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::core {

/// `bytes` in base64 with padding (RFC 4648, section 4).
std::string base64_encode(std::string_view bytes);

/// Reads what `base64_encode` wrote; padding may be missing.
/// @returns nullopt for any other character or an impossible length.
std::optional<std::string> base64_decode(std::string_view text);

} // namespace penstock::core
