#pragma once

#include "core/base/error.hpp"

#include <cstdint>
#include <string>

namespace penstock::io {

/// The words of a PDF file, by poppler's `pdftotext`: a process of its own, so that a hostile file
/// can take down nothing but that, within a minute of processor time and 2 GiB of memory. Its lines
/// keep their layout; an empty line stands between pages.
/// @param path An absolute path. @param text_max Bytes of words.
/// @returns `errc::invalid_input` with what is wrong and the remedy, to stand behind the name of
/// the file; `errc::io_error` if there is no `pdftotext`.
result<std::string> pdf_text(const std::string& path, uint64_t text_max);

} // namespace penstock::io
