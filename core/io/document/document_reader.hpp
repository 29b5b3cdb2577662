#pragma once

#include "core/recipe/document.hpp"
#include "core/base/error.hpp"

#include <cstdint>
#include <string>

namespace penstock::io {

/// Options for reading documents.
struct document_options {
  std::string folder = ".";      ///< Names are relative to it. Files outside of it are refused.
  bool pdf_as_text = true;       ///< False: the bytes of a PDF are sent unchanged.
  uint64_t file_max = 32u << 20; ///< Largest size of a file in bytes.
  /// Largest size of its text in bytes. At most 8 times as much is unpacked.
  uint64_t text_max = 4u << 20;
  core::document_rules rules = {}; ///< Comments, tracked changes, pages without words.
};

/// Reads the document called `name`: PDF, DOCX, ODT, RTF, plain text and Markdown (any other UTF-8
/// text, too), PNG, JPEG, GIF and WebP. The first bytes decide the kind, not the name.
///
/// The text of a PDF comes from poppler, page by page. `rules.scanned` decides about pages without
/// text. See `docx_text`, `odt_text` and `rtf_text` for the other kinds. The notes of the document
/// name each part that is left out, with the name of the file.
/// @returns `errc::invalid_input` with the name of the file, the fault (missing, outside the
/// folder, empty, too large, encrypted, damaged, without text, unsupported kind) and the remedy.
result<core::document> read_document(const std::string& name, const document_options& options);

} // namespace penstock::io
