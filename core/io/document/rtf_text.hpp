#pragma once

#include "core/io/document/document_words.hpp"

#include <string_view>

namespace penstock::io {

/// The text of an RTF file: headers, paragraphs, tables with one line per row and ` | ` between
/// cells, labels of lists as written in the file, notes at the end, footers. Hidden text, pictures,
/// equations and objects are left out and noted. The rules decide about comments and tracked
/// changes.
/// @returns `errc::invalid_input` with the fault and the remedy; the text follows the name of the
/// file.
result<document_words> rtf_text(std::string_view bytes, const word_options& options);

} // namespace penstock::io
