#pragma once

#include <cstdint>
#include <string>

namespace penstock::core {

/// How a document goes into a request.
enum class document_kind : uint8_t {
  text,  ///< Its words, as a text part.
  file,  ///< Its bytes, as a file part (PDF, where the provider takes it).
  image, ///< Its bytes, as an image part.
};

/// A document that was read, ready for a request.
struct document {
  std::string name; ///< Its file name without folders, as the model sees it.
  document_kind kind = document_kind::text;
  std::string media_type; ///< "text/plain", "application/pdf", "image/png", ...
  std::string data;       ///< UTF-8 words, or bytes.
};

} // namespace penstock::core
