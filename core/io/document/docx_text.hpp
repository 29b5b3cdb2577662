#pragma once

#include "core/io/document/document_words.hpp"

#include <string>

namespace penstock::io {

/// The words of a DOCX file: headers, the main part, its notes, footers.
///
/// Parts are found by their relations. Paragraphs are lines (headings with `#`, lists with their
/// numbers or `-`), tables have one line a row and ` | ` between cells. Footnotes and endnotes
/// stand at the end under the marks of their references, headers and footers once. Equations are
/// linear
/// (`x^2+(a)/(b)`), check boxes `[x]` and `[ ]`. Comments and tracked changes follow
/// `options.rules`. Hidden text, pictures, charts and embedded objects are left out and noted.
/// @param bytes The file. At most 8 times `text_max` is unpacked.
/// @returns `errc::invalid_input` with what is wrong and the remedy, to stand behind the name of
/// the file.
result<document_words> docx_text(const std::string& bytes, const word_options& options);

} // namespace penstock::io
