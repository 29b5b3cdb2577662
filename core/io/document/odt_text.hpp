#pragma once

#include "core/io/document/document_words.hpp"

#include <string>

namespace penstock::io {

/// Whether a zip archive declares itself an OpenDocument file of any kind.
bool is_open_document(const std::string& bytes);

/// The text of an ODT file, in the form of `docx_text`. Equations are in the formula language of
/// LibreOffice. Other OpenDocument files (spreadsheets, presentations) are refused.
/// @returns `errc::invalid_input` with the fault and the remedy; the text follows the name of the
/// file.
result<document_words> odt_text(const std::string& bytes, const word_options& options);

} // namespace penstock::io
