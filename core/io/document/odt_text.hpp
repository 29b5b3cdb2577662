#pragma once

#include "core/io/document/document_words.hpp"

#include <string>

namespace penstock::io {

/// Whether a zip archive says that it is an OpenDocument file of any kind.
bool is_open_document(const std::string& bytes);

/// The words of an ODT file, as `docx_text` gives those of a DOCX. Equations come as the formula
/// language of LibreOffice. Other OpenDocument files (spreadsheets, presentations) are refused.
/// @returns `errc::invalid_input` with what is wrong and the remedy, to stand behind the name of
/// the file.
result<document_words> odt_text(const std::string& bytes, const word_options& options);

} // namespace penstock::io
