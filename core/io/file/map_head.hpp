#pragma once

#include "core/io/file/map_journal.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace penstock::io {

/// The head of a map's journal as the text that it stores.
std::string encode_map_head(const map_head& head);
/// Reads what `encode_map_head` wrote; nullopt if it is anything else.
std::optional<map_head> decode_map_head(std::string_view text);

} // namespace penstock::io
