#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::io {

/// What a document is by its bytes.
enum class file_kind : uint8_t {
  pdf,
  archive, ///< zip: DOCX, ODT, or a foreign one.
  rtf,
  image,
  text,    ///< Or anything else that may be text.
  foreign, ///< A format that is never read; `refusal` says which.
};

/// What is known of a file from its bytes.
struct file_look {
  file_kind kind = file_kind::text;
  std::string media_type; ///< Of an image.
  std::string refusal;    ///< What it is and what to do, to stand behind its name; for `foreign`.
};

/// Looks at the bytes of a file. Names do not count, but for one thing: plain text or a web page
/// under a name of an office format (".doc", ".pdf") is foreign: it is an error page, or an export
/// that only a word processor understands.
/// @param name The file's name.
file_look look_at(std::string_view bytes, std::string_view name);

} // namespace penstock::io
