#pragma once

#include "core/recipe/document.hpp"
#include "core/base/error.hpp"

#include <cstdint>
#include <string>

namespace penstock::io {

/// How documents are read.
struct document_options {
  std::string folder = ".";      ///< Names are relative to it, and nothing outside of it is read.
  bool pdf_as_text = true;       ///< False: the bytes of a PDF go along as they are.
  uint64_t file_max = 32u << 20; ///< Bytes of a file.
  /// Bytes of the words taken out of it. At most 8 times as much is unpacked for them.
  uint64_t text_max = 4u << 20;
  core::document_rules rules = {}; ///< Comments, tracked changes, pages without words.
};

/// Reads the document called `name`: PDF, DOCX, ODT, RTF, plain text and Markdown (any other UTF-8
/// text, too), PNG, JPEG, GIF and WebP. What it is, its first bytes say, not its name.
///
/// The words of a PDF come from poppler, page by page; if pages have none, `rules.scanned` decides.
/// See `docx_text`, `odt_text` and `rtf_text` for the others. Whatever is left out stands in the
/// notes of the document, each with the name of the file.
/// @returns `errc::invalid_input` that names the file, what is wrong (not there, outside the
/// folder, empty, too large, encrypted, damaged, without words, of a kind that is not read) and
/// what to do about it.
result<core::document> read_document(const std::string& name, const document_options& options);

} // namespace penstock::io
