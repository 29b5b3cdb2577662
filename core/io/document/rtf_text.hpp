#pragma once

#include "core/io/document/document_words.hpp"

#include <string_view>

namespace penstock::io {

/// The words of an RTF file: headers, paragraphs, tables with one line a row and ` | ` between
/// cells, labels of lists as the file spells them, notes at the end, footers. Hidden text,
/// pictures, equations and objects are left out and noted; comments and tracked changes follow the
/// rules.
/// @returns `errc::invalid_input` with what is wrong and the remedy, to stand behind the name of
/// the file.
result<document_words> rtf_text(std::string_view bytes, const word_options& options);

} // namespace penstock::io
