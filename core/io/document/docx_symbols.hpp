#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::io {

/// The character that a symbol font shows, as UTF-8: `Symbol` (Greek letters, operators), and check
/// boxes, ticks, bullets and arrows of `Wingdings`. Check boxes are "[x]" and "[ ]".
/// @param code As in documents: 0x20 to 0xff, or that plus 0xf000.
/// @returns an empty text if the character of this font is unknown.
std::string symbol_text(std::string_view font, uint32_t code);
/// Whether a font has such characters instead of letters.
bool is_symbol_font(std::string_view font);

} // namespace penstock::io
