#pragma once

#include "core/io/document/document_words.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::io {

/// The text of a PDF file.
struct pdf_words {
  document_words words;
  std::vector<size_t> scanned; ///< Numbers (from 1) of pages that show something but have no text.
  size_t pages = 0;            ///< Pages of the whole document.
};

/// The text of a PDF file, page by page, from poppler's `pdftotext`, with an empty line between
/// pages. Text in columns is read column by column, tables row by row.
///
/// A page without text counts as scanned if it shows anything, and so does a page with very few
/// words and a picture (the stamp of a scanner). A blank page is noted.
/// @param path An absolute path.
/// @returns `errc::invalid_input` with the fault and the remedy; the text follows the name of the
/// file. `errc::io_error` if there is no `pdftotext`.
result<pdf_words> pdf_text(const std::string& path, uint64_t text_max);

/// "3", "3 and 7", "1, 3 and 7 to 12".
std::string page_list(const std::vector<size_t>& pages);

/// Whether a page, as `pdftotext -layout` writes it, is prose in columns: its lines have gaps at
/// the same places, begin at the left margin, and have long pieces. Tables have short pieces, or
/// lines that begin further right.
bool is_in_columns(std::string_view page);

} // namespace penstock::io
