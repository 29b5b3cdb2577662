#pragma once

#include "core/io/file/journal.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace penstock::io {

/// The head as the text that the journal stores.
std::string encode_head(const journal_head& head);
/// Reads what `encode_head` wrote; nullopt if it is anything else.
std::optional<journal_head> decode_head(std::string_view text);

} // namespace penstock::io
