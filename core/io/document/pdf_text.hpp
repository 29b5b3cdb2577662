#pragma once

#include "core/io/document/document_words.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::io {

/// The words of a PDF file.
struct pdf_words {
  document_words words;
  std::vector<size_t> scanned; ///< Pages, from 1, that show something but have no words.
  size_t pages = 0;            ///< Of the whole document.
};

/// The words of a PDF file, page by page, by poppler's `pdftotext`; an empty line stands between
/// pages. Text in columns comes column by column, tables row by row.
///
/// A page without words counts as scanned if it shows anything; a blank page is noted. So does a
/// page with hardly any words under a picture (a stamp of a scanner).
/// @param path An absolute path.
/// @returns `errc::invalid_input` with what is wrong and the remedy, to stand behind the name of
/// the file; `errc::io_error` if there is no `pdftotext`.
result<pdf_words> pdf_text(const std::string& path, uint64_t text_max);

/// "3", "3 and 7", "1, 3 and 7 to 12".
std::string page_list(const std::vector<size_t>& pages);

/// Whether a page, as `pdftotext -layout` writes it, is prose in columns: its lines are cut by gaps
/// at the same places, begin at the left margin, and have long pieces. Tables have short pieces, or
/// lines that begin further right.
bool is_in_columns(std::string_view page);

} // namespace penstock::io
