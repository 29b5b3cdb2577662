#pragma once

#include "core/io/document/document_words.hpp"

#include <string>

namespace penstock::io {

/// The text of a DOCX file: headers, the main part, its notes, footers.
///
/// Parts are found by their relations. Paragraphs are lines (headings with `#`, lists with their
/// numbers or `-`). Tables have one line per row and ` | ` between cells. Footnotes and endnotes
/// are at the end, with the marks of their references. Headers and footers are written once.
/// Equations are on one line (`x^2+(a)/(b)`), check boxes are `[x]` and `[ ]`. `options.rules`
/// decides about comments and tracked changes. Hidden text, pictures, charts and embedded objects
/// are left out and noted.
/// @param bytes The file. At most 8 times `text_max` is unpacked.
/// @returns `errc::invalid_input` with the fault and the remedy; the text follows the name of the
/// file.
result<document_words> docx_text(const std::string& bytes, const word_options& options);

} // namespace penstock::io
