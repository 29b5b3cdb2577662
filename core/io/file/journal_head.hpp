#pragma once

#include "core/io/file/journal.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace penstock::io {

/// The head as the text in the journal.
std::string encode_head(const journal_head& head);
/// Reads a text of `encode_head`; nullopt for any other text.
std::optional<journal_head> decode_head(std::string_view text);

} // namespace penstock::io
