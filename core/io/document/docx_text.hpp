#pragma once

#include "core/base/error.hpp"

#include <cstdint>
#include <string>

namespace penstock::io {

/// The words of a DOCX file's main part: paragraphs (headings with `#`, entries of lists with `-`),
/// and tables with one line a row and ` | ` between cells. What was deleted under track changes is
/// left out.
/// @param bytes The file. @param text_max Bytes of words; at most 8 times as much is unpacked for
/// them.
/// @returns `errc::invalid_input` with what is wrong and the remedy, to stand behind the name of
/// the file.
result<std::string> docx_text(const std::string& bytes, uint64_t text_max);

} // namespace penstock::io
