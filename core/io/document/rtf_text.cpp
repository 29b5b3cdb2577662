#include "core/io/document/rtf_text.hpp"
#include "core/io/document/rtf_reader.hpp"

namespace penstock::io {

result<document_words> rtf_text(std::string_view bytes, const word_options& options) {
  return rtf_reader{bytes, options}.read();
}

} // namespace penstock::io
