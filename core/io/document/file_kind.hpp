#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::io {

/// The kind of a document, by its bytes.
enum class file_kind : uint8_t {
  pdf,
  archive, ///< zip: DOCX, ODT, or another one.
  rtf,
  image,
  text,    ///< Text, or bytes that may be text.
  foreign, ///< A format that we cannot read; `refusal` names it.
};

/// Result of looking at the bytes of a file.
struct file_look {
  file_kind kind = file_kind::text;
  std::string media_type; ///< Of an image.
  std::string refusal;    ///< For `foreign`: its kind and the remedy; follows the name.
};

/// Looks at the bytes of a file. The name matters in one case: plain text or a web page with a name
/// of an office format (".doc", ".pdf") is `foreign`, because it is an error page, or an export
/// that only a word processor can read.
/// @param name The file's name.
file_look look_at(std::string_view bytes, std::string_view name);

} // namespace penstock::io
